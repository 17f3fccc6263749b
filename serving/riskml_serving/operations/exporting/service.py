"""Writes what is stored as a records folder, on which analysts train, and which another database can import.

The folder holds the records as they were received, each with its day of recording, and the entries into monitoring that
visits confirmed. A folder imported into an empty database and exported again has the same bytes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml.progress import Progress, Silent
from riskml.records.checking.check import open_checked
from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import TABLES, Table
from riskml.records.panel.arrow import build_attribute
from riskml.records.reading.cell_sql import connect, fetch_row
from riskml.records.reading.folder import Folder
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.importing.staging import build_exported_sql
from riskml_serving.operations.exporting import repository
from riskml_serving.people import audit
from riskml_serving.people.auth import OPERATOR
from riskml_serving.store.records.tables import read_attributes

ENTRY_ROWS = pa.schema(
    [
        ("household_id", pa.string()),
        ("category", pa.string()),
        ("causes", pa.string()),
        ("verified_on", pa.date32()),
        ("recorded_on", pa.date32()),
    ]
)

ENTRIES = """
    INSERT INTO monitoring BY NAME
    SELECT household_id, category, verified_on AS entered_on, nullif(causes, '') AS causes, recorded_on, 0 AS row_id
    FROM found f WHERE NOT EXISTS (
        FROM monitoring m WHERE m.household_id = f.household_id
            AND m.entered_on = f.verified_on AND m.recorded_on = f.recorded_on)"""
"""Adds the entries that visits found, apart from those that the records hold already: a database may have imported its
own export."""


def export_records(engine: Engine, out: Path, progress: Progress | None = None) -> dict[str, int]:
    """Write everything that is stored about households as a records folder.

    Parameters
    ----------
    engine : Engine
    out : Path
        Folder to write, which must not exist or be empty. It appears once it is complete.
    progress : Progress, optional

    Returns
    -------
    dict of str to int
        Number of rows by table.

    Raises
    ------
    UsageError
        If the folder is not empty, or no household is stored.
    RecordsError
        If the contract does not allow what is stored. The folder ``OUT.part`` is then left for ``riskml check``.

    Notes
    -----
    A record number need only be unique within a household here, but within a table in a folder: one that several
    households use is replaced by a hash of the household's code and the number.
    """
    bar, part = progress or Silent(), out.with_name(f"{out.name}.part")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError("{out} is not an empty folder.", "Name a folder that does not exist yet.", out=out)
    shutil.rmtree(part, ignore_errors=True)
    raw, final = part / "raw", part / "final"
    raw.mkdir(parents=True)
    with writing(engine) as connection:
        audit.record(connection, OPERATOR, "records.export", request_id="command")
    with reading(engine) as connection, connect() as tables:
        repository.hold_snapshot(connection)
        _load(connection, tables, bar)
        _write_raw(tables, repository.list_known_tables(connection), raw)
    if not (raw / "households.parquet").exists():
        shutil.rmtree(part)
        raise UsageError("The database holds no households.", "Import records first, or name another --db.")
    with open_checked(raw) as opened:
        final.mkdir()
        bar.stage("Write the folder", len(opened.tables))
        rows = {}
        for name in opened.tables:
            rows[name] = _write_final(opened, name, final)
            bar.step()
    if out.exists():
        out.rmdir()
    final.rename(out)
    shutil.rmtree(part)
    return rows


def _load(connection: Connection, tables: duckdb.DuckDBPyConnection, bar: Progress) -> None:
    """Load what is stored into DuckDB tables, and add the entries into monitoring that visits confirmed."""
    bar.stage("Read what is stored", len(TABLES))
    for name, table in TABLES.items():
        types = {column.name: ARROW_TYPES[column.kind] for column in table.columns}
        types |= {"attributes": pa.string()} if table.attributes else {}
        _fill(tables, name, pa.schema({**types, "row_id": pa.int64()}), repository.read_records(connection, name))
        bar.step()
    _fill(tables, "found", ENTRY_ROWS, repository.read_entries(connection))
    tables.execute(ENTRIES)


def _fill(
    tables: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, batches: Iterable[Mapping[str, list[Any]]]
) -> None:
    tables.register("batch", schema.empty_table())
    tables.execute(f"CREATE TEMP TABLE {name} AS FROM batch")
    for batch in batches:
        tables.register("batch", pa.table({field.name: pa.array(batch[field.name], field.type) for field in schema}))
        tables.execute(f"INSERT INTO {name} FROM batch")


def _write_raw(tables: duckdb.DuckDBPyConnection, known: set[str], folder: Path) -> None:
    """Write the tables that have rows, are required, or are stored in full for at least one household.

    Rows of a household without any version are left out, and so are lines that a later one for the same day replaces.
    """
    if not fetch_row(tables, "SELECT count(*) FROM households")[0]:
        return
    for name, table in TABLES.items():
        if name == "lines":
            query = """
                SELECT * EXCLUDE (row_id) FROM lines QUALIFY row_number() OVER (
                    PARTITION BY region_code, effective_from, coalesce(recorded_on, effective_from)
                    ORDER BY row_id DESC) = 1"""
        else:
            query = f"""
                SELECT * EXCLUDE (row_id) REPLACE ({_build_record_sql(table)}) FROM {name}
                WHERE household_id IS NULL OR household_id IN (SELECT household_id FROM households)"""
        file = folder / f"{name}.parquet"
        if table.attributes:
            rows = tables.sql(query).to_arrow_table()
            attributes = read_attributes(rows["attributes"].to_pylist())
            rows = rows.drop_columns(["attributes"])
            for attribute, values in sorted(attributes.items()):
                rows = rows.append_column(attribute, build_attribute(values))
            pq.write_table(rows, file)
        elif table.required or name in known or fetch_row(tables, f"SELECT count(*) FROM ({query})")[0]:
            tables.sql(query).write_parquet(str(file))


def _build_record_sql(table: Table) -> str:
    """Build the SQL for the record number, which must be unique within the table."""
    if table.find_column("record_id") is None:
        return "household_id AS household_id"
    own = build_exported_sql(table.name)
    shared = f"record_id IN (SELECT record_id FROM {table.name} GROUP BY record_id HAVING count(DISTINCT {own}) > 1)"
    return f"if({shared}, {own}, record_id) AS record_id"


def _write_final(opened: Folder, name: str, folder: Path) -> int:
    """Write a table as the contract reads it, in a fixed order, so that the same rows give the same bytes."""
    rows = opened.connection.sql(f"SELECT * FROM ({opened.build_rows_sql(name)}) ORDER BY ALL").to_arrow_table()
    kept = [c for c in rows.column_names if rows[c].null_count < rows.num_rows or _is_required(name, c)]
    pq.write_table(rows.select(kept), folder / f"{name}.parquet", compression="zstd")
    return int(rows.num_rows)


def _is_required(name: str, column: str) -> bool:
    declared = TABLES[name].find_column(column)
    return declared is not None and declared.required
