"""Upgrades a database to the tables that this version needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from riskml.errors import UsageError
from riskml.text import Text
from riskml_serving.base.database.engine import BUSY_MS, open_engine, writing
from riskml_serving.base.database.locks import hold_lock

MIGRATIONS = Path(__file__).with_name("migrations")


def make_config() -> Config:
    """Build Alembic's configuration, which is usually read from a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def find_latest_revision() -> str | None:
    """Find the database revision that this version needs."""
    return ScriptDirectory.from_config(make_config()).get_current_head()


def read_revision(engine: Engine) -> str | None:
    """Read the database's revision; return None if the database is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def probe_write(engine: Engine) -> None:
    """Write the database's revision over itself, to find out whether anything can be written.

    Raises
    ------
    DBAPIError
        If it cannot; a database that another writer has locked at the moment counts as writable.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=200" if sqlite else "SET LOCAL lock_timeout = '200ms'")
        try:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
            connection.commit()
        except OperationalError as error:
            if not _is_locked(error):
                raise
        finally:
            connection.rollback()
            if sqlite:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")


def _is_locked(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # the low byte of an extended code
    return code == sqlite3.SQLITE_BUSY or getattr(error.orig, "sqlstate", None) == "55P03"


def _read_known_revision(engine: Engine) -> str | None:
    """Read the database's revision; raise an error if the database is unreachable or the revision is unknown."""
    address = engine.url.render_as_string(hide_password=True)
    try:
        revision = read_revision(engine)
    except DBAPIError:
        raise UsageError(
            "The database {address} cannot be opened.",
            "Check --db: a database server must be running; a file must be an SQLite database in an existing folder.",
            address=address,
        ) from None
    known = {script.revision for script in ScriptDirectory.from_config(make_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise UsageError(
            "The database {address} has the tables of revision {revision}, which this version does not know.",
            "Use the version that created them, or restore the backup made before the upgrade.",
            address=address,
            revision=revision,
        )
    return revision


def upgrade(engine: Engine) -> None:
    """Run the missing migrations in one transaction.

    Raises
    ------
    UsageError
        If the database cannot be reached, or its tables are from a later version.
    """
    if _read_known_revision(engine) == find_latest_revision():
        return
    settings = make_config()
    with writing(engine) as connection:
        hold_lock(connection, "migration")
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def require_current(engine: Engine) -> None:
    """Require a reachable database whose tables match this version; upgrade an SQLite file if necessary.

    Raises
    ------
    UsageError
        If the database cannot be reached, or its tables are from another version.
    """
    if engine.dialect.name == "sqlite":
        upgrade(engine)
    elif (revision := _read_known_revision(engine)) != (latest := find_latest_revision()):
        address = engine.url.render_as_string(hide_password=True)
        raise UsageError(
            "The database {address} has the tables of revision {revision}; this version needs {latest}.",
            "Back it up, then run `riskml-serving db upgrade`.",
            address=address,
            revision=revision or Text("none"),
            latest=latest,
        )


@contextmanager
def open_database(url: str) -> Iterator[Engine]:
    """Open a database for the duration of a command; see :func:`require_current`."""
    engine = open_engine(url)
    try:
        require_current(engine)
        yield engine
    finally:
        engine.dispose()
