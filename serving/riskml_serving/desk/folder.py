"""Writes the changes from a delivery as a records folder that can be checked and imported by itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.desk.reading import Understood
from riskml_serving.store.households.repository import find_households, list_codes
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.repository import read_rows

FEW = 20
"""Number of stored households that are written again if a delivery concerns none; one of them must have income."""


def write_folder(connection: Connection, understood: Understood, homes: Iterable[str], folder: Path) -> None:
    """Write the new and changed rows, with the stored rows about their households that the contract requires.

    Every row needs its household and its member in the folder, and a folder needs some income: if the delivery has
    none, that of one household is written again. An import ignores rows that are already stored.
    """
    book, county = understood.taken.book, understood.county["county"]
    stored = sorted(find_households(connection, homes, county))
    if not stored and not book.tables.get("households"):  # the lists bring nothing new, or only what concerns regions
        stored = list(list_codes(connection, county, limit=FEW))
    book.write(folder, understood.lines)
    for name in ("households", "members"):
        _complete(folder, name, to_rows(read_rows(connection, name, stored)))
    if not book.tables.get("income"):
        for code in stored:
            if rows := to_rows(read_rows(connection, "income", [code])):
                _complete(folder, "income", rows)
                break


def _complete(folder: Path, name: str, stored: Rows) -> None:
    """Add stored rows to a table, unless it has a row with their key and day of recording."""
    path = folder / f"{name}.parquet"
    table = pq.read_table(path) if path.exists() else None
    new = table.to_pylist() if table is not None else []
    key = (*TABLES[name].identity, "recorded_on")
    known = {tuple(row.get(column) for column in key) for row in new}
    kept = [row for row in stored if tuple(row[column] for column in key) not in known]
    if kept:
        parts = [pa.Table.from_pylist(kept), *([table] if table is not None and table.num_rows else [])]
        joined = pa.concat_tables(parts, promote_options="permissive")
        empty = [column for column in joined.column_names if joined[column].null_count == joined.num_rows]
        declared = {column.name for column in TABLES[name].columns if column.required}
        pq.write_table(joined.drop_columns([column for column in empty if column not in declared]), path)
