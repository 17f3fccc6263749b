"""Completes cells: joins columns below one header, and fills in what a list states only once for several rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from riskml.lists.reading.cells import normalise
from riskml.lists.reading.headers import clean_text
from riskml.lists.reading.layout import Table
from riskml.lists.reading.sheets import Cell, Column

HOUSEHOLD = {"household_no", "head_name", "head_id", "county", "town", "village", "group"}
HEADS = ("户主", "本人")

_SPARSE, _REPEATED = 0.3, 0.1
_DITTO = re.compile(r"\s*(?:[〃″]|同上|''|\")\s*")


_TICKS = frozenset("√✓✔☑Vv●")


def join_columns(table: Table) -> None:
    """Replace ticks by the headers of their columns, and parts of dates by dates, in the first column under one header.

    The other columns of the group become empty. Several ticks in one row are joined, so that no word fits them.
    """
    rows = table.list_rows("data")
    for shared, group in groupby(range(len(table.parts)), key=lambda j: table.parts[j][:-1]):
        columns = list(group)
        if not shared or len(columns) < 2:
            continue
        if [table.parts[j][-1] for j in columns] == ["年", "月", "日"]:
            for row in rows:
                texts = [normalise(str(row[j] or "")).rstrip("年月日").removesuffix(".0") for j in columns]
                row[columns[0]] = "-".join(texts).strip("-") or None
            for j in columns[1:]:
                table.parts[j] = []
            table.parts[columns[0]] = shared
            continue
        cells = {cell for row in rows for cell in (row[j] for j in columns) if cell is not None}
        if not cells or any(normalise(str(cell)) not in _TICKS for cell in cells):
            continue
        for row in rows:
            ticked = [table.parts[j][-1] for j in columns if row[j] is not None]
            for j in columns:
                row[j] = None
            row[columns[0]] = "、".join(ticked) or None
        table.parts[columns[0]] = shared


def fill_household_cells(table: Table, columns: Sequence[Column]) -> None:
    """Fill empty cells with the value from a row above, and note their columns in ``filled``.

    These are the household's cells in the rows of its other members, and towns and villages that a list states only
    where they change. Ditto marks become the value above them.
    """
    at = {column.field: column.index - 1 for column in reversed(columns)}
    keys = [at[name] for name in ("head_name", "household_no") if name in at]
    regions = [at[name] for name in ("town", "village") if name in at]
    household = {j for name, j in at.items() if name in HOUSEHOLD or name.startswith("help.")}
    household |= set(range(at.get("name", 0)))
    serial = next((column.index - 1 for column in columns if clean_text(column.header) in ("序号", "编号", "序")), None)
    rows = table.list_rows("data")
    sparse = [j for j in regions if _changes_only(rows, j)]
    for i, above, row in _list_pairs(table):
        for j in (*regions, *keys):
            if isinstance(text := row[j], str) and _DITTO.fullmatch(text):
                row[j] = above[j]
        if _continues(row, at, keys, regions, serial):
            blank = {j for j in household if row[j] is None and above[j] is not None}
        elif all(row[j] is None for j in sparse):
            blank = {j for j in sparse if above[j] is not None}
        else:
            continue
        for j in blank:
            row[j] = above[j]
        table.filled.setdefault(i, set()).update(blank)


def _changes_only(rows: Sequence[Sequence[Cell]], j: int) -> bool:
    """Return whether a column has a value only where it changes: many cells are empty, and values hardly repeat."""
    empty = sum(row[j] is None for row in rows)
    repeated = sum(row[j] is not None and row[j] == above[j] for above, row in pairwise(rows))
    return empty > _SPARSE * len(rows) and repeated <= _REPEATED * len(rows)


def _list_pairs(table: Table) -> Iterator[tuple[int, list[Cell], list[Cell]]]:
    """List each row of data with the row of data before it; a repeated header between them does not matter."""
    above: list[Cell] | None = None
    for i, (kind, row) in enumerate(zip(table.kinds, table.cells, strict=True)):
        if kind == "data":
            if above:
                yield i, above, row
            above = row
        elif kind not in ("header_again", "hidden"):
            above = None


def _continues(
    row: Sequence[Cell], at: dict[str, int], keys: Sequence[int], regions: Sequence[int], serial: int | None
) -> bool:
    """Return whether a row is about another member of the household in the row above."""
    relation = row[at["relation"]] if "relation" in at else None
    if "name" not in at or row[at["name"]] is None or any(row[j] is not None for j in (*keys, *regions)):
        return False
    if relation is not None and str(relation).strip() in HEADS:
        return False
    if serial is not None and row[serial] is not None:
        return bool(keys) and relation is not None
    return bool(keys or relation) and bool(serial is not None or relation or regions)
