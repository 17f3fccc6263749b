"""Tables for Excel that contain only values, and no text that a spreadsheet would treat as a formula."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from starlette.responses import Response

__all__ = ["Sheet", "escape_formula", "write_workbook"]

Sheet = tuple[str, Sequence[str], Iterable[Sequence[Any]]]
"""Title, header and rows of a sheet."""

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST = 32_000


def escape_formula(value: Any) -> Any:
    """Return a value for a cell; put an apostrophe before text that begins like a formula.

    >>> escape_formula("=1+1"), escape_formula("-3 户"), escape_formula(-3), escape_formula("东沟村")
    ("'=1+1", "'-3 户", -3, '东沟村')
    """
    if value is None or isinstance(value, bool | int | float | dt.date):
        return value
    text = _ILLEGAL.sub("", str(value))[:_LONGEST]
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n") else text


def write_workbook(sheets: Iterable[Sheet], notices: Iterable[str], name: str) -> Response:
    """Write a workbook in which every sheet starts with the notices.

    Parameters
    ----------
    sheets : iterable of Sheet
    notices : iterable of str
        Texts in the first row of every sheet; empty ones are left out.
    name : str
        Name of the file, in ASCII.
    """
    book, notice = Workbook(write_only=True), " · ".join(filter(None, notices))
    for title, header, rows in sheets:
        sheet = book.create_sheet(title[:31])
        sheet.append([_make_cell(sheet, notice, bold=True)])
        sheet.append([_make_cell(sheet, text, bold=True) for text in header])
        for row in rows:
            sheet.append([_make_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(out.getvalue(), media_type=TYPE, headers=headers)


def _make_cell(sheet: WriteOnlyWorksheet, value: Any, *, bold: bool = False) -> Cell:
    cell: Cell = WriteOnlyCell(sheet, escape_formula(value))
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula, even if it looks like one
    if bold:
        cell.font = Font(bold=True)
    return cell
