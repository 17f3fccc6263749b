"""Appends received rows to the tables of records; every row that is not imported in bulk is written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml.records.panel.clashes import find_repeated_rows
from riskml_serving.base.clock import now
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.repository import add_rows, read_same_days, supersede
from riskml_serving.store.records.tables import write_attributes


def append_rows(connection: Connection, tables: Mapping[str, Rows], request_id: str) -> None:
    """Append rows; a row replaces the stored one for the same record, version or line that became known on its day.

    The caller must have checked the rows, and must hold the locks of their households.
    """
    own = {"received_at": now(), "request_id": request_id, "superseded": False}
    for name, rows in tables.items():
        ready = [{**_complete(name, row), **own} for row in rows]
        supersede(connection, name, _find_replaced(connection, name, ready))
        add_rows(connection, name, ready)


def _find_replaced(connection: Connection, name: str, rows: Rows) -> Rows:
    """Find the stored rows for the same record, version or line as new rows that became known on the same day."""
    table = TABLES[name]

    def is_keyed(row: Mapping[str, Any]) -> bool:
        return row[table.identity[-1]] is not None

    keyed = list(filter(is_keyed, rows))
    stored = list(filter(is_keyed, to_rows(read_same_days(connection, name, keyed)))) if keyed else []
    if not stored:
        return []
    columns = {column: [row[column] for row in (*keyed, *stored)] for column in table.names}
    if not table.key and name != "lines":  # here, households may use the same record number
        columns["record_id"] = list(map(repr, zip(*(columns[key] for key in table.full_identity), strict=True)))
    return [stored[i - len(keyed)] for i in find_repeated_rows(name, columns) if i >= len(keyed)]


def _complete(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with every column of the contract, and its attributes as JSON."""
    declared = TABLES[name]
    out: dict[str, Any] = {column: row.get(column) for column in declared.names}
    if declared.attributes:
        out["attributes"] = write_attributes({name: value for name, value in row.items() if name not in out})
    return out
