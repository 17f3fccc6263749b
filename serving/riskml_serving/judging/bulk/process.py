"""The process that reads records: it runs queries that the main process has written, and returns Arrow tables.

It starts in a third of a second, because it imports neither SQLAlchemy, pandas nor anything that judges.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcStatement

from riskml.records.contract.arrow_types import cast_table
from riskml.records.contract.schema import TABLES

MOST = 1 << 24
"""Maximum rows in a batch from SQLite: one batch must hold all rows, since the first batch sets the column types."""


def main() -> None:
    """Respond to requests until the input ends or nobody reads the responses anymore."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C, the main process decides when this one ends
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # anything that libraries print must stay out of the responses
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            _answer(out, **json.loads(line))


def _answer(out: BinaryIO, backend: str, address: str, queries: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
    """Write the table names as JSON, then each table as an Arrow stream; on an error, write only what may be logged."""
    tables: dict[str, pa.Table] = {}
    try:
        tables = _read_range(backend, address, queries)
        head: dict[str, Any] = {"tables": list(tables)}
    except Exception as error:  # catches every error, since the main process waits for a response
        from riskml_serving.base import errors  # slow to import, and seldom needed

        unavailable = errors.is_unavailable(error)
        head = {"error": errors.describe_error(error), "where": errors.list_frames(error), "unavailable": unavailable}
    out.write(json.dumps(head).encode() + b"\n")
    for table in tables.values():
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    out.flush()


def _read_range(backend: str, address: str, queries: Mapping[str, tuple[str, Sequence[Any]]]) -> dict[str, pa.Table]:
    """Read a range in one snapshot, with the contract's types.

    Returns
    -------
    dict of str to pyarrow.Table
        ``register``, as the driver returns it, and the contract's tables, with household attributes as JSON. The table
        ``disaster`` includes disasters in the regions that contain the households.
    """
    with _connect(backend, address) as connection:
        if backend == "postgresql":
            with AdbcStatement(connection) as statement:
                statement.set_sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                statement.execute_update()
        tables = {name: _run(connection, backend, *query) for name, query in queries.items()}
    tables = {name: cast_table(name, table) if name in TABLES else table for name, table in tables.items()}
    regional = cast_table("disaster", tables.pop("regional"))
    return {**tables, "disaster": pa.concat_tables([tables["disaster"], regional])}


@contextmanager
def _connect(backend: str, address: str) -> Iterator[AdbcConnection]:
    """Connect with the driver itself: its module for Python's database interface imports pandas, for over a second."""
    if backend == "sqlite":
        from adbc_driver_sqlite import connect
    else:
        from adbc_driver_postgresql import connect
    with connect(address) as database, AdbcConnection(database) as connection:
        connection.set_autocommit(False)
        yield connection


def _run(connection: AdbcConnection, backend: str, sql: str, values: Sequence[Any]) -> pa.Table:
    with AdbcStatement(connection) as statement:
        if backend == "sqlite":
            statement.set_options(**{"adbc.sqlite.query.batch_rows": MOST})
        statement.set_sql_query(sql)
        if values:
            names = [str(i) for i in range(len(values))]
            statement.bind(pa.record_batch([[value] for value in values], names=names))
        stream, _ = statement.execute_query()
        return pa.RecordBatchReader.from_stream(stream).read_all()


if __name__ == "__main__":
    main()
