"""Writes copies of lists for the departments that sent them, with the outcome of every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook.workbook import Workbook as Book
from openpyxl.worksheet.worksheet import Worksheet

from riskml.keys import write_private
from riskml.lists.outcomes import RowOutcome
from riskml.lists.reading.sheets import Sheet
from riskml.lists.wording import explain_reason, name_outcome
from riskml.text import Joined, Text
from riskml.workbook import escape_text

_RED, _YELLOW = (PatternFill("solid", start_color=colour) for colour in ("F8CBAD", "FFE699"))
_FILLS = {"refused": _RED, "ask": _YELLOW, "stranger": _YELLOW}
_WIDTH = 45


def name_copy(path: Path, paths: Iterable[Path]) -> str:
    """Return the file name for the copy of a list; it includes the list's own suffix if another list has the same stem.

    >>> [name_copy(Path(name), [Path("a.csv"), Path("a.xlsx"), Path("b.csv")]) for name in ("a.csv", "a.xlsx", "b.csv")]
    ['a.csv.xlsx', 'a.xlsx', 'b.xlsx']
    """
    shared = sum(other.stem.casefold() == path.stem.casefold() for other in paths) > 1
    return f"{path.name}.xlsx" if shared and path.suffix.lower() != ".xlsx" else f"{path.stem}.xlsx"


def return_list(path: Path, sheets: Sequence[Sheet], rows: Iterable[RowOutcome], copy: Path, lang: str) -> Path:
    """Write a copy of a list with one more column, which only its owner can read; return its path.

    Rows that were refused are red, and so is the cell that cannot be read; rows that need an answer are yellow. An
    ``.xlsx`` workbook keeps its layout; other lists become such a workbook.

    Parameters
    ----------
    path : Path
        The list as received; it is never changed.
    sheets : sequence of Sheet
        Its sheets, as they were read.
    rows : iterable of RowOutcome
        What became of its rows.
    copy : Path
        The copy, which contains names and ID numbers, like the list itself.
    lang : {"zh", "en"}
    """
    by_row: dict[tuple[str, int], list[RowOutcome]] = {}
    for row in rows:
        by_row.setdefault((row.sheet, row.row), []).append(row)
    book = load_workbook(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _copy(sheets)
    for sheet in sheets:
        if not sheet.hidden:
            _add_column(book[sheet.name or "CSV"], sheet, by_row, lang)
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = BytesIO()
    book.save(content)
    write_private(copy, content.getvalue())
    return copy


def _copy(sheets: Sequence[Sheet]) -> Book:
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        name = sheet.name or "CSV"
        copy = book[name] if name in book.sheetnames else book.create_sheet(name)
        copy.sheet_state = "hidden" if sheet.hidden else "visible"
        for row in sheet.rows:
            for i, cell in enumerate(row.cells, 1):
                if cell is not None and i not in row.filled:
                    copy.cell(row.number, i, escape_text(cell) if isinstance(cell, str) else cell)
    return book


def _add_column(sheet: Worksheet, read: Sheet, by_row: Mapping[tuple[str, int], list[RowOutcome]], lang: str) -> None:
    """Add a column with the outcomes of a table; those of a table beside another one go into the next column."""
    last = max((column.index for column in read.columns), default=0) + 1
    sheet.column_dimensions[get_column_letter(last)].width = _WIDTH
    for row in read.rows:
        outcomes = by_row[read.name, row.number]
        if row.kind in ("header", "header_again"):
            sheet.cell(row.number, last, Text("Result").read(lang)).font = Font(bold=True)
        elif row.kind == "data":
            free = last if sheet.cell(row.number, last).value is None else last + 1
            outcome = outcomes.pop(0)
            fill, cell = _FILLS.get(outcome.outcome), sheet.cell(row.number, free, _word(outcome).read(lang))
            if fill:
                cell.fill = fill
            if outcome.outcome == "refused" and outcome.column:
                sheet.cell(row.number, outcome.column).fill = _RED


def _word(row: RowOutcome) -> Text:
    parts: list[Text] = [name_outcome(row.outcome)]
    if row.reason:
        parts.append(explain_reason(row.reason))
    if row.candidates:
        parts.append(Text("possible codes: {codes}", codes=Joined(row.candidates)))
    for column, stated, computed in row.disagreements:
        values = {"column": get_column_letter(column), "stated": stated, "computed": computed}
        parts.append(Text("{column} is {stated:,.2f}, but its parts give {computed:,.2f}", **values))
    return Joined(parts, "; ", "；")
