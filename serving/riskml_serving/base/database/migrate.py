"""Brings a database to the tables of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from riskml.errors import UsageError
from riskml_serving.base.database.engine import open_engine, writing

__all__ = ["MIGRATIONS", "current", "head", "opened", "require_current", "upgrade"]

MIGRATIONS = Path(__file__).with_name("migrations")


def config() -> Config:
    """Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(MIGRATIONS))
    return found


def head() -> str | None:
    """Revision of this version."""
    return ScriptDirectory.from_config(config()).get_current_head()


def current(engine: Engine) -> str | None:
    """Revision of the database; none where it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _found(engine: Engine) -> str | None:
    """Revision of the database, where it can be reached and this version knows it."""
    where = engine.url.render_as_string(hide_password=True)
    try:
        found = current(engine)
    except OperationalError:
        raise UsageError(f"The database {where} cannot be reached.", "Start it, or check --db.") from None
    if found not in {None, *(one.revision for one in ScriptDirectory.from_config(config()).walk_revisions())}:
        raise UsageError(
            f"The database {where} has the tables of revision {found}, which this version does not know.",
            "Use the version that made them, or restore the backup of before.",
        )
    return found


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing, all in one transaction.

    Raises
    ------
    UsageError
        If the database cannot be reached, or its tables are of a later version.
    """
    if _found(engine) == head():
        return
    settings = config()
    with writing(engine) as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def require_current(engine: Engine) -> None:
    """Insist that a database is there and has the tables of this version; an SQLite file gets them.

    Raises
    ------
    UsageError
        If it cannot be reached, or its tables are of another version.
    """
    if engine.dialect.name == "sqlite":
        upgrade(engine)
    elif (found := _found(engine)) != head():
        where = engine.url.render_as_string(hide_password=True)
        raise UsageError(
            f"The database {where} has the tables of revision {found or 'none'}; this version needs {head()}.",
            "Back it up, then run `riskml-serving db upgrade`.",
        )


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open a database for the time of a command; see :func:`require_current`."""
    engine = open_engine(url)
    try:
        require_current(engine)
        yield engine
    finally:
        engine.dispose()
