"""SQL about stored records: reading some households, and the lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from riskml.records.schema import TABLES
from riskml_serving.records.tables import RECORDS

__all__ = ["CHUNK", "chunks", "read_lines"]

CHUNK = 500
"""Codes in one query: below what any database takes as parameters."""

LINES = tuple(column.name for column in TABLES["lines"].columns)


def chunks(codes: Sequence[str], size: int = CHUNK) -> Iterable[Sequence[str]]:
    """Cut a list of codes into parts.

    >>> list(chunks(["a", "b", "c"], 2))
    [['a', 'b'], ['c']]
    """
    return (codes[start : start + size] for start in range(0, len(codes), size))


def read_lines(connection: Connection) -> dict[str, list[Any]]:
    """Read all monitoring lines, as columns."""
    table = RECORDS["lines"]
    rows = connection.execute(
        select(*(table.c[name] for name in LINES)).where(~table.c.superseded).order_by(table.c.row_id)
    ).all()
    return {name: [row[i] for row in rows] for i, name in enumerate(LINES)}
