"""Joins the columns below one header: ticks below A to D, and year, month and day of a date."""

from __future__ import annotations

from itertools import groupby

from riskml.lists.reading.cells import normalise
from riskml.lists.reading.layout import Table

__all__ = ["join_columns"]

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
