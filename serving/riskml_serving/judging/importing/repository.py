"""SQL for imports: staged parts, rows appended by the tens of thousands, and rows taken back."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    update,
)

from riskml_serving.base.clock import now
from riskml_serving.base.database.upserts import insert_missing, upsert
from riskml_serving.judging.importing.tables import IMPORT_HOUSEHOLDS, IMPORT_PARTS, IMPORTS
from riskml_serving.judging.jobs.run import from_parquet, to_parquet
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.repository import change_in, read_in
from riskml_serving.store.records.tables import RECORDS, list_columns

ROWS = 50_000
"""Number of rows that one statement appends."""

NO_HEADER = csv.WriteOptions(include_header=False)


def find_import(connection: Connection, start: str) -> dict[str, Any] | None:
    """Find the import whose fingerprint begins with ``start``; None if there is none, or more than one."""
    query = select(IMPORTS).where(IMPORTS.c.fingerprint.startswith(start, autoescape=True)).limit(2)
    rows = connection.execute(query).mappings().all()
    return dict(rows[0]) if len(rows) == 1 else None


def read_imports(connection: Connection) -> str:
    """Read what identifies the finished imports."""
    count, last = connection.execute(select(func.count(), func.max(IMPORTS.c.finished_at)).where(_is_finished())).one()
    return f"{count} {last}"


def read_last(connection: Connection, name: str) -> int:
    """Read the number of the last row of a table, in a writing transaction of its own.

    PostgreSQL numbers a row when it is written, so a transaction that is still open may hold a lower number than one
    that has ended. The lock waits for every writer: afterwards, each new row gets a higher number.
    """
    table = RECORDS[name]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE MODE")
    return connection.execute(select(func.max(table.c.row_id))).scalar_one() or 0


def _is_finished() -> ColumnElement[bool]:
    return IMPORTS.c.finished_at.is_not(None)


def add_import(connection: Connection, fingerprint: str, base: Mapping[str, Any]) -> None:
    """Save that an import has begun, or has been staged on a newer base."""
    row = {"fingerprint": fingerprint, "started_at": now(), "base": json.dumps(base)}
    upsert(connection, IMPORTS, [{**row, "finished_at": None, "job_id": None}])


def finish_import(connection: Connection, fingerprint: str, base: Mapping[str, Any], job_id: str | None) -> None:
    """Mark an import as finished and delete its parts."""
    finished = update(IMPORTS).where(IMPORTS.c.fingerprint == fingerprint)
    connection.execute(finished.values(finished_at=now(), base=json.dumps(base), job_id=job_id))
    delete_parts(connection, fingerprint)


def list_later(connection: Connection, at: dt.datetime, *, unfinished: bool) -> list[dict[str, Any]]:
    """List the imports that were finished after a time, latest first, and if asked for also those not finished."""
    later = or_(IMPORTS.c.finished_at > at, IMPORTS.c.finished_at.is_(None) if unfinished else false())
    query = select(IMPORTS).where(later).order_by(IMPORTS.c.finished_at.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def delete_import(connection: Connection, fingerprint: str) -> None:
    """Delete an import and everything that is staged for it."""
    delete_parts(connection, fingerprint)
    for table in (IMPORT_HOUSEHOLDS, IMPORTS):
        connection.execute(delete(table).where(table.c.fingerprint == fingerprint))


def add_part(connection: Connection, fingerprint: str, part: int, tables: Mapping[str, pa.Table]) -> None:
    """Save the tables of a part."""
    own = {"fingerprint": fingerprint, "part": part}
    rows = [{**own, "name": name, "content": to_parquet(table)} for name, table in tables.items()]
    upsert(connection, IMPORT_PARTS, rows)


def list_parts(connection: Connection, fingerprint: str) -> dict[int, list[str]]:
    """List the parts of an import in order, with the names of their tables."""
    query = select(IMPORT_PARTS.c.part, IMPORT_PARTS.c.name).where(IMPORT_PARTS.c.fingerprint == fingerprint)
    parts: dict[int, list[str]] = {}
    for part, name in connection.execute(query.order_by(IMPORT_PARTS.c.part)):
        parts.setdefault(part, []).append(name)
    return parts


def read_part(connection: Connection, fingerprint: str, part: int, name: str) -> pa.Table:
    """Read one table of a part."""
    own = (IMPORT_PARTS.c.fingerprint == fingerprint, IMPORT_PARTS.c.part == part, IMPORT_PARTS.c.name == name)
    return from_parquet(connection.execute(select(IMPORT_PARTS.c.content).where(*own)).scalar_one())


def delete_parts(connection: Connection, fingerprint: str, parts: Sequence[int] | None = None) -> None:
    """Delete some parts of an import; by default, all of them."""
    query = delete(IMPORT_PARTS).where(IMPORT_PARTS.c.fingerprint == fingerprint)
    connection.execute(query if parts is None else query.where(IMPORT_PARTS.c.part.in_(parts)))


def list_digests(connection: Connection, codes: Collection[str]) -> dict[str, int]:
    """List the digests of some households in the last finished import that held changes about each."""
    code, digest = IMPORT_HOUSEHOLDS.c.household_id, IMPORT_HOUSEHOLDS.c.digest
    query = select(code, digest).join(IMPORTS, IMPORTS.c.fingerprint == IMPORT_HOUSEHOLDS.c.fingerprint)
    query = query.where(_is_finished()).order_by(IMPORTS.c.finished_at)
    return {row["household_id"]: row["digest"] for row in read_in(connection, query, code, codes)}


def save_households(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Save which households an import changes."""
    insert_missing(connection, IMPORT_HOUSEHOLDS, rows)


