"""Databases of the tests: filling them, and copying those that are templates."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from riskml_serving.base.database import open_engine


def fill(url: str, act: Callable[[Engine], object]) -> None:
    """Open a database, let a function fill it, and close it."""
    engine = open_engine(url)
    act(engine)
    close(engine)


def close(engine: Engine) -> None:
    """Close a database so that it can be copied."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@contextmanager
def lend_postgres(server: str, template: str) -> Iterator[str]:
    """Create a copy of a database under a new name, pass on its address, and drop it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield create_postgres(server, name, template)
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def create_postgres(server: str, name: str, template: str) -> str:
    """Create a copy of a database and return its address."""
    administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def administer(server: str, statement: str) -> None:
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()
