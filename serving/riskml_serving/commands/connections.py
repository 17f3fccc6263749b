"""Opens a transaction for a command, on a database whose tables match this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from riskml_serving.base.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["connect"]


@contextmanager
def connect(db: str | None, *, write: bool = False) -> Iterator[Connection]:
    """Connect to the database that ``--db`` or, by default, the settings name; read-only unless ``write`` is set."""
    from riskml_serving.base.database import open_database, reading, writing

    begin = writing if write else reading
    with open_database(db or Settings().database_url) as engine, begin(engine) as connection:
        yield connection
