"""Tables as columns, the form in which riskml accepts a small number of households."""

from __future__ import annotations

from contextlib import suppress
from operator import itemgetter
from typing import Any

from riskml.records.contract.schema import TABLES

Columns = dict[str, list[Any]]
Rows = list[dict[str, Any]]

EMPTY: dict[str, Columns] = {name: {column: [] for column in table.names} for name, table in TABLES.items()}
"""Tables that are present but have no rows: they are known to be empty."""


def to_columns(rows: Rows) -> Columns:
    """Turn rows into columns, one for every name that occurs in any row.

    >>> to_columns([{"a": 1}, {"a": 2, "b": 3}])
    {'a': [1, 2], 'b': [None, 3]}
    """
    names = tuple(rows[0]) if rows else ()
    if len(names) > 1 and set(map(len, rows)) == {len(names)}:  # usually, all rows have the same names
        with suppress(KeyError):
            return dict(zip(names, map(list, zip(*map(itemgetter(*names), rows), strict=True)), strict=True))
    every: dict[str, None] = {}
    for row in rows:
        every.update(dict.fromkeys(row))
    return {name: [row.get(name) for row in rows] for name in every}


def to_rows(columns: Columns) -> Rows:
    """Turn columns of the same length into rows.

    >>> to_rows({"a": [1, 2], "b": [None, 3]})
    [{'a': 1, 'b': None}, {'a': 2, 'b': 3}]
    """
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
