"""One transaction on the database of a command, which has the tables of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskml_serving.base.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["read_from", "write_to"]


@contextmanager
def read_from(db: str | None) -> Iterator[Connection]:
    """Read from the database of the option ``--db``, by default that of the settings."""
    from riskml_serving.base.database import open_database, reading

    with open_database(db or Settings().database_url) as engine, reading(engine) as connection:
        yield connection


@contextmanager
def write_to(db: str | None) -> Iterator[Connection]:
    """Write to the database of the option ``--db``, by default that of the settings."""
    from riskml_serving.base.database import open_database, writing

    with open_database(db or Settings().database_url) as engine, writing(engine) as connection:
        yield connection
