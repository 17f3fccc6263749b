"""Appends received rows to the tables of records; every row that is not imported in bulk is written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.base.clock import now
from riskml_serving.store.records.columns import Rows
from riskml_serving.store.records.repository import add_rows, supersede
from riskml_serving.store.records.tables import write_attributes

__all__ = ["append_rows"]


def append_rows(connection: Connection, tables: Mapping[str, Rows], request_id: str) -> None:
    """Append rows with their days of recording; a row replaces one for the same record recorded on the same day.

    The caller must have checked the rows, and must hold the locks of their households.
    """
    own = {"received_at": now(), "request_id": request_id, "superseded": False}
    for name, rows in tables.items():
        ready = [{**_complete(name, row), **own} for row in rows]
        supersede(connection, name, ready)
        add_rows(connection, name, ready)


def _complete(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with every column of the contract, and its attributes as JSON."""
    declared = TABLES[name]
    out: dict[str, Any] = {column: row.get(column) for column in declared.names}
    if declared.attributes:
        out["attributes"] = write_attributes({name: value for name, value in row.items() if name not in out})
    return out
