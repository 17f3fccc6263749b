"""Workbooks and CSV files for Excel that contain only values: no text in them is ever a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import chain, islice, zip_longest
from typing import Any, BinaryIO, TextIO

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MOST_ROWS = 1_048_574
"""Maximum number of rows of a sheet in Excel, after the notices and the header."""

Sheet = tuple[str, Sequence[str], Iterable[Sequence[Any]]]
"""Title, header and rows of a sheet."""

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""Characters with which a formula begins, also in full width, which Excel reads alike."""

_LONGEST_TITLE = 31
"""Maximum number of characters that Excel allows in the title of a sheet."""

_MEASURED, _WIDEST = 200, 60
"""Number of rows from which the widths of the columns are taken, and the maximum width in characters."""

_WRAP = Alignment(wrap_text=True, vertical="top")


class Percent(float):
    """A share that a cell shows as a percentage."""


def write_workbook(file: BinaryIO, sheets: Iterable[Sheet], notices: Iterable[str]) -> None:
    """Write a workbook in which every sheet starts with the notices.

    Parameters
    ----------
    file : binary file
    sheets : iterable of Sheet
        Cells are text, numbers, dates, truth values or None; NaN is written as an empty cell.
    notices : iterable of str
        Texts in the first row of every sheet; empty ones are left out.

    Notes
    -----
    The notices and the header stay in view when a sheet is scrolled. The first rows set the widths of the columns.

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
    book, notice = Workbook(write_only=True), " · ".join(filter(None, notices))
    for title, header, rows in sheets:
        sheet = book.create_sheet(title[:_LONGEST_TITLE])
        rest = iter(rows)
        first = list(islice(rest, _MEASURED))
        sheet.freeze_panes = "A3"
        for i, column in enumerate(zip_longest(header, *first), 1):
            width = min(_WIDEST, max(map(_measure_width, column)) + 2)
            sheet.column_dimensions[get_column_letter(i)].width = width
        sheet.append([_make_cell(sheet, notice, bold=True)])
        sheet.append([_make_cell(sheet, text, bold=True) for text in header])
        for row in chain(first, rest):
            sheet.append([_make_cell(sheet, value) for value in row])
    book.save(file)


def _make_cell(sheet: WriteOnlyWorksheet, value: Any, *, bold: bool = False) -> Cell:
    text = isinstance(value, str)
    cell: Cell = WriteOnlyCell(sheet, escape_text(value) if text else None if value != value else value)
    if text:
        cell.data_type = "s"
        if "\n" in value:
            cell.alignment = _WRAP
        elif value.isdecimal():
            cell.number_format = "@"  # a code stays text when somebody edits its cell
    elif isinstance(value, Percent):
        cell.number_format = "0.0%"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _measure_width(value: Any) -> int:
    r"""Return the width of a cell in characters: that of its longest line, in which Chinese characters count twice.

    >>> _measure_width("东沟村\n1 号"), _measure_width(None)
    (6, 0)
    """
    if isinstance(value, float):
        return 12
    lines = "" if value is None else str(value)
    return max((sum(1 + (character > "\u2e7f") for character in line) for line in lines.split("\n")), default=0)


def write_csv(file: TextIO, rows: Iterable[Iterable[Any]]) -> None:
    r"""Write rows, with their header, as CSV.

    >>> import io
    >>> write_csv(file := io.StringIO(), [("code", "n"), ("=1+1", -1)])
    >>> file.getvalue()
    "code,n\r\n'=1+1,-1\r\n"
    """
    csv.writer(file).writerows([escape_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)


def escape_text(text: str) -> str:
    r"""Leave out control characters; put an apostrophe before text that begins like a formula.

    >>> [escape_text(text) for text in ("=1+1", " @SUM(1)", "-3 户", "东沟村", "a\x00b")]
    ["'=1+1", "' @SUM(1)", "'-3 户", '东沟村', 'ab']
    """
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{text}" if text.lstrip()[:1] in FORMULA or text[:1] in ("\t", "\r", "\n") else text
