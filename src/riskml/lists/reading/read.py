"""Reads a list as received: its sheets, rows and columns, and whom each row is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from riskml.lists.data_files import Patterns
from riskml.lists.persons.identity import Identity
from riskml.lists.persons.villages import Villages
from riskml.lists.reading.amounts import find_missing_amount
from riskml.lists.reading.cells import Body, list_texts
from riskml.lists.reading.columns import choose_topic, map_columns
from riskml.lists.reading.contents import shows_bills
from riskml.lists.reading.contexts import build_context, build_rows, find_unit
from riskml.lists.reading.days import find_missing_day, read_birth
from riskml.lists.reading.filling import fill_household_cells, join_columns
from riskml.lists.reading.grids import Grid, read_grids
from riskml.lists.reading.headers import BEST, Headers
from riskml.lists.reading.layout import Table, find_tables
from riskml.lists.reading.sheets import PERSON, Cell, Column, Row, Sheet
from riskml.lists.words import find_words

REGIONS = {"county", "town", "village", "group"}

_WRITTEN = (*PERSON, "relation", "group", "phone")
"""Fields of a person that are used as they are written."""

_SHEET = Patterns("sheets")
_OLDEST = 120


def read_list(
    path: Path,
    headers: Headers,
    villages: Villages | None = None,
    received: date | None = None,
    topics: Mapping[str, str] = MappingProxyType({}),
) -> list[Sheet]:
    """Read a workbook or CSV file from a department.

    Parameters
    ----------
    path : Path
        ``.xlsx``, ``.xls`` or ``.csv`` (UTF-8 or GB18030).
    headers : Headers
        The headers of columns; see `riskml.lists.reading.headers.read_headers`.
    villages : Villages, optional
        The villages in the register, so that they are recognised in titles.
    received : date, optional
        Day of receipt, for months in titles and names for which no text gives the year.
    topics : mapping, optional
        Topics that a person has stated, by sheet.

    Returns
    -------
    list of Sheet
        Every sheet, including hidden ones, with every row from the first to the last that is not empty. A sheet with
        two different tables counts as two sheets.

    Raises
    ------
    UsageError
        If the file cannot be read.
    """
    reader = _Reader(path, headers, villages if villages and villages.by_code else None, received)
    tables = [(grid, table) for grid in read_grids(path) for table in find_tables(grid, headers)]
    chosen = [topics.get(grid.name) or reader.choose_topic(grid, table) for grid, table in tables]
    by_header = {str(table.parts): topic for (_, table), topic in zip(tables, chosen, strict=True) if topic}
    return [
        reader.build_sheet(grid, table, topic or by_header.get(str(table.parts), ""))
        for (grid, table), topic in zip(tables, chosen, strict=True)
    ]


def _name(grid: Grid) -> str:
    """Return the name of a sheet if it says something."""
    return "" if _SHEET.unnamed.fullmatch(grid.name) else grid.name


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the tables of one file."""

    path: Path
    headers: Headers
    villages: Villages | None
    received: date | None

    def choose_topic(self, grid: Grid, table: Table) -> str:
        texts = [(text, 1.5) for text in (_name(grid), *table.titles)]
        body = Body(table.parts, table.list_rows("data"))
        unknown = [j for j, part in enumerate(table.parts) if part and not self.headers.is_known(part[-1])]
        bills = any(shows_bills(body.list_cells(j)) for j in unknown)
        return choose_topic(self.headers, table.parts, [*texts, (self.path.stem, 0.75)], ["illness"] if bills else [])

    def build_sheet(self, grid: Grid, table: Table, topic: str) -> Sheet:
        headers, villages, received = self.headers, self.villages, self.received
        join_columns(table)
        body = Body(table.parts, table.list_rows("data"))
        if topic == "job_loss" and _lists_workers(headers, body):
            topic = "wages"
        columns = map_columns(headers, topic, body, villages=villages)
        if _is_summary(columns):
            table.kinds = ["total" if kind == "data" else kind for kind in table.kinds]
        if grid.hidden:
            table.kinds = [kind if kind in ("title", "header", "blank") else "hidden" for kind in table.kinds]
        fill_household_cells(table, columns)
        titles = dict.fromkeys([*table.titles[::-1], *table.heading[::-1], self.path.stem])
        context = build_context(_name(grid), list(titles), villages, received)
        if context.unit is None:
            notes = [text for cells in table.list_rows("note") for text in list_texts(cells)]
            context = replace(context, unit=find_unit(notes))
        rows = list(build_rows(table, context, villages, received))
        own = headers.get_topic(topic)
        unknown = [
            j for j, part in enumerate(body.parts) if part and not columns[j].how and not headers.find(topic, part)
        ]
        unclear = find_missing_amount(own, columns, unknown, body) or find_missing_day(own, columns, unknown, body)
        unclear = unclear or _find_missing_state(topic, columns, context.texts, unknown, body)
        return Sheet(self.path.name, grid.name, grid.hidden, own.department, topic, unclear, context, columns, rows)


