"""Insert or update many rows, as both databases write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_missing", "insert_returning", "upsert"]


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; where the primary key is there already, replace the other columns."""
    if not rows:
        return
    statement, values = _insert(connection, table, rows)
    keys = [column.name for column in table.primary_key]
    replaced = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=replaced), values)


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows whose primary key is not there yet."""
    if rows:
        statement, values = _insert(connection, table, rows)
        keys = [column.name for column in table.primary_key]
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys), values)


def insert_returning(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *columns: Column[Any]
) -> Sequence[Row[Any]]:
    """Insert rows, at least one, and return some of their columns, in any order."""
    statement, values = _insert(connection, table, rows)
    found: Sequence[Row[Any]] = connection.execute(statement.returning(*columns), values).all()
    return found


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> tuple[Any, Any]:
    """Statement that inserts rows, which all have the same columns, and its values.

    PostgreSQL takes one list a column: a parameter for every value of thousands of rows takes the driver longer to
    count than the database to store (measured: a third of a county's job).
    """
    if connection.dialect.name != "postgresql":
        return sqlite.insert(table), rows
    lists = [func.unnest(bindparam(f"all_{name}", type_=postgresql.ARRAY(table.c[name].type))) for name in rows[0]]
    values = {f"all_{name}": [row[name] for row in rows] for name in rows[0]}
    return postgresql.insert(table).from_select(list(rows[0]), select(*lists)), values
