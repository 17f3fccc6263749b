"""SQL for imports: appends tens of thousands of rows at a time, and saves an import's progress."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.csv as csv
from sqlalchemy import Connection, select

from riskml_serving.base.clock import now
from riskml_serving.base.database.upserts import upsert
from riskml_serving.judging.importing.tables import IMPORTS
from riskml_serving.store.records.tables import RECORDS

__all__ = ["advance", "append", "read_progress"]

NO_HEADER = csv.WriteOptions(include_header=False)


def read_progress(connection: Connection, fingerprint: str) -> dict[str, tuple[int, bool]]:
    """Read how many rows or households each stage of an import has processed, and whether the stage is finished."""
    query = select(IMPORTS).where(IMPORTS.c.fingerprint == fingerprint)
    return {row["stage"]: (row["done"], row["finished_at"] is not None) for row in connection.execute(query).mappings()}


def advance(connection: Connection, fingerprint: str, stage: str, done: int, *, finished: bool) -> None:
    """Save the progress of a stage within the transaction that did the work."""
    row = {"fingerprint": fingerprint, "stage": stage, "done": done, "finished_at": now() if finished else None}
    upsert(connection, IMPORTS, [row])


def append(connection: Connection, name: str, rows: pa.Table) -> None:
    """Append rows to a table within the transaction, as fast as the database allows: a county has millions of rows."""
    quote = connection.dialect.identifier_preparer.quote
    into = f"{RECORDS[name].name} ({', '.join(map(quote, rows.column_names))})"
    if connection.dialect.name == "postgresql":
        _copy(connection, into, rows)
        return
    plain = [part.cast(pa.string()) if pa.types.is_temporal(part.type) else part for part in rows.columns]
    values = list(zip(*(part.to_pylist() for part in plain), strict=True))
    connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({', '.join('?' * len(plain))})", values)


def _copy(connection: Connection, into: str, rows: pa.Table) -> None:
    """Send rows as CSV: a missing value is an unquoted empty field, and text is always quoted."""
    sink = io.BytesIO()
    csv.write_csv(rows, sink, NO_HEADER)
    driver = connection.connection.driver_connection
    assert driver is not None, "the transaction is open"
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv)") as copy:
        copy.write(sink.getbuffer())