def list_changed(connection: Connection, fingerprint: str) -> dict[str, str]:
    """List the households that an import changed, each with the tables that are known for it since then."""
    query = select(IMPORT_HOUSEHOLDS.c.household_id, IMPORT_HOUSEHOLDS.c.added_tables)
    query = query.where(IMPORT_HOUSEHOLDS.c.fingerprint == fingerprint).order_by(IMPORT_HOUSEHOLDS.c.household_id)
    return {row.household_id: row.added_tables for row in connection.execute(query)}


def list_touched(connection: Connection, base: Mapping[str, int]) -> set[str]:
    """List the households about which rows were received after the last row of each table that ``base`` names."""
    return _list_households(connection, lambda name: RECORDS[name].c.row_id > base[name])


def _list_households(connection: Connection, select_rows: Callable[[str], ColumnElement[bool]]) -> set[str]:
    """List the households in the rows of every table that a condition, which depends on the table, selects."""
    codes: set[str] = set()
    for name, table in RECORDS.items():
        if "household_id" in table.c:
            query = select(table.c.household_id).where(select_rows(name)).distinct()
            codes.update(code for code in connection.execute(query).scalars() if code is not None)
    return codes


def append(connection: Connection, name: str, rows: pa.Table, received: dt.datetime, request_id: str) -> None:
    """Append rows to a table within the transaction, as fast as the database allows: a county has millions of rows."""
    filled = rows.select([c for c in rows.column_names if rows[c].null_count < rows.num_rows])
    own = {"received_at": received, "request_id": request_id, "superseded": False}
    quote = connection.dialect.identifier_preparer.quote
    into = f"{RECORDS[name].name} ({', '.join(map(quote, [*filled.column_names, *own]))})"
    driver: Any = connection.connection.driver_connection
    for start in range(0, filled.num_rows, ROWS):
        some = filled.slice(start, ROWS)
        if connection.dialect.name == "postgresql":
            _copy(driver, into, some, own)
        else:
            marks = ", ".join("?" * some.num_columns)
            stated = f"'{received:%Y-%m-%d %H:%M:%S.%f}', '{request_id}', 0"
            values = zip(*map(_list_values, some.columns), strict=True)
            driver.executemany(f"INSERT INTO {into} VALUES ({marks}, {stated})", values)


def _list_values(column: pa.ChunkedArray) -> list[Any]:
    """List values as SQLite stores them: dates are text, of which each is written only once."""
    if not pa.types.is_temporal(column.type):
        return list(column.to_pylist())
    encoded = column.combine_chunks().dictionary_encode()
    texts = [*encoded.dictionary.cast(pa.string()).to_pylist(), None]
    return [texts[i] for i in encoded.indices.fill_null(-1).to_pylist()]


def _copy(driver: Any, into: str, rows: pa.Table, own: Mapping[str, Any]) -> None:
    """Send rows as CSV: a missing value is an unquoted empty field, and text is always quoted."""
    types = {"received_at": pa.timestamp("us")}
    for name, value in own.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, types.get(name)), rows.num_rows))
    sink = io.BytesIO()
    csv.write_csv(rows, sink, NO_HEADER)
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv)") as copy:
        copy.write(sink.getbuffer())


def list_received(connection: Connection, request_id: str) -> set[str]:
    """List the households about which a request brought rows."""
    return _list_households(connection, lambda name: RECORDS[name].c.request_id == request_id)


def list_members(connection: Connection, request_id: str) -> set[tuple[str, str]]:
    """List the members about whom a request brought rows, each as household and member."""
    table = RECORDS["members"]
    query = select(table.c.household_id, table.c.member_id).where(table.c.request_id == request_id).distinct()
    return {(home, member) for home, member in connection.execute(query)}


def read_rivals(connection: Connection, name: str, request_id: str) -> list[dict[str, Any]]:
    """Read the rows of a table among which a request may have replaced some: those of households with replaced rows."""
    table = RECORDS[name]
    columns = [*list_columns(name), table.c.row_id, table.c.request_id]
    if name == "lines":
        query = select(*columns)
    else:
        own, old = table.alias(), table.alias()
        brought = select(own.c.household_id).where(own.c.request_id == request_id)
        replaced = select(old.c.household_id).where(old.c.superseded, old.c.household_id.in_(brought))
        query = select(*columns).where(or_(table.c.household_id.in_(replaced), table.c.household_id.is_(None)))
    return [dict(row) for row in connection.execute(query).mappings()]


def take_back_rows(connection: Connection, name: str, request_id: str, restored: Sequence[int]) -> int:
    """Delete the rows that a request brought to a table, and put others in force; return how many were deleted."""
    table = RECORDS[name]
    change_in(connection, update(table).values(superseded=False), table.c.row_id, restored)
    return connection.execute(delete(table).where(table.c.request_id == request_id)).rowcount


def list_empty(connection: Connection, codes: Sequence[str]) -> list[str]:
    """List those of some households about which no row is stored."""
    own = [table for table in RECORDS.values() if "household_id" in table.c]
    none = [~exists().where(table.c.household_id == HOUSEHOLDS.c.household_id) for table in own]
    query = select(HOUSEHOLDS.c.household_id).where(*none)
    return [row["household_id"] for row in read_in(connection, query, HOUSEHOLDS.c.household_id, codes)]
