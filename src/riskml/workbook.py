"""Workbooks for Excel that contain only values: no text in them is ever a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from riskml.errors import UsageError

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

__all__ = ["Sheet", "write_workbook"]

Sheet = tuple[str, Sequence[str], Iterable[Sequence[Any]]]
"""Title, header and rows of a sheet."""

FORMULA = tuple("=+-@")
"""Characters with which a formula begins."""

_LONGEST_TITLE = 31
"""Maximum number of characters that Excel allows in the title of a sheet."""


def write_workbook(file: BinaryIO, sheets: Iterable[Sheet], notices: Iterable[str]) -> None:
    """Write a workbook in which every sheet starts with the notices.

    Parameters
    ----------
    file : binary file
    sheets : iterable of Sheet
        Cells are text, numbers, dates, truth values or None; NaN is written as an empty cell.
    notices : iterable of str
        Texts in the first row of every sheet; empty ones are left out.

    Raises
    ------
    UsageError
        If the package that writes workbooks is missing.

    Notes
    -----
    Text is never a formula: its cells are typed as text, and text that begins like a formula gets an apostrophe before
    it, because the type of a cell is lost when somebody saves the workbook as CSV and opens the CSV file. Control
    characters, which a workbook cannot hold, are left out.

    Examples
    --------
    >>> import io
    >>> from openpyxl import load_workbook
    >>> file = io.BytesIO()
    >>> write_workbook(file, [("scores", ["code", "n"], [("=1+1", float("nan"))])], ["for guidance only", ""])
    >>> [[cell.value for cell in row] for row in load_workbook(file).active]
    [['for guidance only', None], ['code', 'n'], ["'=1+1", None]]
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise UsageError("openpyxl, which writes workbooks, is missing.", "Install riskml[serve].") from None
    book, notice = Workbook(write_only=True), " · ".join(filter(None, notices))
    for title, header, rows in sheets:
        sheet = book.create_sheet(title[:_LONGEST_TITLE])
        sheet.append([_make_cell(sheet, notice, bold=True)])
        sheet.append([_make_cell(sheet, text, bold=True) for text in header])
        for row in rows:
            sheet.append([_make_cell(sheet, value) for value in row])
    book.save(file)


def _make_cell(sheet: WriteOnlyWorksheet, value: Any, *, bold: bool = False) -> Cell:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    text = isinstance(value, str)
    cell: Cell = WriteOnlyCell(sheet, _escape(value) if text else None if value != value else value)
    if text:
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _escape(text: str) -> str:
    r"""Leave out control characters; put an apostrophe before text that begins like a formula.

    >>> [_escape(text) for text in ("=1+1", " @SUM(1)", "-3 户", "东沟村", "a\x00b")]
    ["'=1+1", "' @SUM(1)", "'-3 户", '东沟村', 'ab']
    """
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{text}" if text.lstrip()[:1] in FORMULA or text[:1] in ("\t", "\r", "\n") else text
