"""SQL that reads everything stored about households, as an operator's command needs it, for all regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, text

from riskml_serving.casework.verifications.repository import is_entry
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.repository import is_not_superseded
from riskml_serving.store.records.tables import RECORDS, list_columns

BATCH = 50_000
"""Number of rows that are in memory at a time."""


def hold_snapshot(connection: Connection) -> None:
    """Let all queries of a transaction see the same state; for SQLite, this is always so."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def read_records(connection: Connection, name: str) -> Iterator[dict[str, list[Any]]]:
    """Read the rows of a table in force, in batches of columns, each row with its number ``row_id``."""
    table = RECORDS[name]
    query = select(*list_columns(name), table.c.row_id).where(is_not_superseded(table))
    yield from _read(connection, query)


def read_entries(connection: Connection) -> Iterator[dict[str, list[Any]]]:
    """Read the findings that take households into monitoring, in batches of columns.

    The visits themselves are events among the records.
    """
    names = ("household_id", "category", "causes", "verified_on", "recorded_on")
    yield from _read(connection, select(*(VERIFICATIONS.c[name] for name in names)).where(is_entry()))


def _read(connection: Connection, query: Select[Any]) -> Iterator[dict[str, list[Any]]]:
    names = [column.name for column in query.selected_columns]
    for rows in connection.execute(query.execution_options(yield_per=BATCH)).partitions():
        yield dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def list_known_tables(connection: Connection) -> set[str]:
    """List the tables that are stored in full for at least one household."""
    texts: Sequence[str] = connection.execute(select(HOUSEHOLDS.c.known_tables).distinct()).scalars().all()
    return {name for joined in texts for name in joined.split(";") if name}
