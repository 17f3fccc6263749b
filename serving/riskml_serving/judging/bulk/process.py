"""The process that reads records: for each range of households requested, it writes the records as Arrow tables."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from sqlalchemy import Select
from sqlalchemy.engine import URL, make_url

from riskml.records.contract.arrow_types import cast_table
from riskml.records.contract.schema import TABLES
from riskml_serving.judging.bulk import repository
from riskml_serving.judging.bulk.repository import Range

__all__ = ["main", "read_range"]

MOST = 1 << 24
"""Maximum rows in a batch from SQLite: one batch must hold all rows, since the first batch sets the column types."""


def main() -> None:
    """Respond to requests until the input ends or nobody reads the responses anymore."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C, the main process decides when this one ends
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # anything that libraries print must stay out of the responses
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            question = json.loads(line)
            _answer(out, question["url"], Range(**question["range"]))


def _answer(out: BinaryIO, url: str, range_: Range) -> None:
    """Write the table names as JSON, then each table as an Arrow stream; on an error, write only what may be logged."""
    tables: dict[str, pa.Table] = {}
    try:
        tables = read_range(url, range_)
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


def read_range(url: str, range_: Range) -> dict[str, pa.Table]:
    """Read a range in one snapshot, with the contract's types. Do not call this in a process that uses SQLite.

    Returns
    -------
    dict of str to pyarrow.Table
        ``register`` and the contract's tables, with household attributes as JSON. The table ``disaster`` includes
        disasters in the regions that contain the households.
    """
    address = make_url(url)
    backend = address.get_backend_name()
    with _connect(address) as connection:
        if backend == "postgresql":
            _run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", (), backend)

        def read(query: Select[Any]) -> pa.Table:
            return _run(connection, *repository.compile_query(query, backend), backend)

        register = repository.cast_register(read(repository.select_register(range_)))
        tables = {name: cast_table(name, read(repository.select_rows(range_, name))) for name in TABLES}
        regions = set(tables["households"]["region_code"].to_pylist()) - {None}
        regional = cast_table("disaster", read(repository.select_regional(regions)))
    return {"register": register, **tables, "disaster": pa.concat_tables([tables["disaster"], regional])}


def _connect(address: URL) -> Any:
    if address.get_backend_name() == "sqlite":
        import adbc_driver_sqlite.dbapi

        return adbc_driver_sqlite.dbapi.connect(address.database)
    import adbc_driver_postgresql.dbapi

    text = address.set(drivername="postgresql").render_as_string(hide_password=False)
    return adbc_driver_postgresql.dbapi.connect(text)


def _run(connection: Any, sql: str, values: Sequence[Any], backend: str) -> pa.Table:
    with connection.cursor() as cursor:
        if backend == "sqlite":
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": MOST})
        cursor.execute(sql, values or None)
        return cursor.fetch_arrow_table() if cursor.description else None


if __name__ == "__main__":
    main()
