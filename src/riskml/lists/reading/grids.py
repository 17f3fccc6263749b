"""Reads the cells of workbooks and CSV files, without interpreting them."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from riskml.errors import UsageError, explain_os_error
from riskml.lists.reading.sheets import Cell
from riskml.records.reading.small_csv import decode

TEXT_FILES = {".csv", ".txt", ".tsv"}
"""Suffixes of files that are read as CSV; every other file is read as a workbook."""

Merge = tuple[int, int, int, int]
"""A merged cell: first row, first column, last row, last column, counted from 0."""

_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DELIMITERS = ",\t;|"
_MEASURED = 20


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a sheet, from its first row and column on.

    All ``rows`` have the same length; the last one is the last row with a value. ``hidden_rows`` are counted from 0 and
    known only for ``.xlsx`` files. Hidden columns are read like the others.
    """

    name: str
    rows: list[list[Cell]]
    hidden: bool = False
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: frozenset[int] = frozenset()


def read_grids(path: Path) -> list[Grid]:
    """Read every sheet of a workbook, or the only sheet of a CSV file, whose name is empty.

    Raises
    ------
    UsageError
        If the file does not exist, is not a workbook, is protected by a password, or has an unknown encoding. It is
        named without its folder, which is temporary if a service received it.
    """
    try:
        return [_read_csv(path)] if path.suffix.lower() in TEXT_FILES else _read_workbook(path)
    except PasswordError as error:
        raise UsageError(
            "{path} is protected by a password.", "Save it again without a password.", path=path.name
        ) from error
    except OSError as error:
        raise UsageError("{path} cannot be read: {reason}.", path=path, reason=explain_os_error(error)) from error
    except (CalamineError, BadZipFile, KeyError) as error:
        raise UsageError(
            "{path} is not a workbook that can be read.",
            "Open it in Excel and save it as an Excel workbook (.xlsx).",
            path=path.name,
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            "{path} is not a CSV file in UTF-8 or GB18030.",
            "Open it in Excel and save it as an Excel workbook (.xlsx) or as CSV UTF-8.",
            path=path.name,
        ) from error


def _read_workbook(path: Path) -> list[Grid]:
    hidden = _read_hidden(path) if path.suffix.lower() in (".xlsx", ".xlsm") else {}
    grids = []
    with CalamineWorkbook.from_path(path) as book:
        for sheet in book.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet:
                continue
            cells = book.get_sheet_by_name(sheet.name)
            rows = [[_convert(value) for value in row] for row in cells.to_python(skip_empty_area=False)]
            merges = [(*first, *last) for first, last in cells.merged_cell_ranges or ()]
            unseen = sheet.visible != SheetVisibleEnum.Visible
            grids.append(Grid(sheet.name, _trim(rows), unseen, merges, hidden.get(sheet.name, frozenset())))
    return grids


def _convert(value: object) -> Cell:
    """Return a cell: a whole number as int if a spreadsheet keeps all its digits, a time of day as text."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value if isinstance(value, bool | int | date) else str(value)


def _trim(rows: Iterable[list[Cell]]) -> list[list[Cell]]:
    """Remove empty rows at the end and empty columns on the right; make all rows equally long."""
    own = list(rows)
    widths = [next((i for i in range(len(row), 0, -1) if row[i - 1] is not None), 0) for row in own]
    height = next((i for i in range(len(own), 0, -1) if widths[i - 1]), 0)
    width = max(widths, default=0)
    return [row[:width] + [None] * (width - len(row)) for row in own[:height]]


def _read_hidden(path: Path) -> dict[str, frozenset[int]]:
    """Read which rows of each sheet are hidden, which python-calamine does not report."""
    hidden = {}
    with ZipFile(path) as archive:
        links = {tag["Id"]: tag["Target"] for tag in _find_tags(archive, "xl/_rels/workbook.xml.rels", "Relationship")}
        for sheet in _find_tags(archive, "xl/workbook.xml", "sheet"):
            target = links.get(next((value for name, value in sheet.items() if name.endswith(":id")), ""), "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if part not in archive.namelist():
                continue
            rows = _find_tags(archive, part, "row", " hidden=")
            hidden[sheet["name"]] = frozenset(int(row["r"]) - 1 for row in rows if row["hidden"] in ("1", "true"))
    return hidden


def _find_tags(archive: ZipFile, part: str, names: str, within: str = "") -> Iterable[dict[str, str]]:
    text = archive.read(part).decode("utf-8")
    for tag in re.finditer(rf"<(?:\w+:)?(?:{names})(\s[^>]*)>", text):
        if within in tag[1]:
            yield {name: html.unescape(one or two) for name, one, two in _ATTRIBUTE.findall(tag[1])}


def _read_csv(path: Path) -> Grid:
    content = path.read_bytes()
    spreadsheet = content[:2] in (b"\xff\xfe", b"\xfe\xff")  # saved as "Unicode text"
    text = content.decode("utf-16") if spreadsheet else decode(content)
    head = "".join(text.splitlines(keepends=True)[:_MEASURED])
    counts = Counter(character for character in head if character in _DELIMITERS)
    delimiter = counts.most_common(1)[0][0] if counts else ","
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return Grid("", _trim([[_convert(cell) for cell in record] for record in records]))