def _lists_workers(headers: Headers, body: Body) -> bool:
    """Return whether a list of people who came home has others too: most of those with a wage have no day of return."""

    def find(topic: str, name: str) -> int | None:
        meanings = [headers.find(topic, part) if part else None for part in body.parts]
        return next((j for j, own in enumerate(meanings) if own and own.field == name and own.rank[0] == BEST), None)

    wage, day = find("wages", "income.wage"), find("job_loss", "events.occurred_on")
    paid = [row for row in body.rows if wage is not None and row[wage] is not None]
    return day is not None and 2 * sum(row[day] is None for row in paid) > len(paid)


def _find_missing_state(
    topic: str, columns: Sequence[Column], texts: Sequence[str], unknown: Sequence[int], body: Body
) -> str:
    """Return the field that says which houses or water supplies are unsafe, if neither a column nor a title does.

    A title does not if the cells of an unknown column say that some are safe and others are not.
    """
    if topic not in ("housing", "water") or any(column.field == "events.kind" for column in columns):
        return ""
    states = [{code for cell in body.list_cells(j) for code in find_words(topic, str(cell))} for j in unknown]
    known = any(map(_SHEET.names_fault.search, texts)) and not any({"safe", "unsafe"} <= codes for codes in states)
    return "" if known else "events.kind"


def _is_summary(columns: Sequence[Column]) -> bool:
    """Return whether the rows of a sheet count persons by region and do not name them."""
    fields = {column.field for column in columns}
    hit = fields & {"disaster.kind", "disaster.occurred_on"}  # a whole village
    counted = any(_SHEET.counts.match(column.header) for column in columns)
    return counted and bool(fields & REGIONS) and not (fields & PERSON or hit)


def identify(sheet: Sheet, row: Row) -> Identity:
    """Return what a row's cells say about the person; a missing town or village is taken from the row's context."""
    cells: dict[str, Cell] = {column.field: row.cells[column.index - 1] for column in reversed(sheet.columns)}
    texts = {name: _write(cell) for name, cell in cells.items()}
    for column in sheet.columns:
        if column.field in ("id_number", "head_id") and (last := _SHEET.last.search(column.header)):
            texts[column.field] = _mark_ending(texts[column.field], 6 if last[1] in "六6" else 4)
    named = texts.get("name") or texts.get("head_name")
    if not named and (both := _SHEET.name_and_id.match(texts.get("id_number") or "")):
        texts["name"] = both[1]
    number = cells.get("id_number", cells.get("head_id"))
    born = read_birth(cells.get("birth_date"))
    months = any(_SHEET.month.search(column.header) for column in sheet.find_columns("birth_date"))
    only_month = born is not None and (born.precision == "month" or (months and born.day.day == 1))
    written: dict[str, Any] = {name: texts.get(name) for name in _WRITTEN}
    return Identity(
        **written,
        id_is_number=isinstance(number, int | float),
        town=texts.get("town") or row.context.town,
        village=texts.get("village") or row.context.village,
        sex=texts.get("sex") or texts.get("members.sex"),
        birth=born.day if born and born.precision == "day" and not only_month else None,
        birth_month=born.day if born and only_month else None,
        age=_read_age(sheet, row),
    )


def _mark_ending(text: str | None, length: int) -> str | None:
    """Mark a cell as the last characters of a number; a spreadsheet drops zeros at their start."""
    return f"后{text.strip().zfill(length)}" if text and len(text.strip()) <= length else text


def _write(cell: Cell) -> str | None:
    """Return a cell as text; a number keeps all its digits and has no exponent."""
    if cell is None or isinstance(cell, str):
        return cell
    return format(Decimal(repr(cell)), "f") if isinstance(cell, float) else str(cell)


def _read_age(sheet: Sheet, row: Row) -> int | None:
    """Return an age in years from a column with that header."""
    texts = [_write(row.cells[column.index - 1]) or "" for column in sheet.columns if _SHEET.age.search(column.header)]
    ages = [int(match[1]) for text in texts if (match := re.match(r"\s*(\d{1,3})(?:\.0*)?\s*(?:周?岁)?\s*$", text))]
    return ages[0] if ages and ages[0] <= _OLDEST else None
