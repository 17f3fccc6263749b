"""SQL of imports: rows by the ten thousand, and how far they have come."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.csv as csv
from sqlalchemy import Connection, Table, insert, select

from riskml_serving.clock import now
from riskml_serving.database.upserts import upsert
from riskml_serving.importing.tables import IMPORTS

__all__ = ["advance", "append", "progress"]

NO_HEADER = csv.WriteOptions(include_header=False)


def progress(connection: Connection, fingerprint: str) -> dict[str, tuple[int, bool]]:
    """Rows done and whether it is finished, by stage of an import."""
    query = select(IMPORTS).where(IMPORTS.c.fingerprint == fingerprint)
    return {row["stage"]: (row["done"], row["finished_at"] is not None) for row in connection.execute(query).mappings()}


def advance(connection: Connection, fingerprint: str, stage: str, done: int, *, finished: bool) -> None:
    """Note how far a stage has come, within the transaction that did the work."""
    row = {"fingerprint": fingerprint, "stage": stage, "done": done, "finished_at": now() if finished else None}
    upsert(connection, IMPORTS, [row])


def append(connection: Connection, table: Table, rows: pa.Table) -> None:
    """Append rows; PostgreSQL takes them by COPY, within the transaction, several times as fast as by inserts.

    As CSV a missing value is nothing between two commas, and a text always stands in quotes.
    """
    if not rows.num_rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows.to_pylist())
        return
    sink, quote = io.BytesIO(), connection.dialect.identifier_preparer.quote
    csv.write_csv(rows, sink, NO_HEADER)
    into = f"{table.name} ({', '.join(map(quote, rows.column_names))})"
    driver = connection.connection.driver_connection
    assert driver is not None, "the transaction is open"
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv)") as copy:
        copy.write(sink.getbuffer())
