"""Opens the database: embedded SQLite, or PostgreSQL in production. Each request controls its own transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from riskml.errors import UsageError

BUSY_MS = 15_000
"""Maximum time, in milliseconds, for which a writer on SQLite waits for another one."""


def open_engine(url: str) -> Engine:
    """Open the database at an SQLAlchemy URL; ``postgresql://`` selects the driver psycopg.

    Raises
    ------
    UsageError
        If the text is not such a URL (for example, a plain path), or names another kind of database.
    """
    address = _read_address(url)
    if address.drivername != "sqlite":
        return create_engine(
            address, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=15
        )
    engine = create_engine(
        address, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_address(url: str) -> URL:
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        plain_file = address.drivername == "sqlite" and address.host is None
        if plain_file or address.drivername == "postgresql+psycopg":
            return address
    except (ArgumentError, ValueError):
        pass
    raise UsageError(
        "{url!r} is not the address of a database.",
        "Write sqlite:///riskml.db for a file (three slashes, then the path), or postgresql://USER@HOST/DATABASE.",
        url=url.rpartition("@")[2],  # the part before the @ may contain a password
    )


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # `_begin_sqlite` starts the transactions
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in (
        "synchronous=FULL",  # acknowledged writes survive a power cut
        f"busy_timeout={BUSY_MS}",
        "foreign_keys=ON",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to a write-ahead log; while another connection writes to it, SQLite refuses without waiting."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start of a writing transaction: after a read, SQLite would not wait for the lock."""
    writes = connection.get_execution_options().get("riskml_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def guard(engine: Engine, check: Callable[[Connection], None]) -> None:
    """Call ``check`` at the start of every transaction on an engine; if it raises an error, the transaction ends."""
    engine.update_execution_options(riskml_guard=check)


def _check(connection: Connection) -> None:
    check = connection.get_execution_options().get("riskml_guard")
    if check is not None:
        check(connection)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection in a transaction that only reads."""
    with engine.begin() as connection:
        _check(connection)
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a connection in a transaction that writes: either all of it is committed or none."""
    callbacks: list[Callable[[], None]] = []
    options = {"riskml_writes": True, "riskml_before_commit": callbacks}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        _check(connection)
        yield connection
        for callback in callbacks:
            callback()


def before_commit(connection: Connection, callback: Callable[[], None]) -> None:
    """Call ``callback`` right before a :func:`writing` transaction commits; in other transactions, call it at once."""
    callbacks = connection.get_execution_options().get("riskml_before_commit")
    if callbacks is None:
        callback()
    else:
        callbacks.append(callback)
