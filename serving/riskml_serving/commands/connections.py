"""Opens a transaction for a command, on a database whose tables match this version."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from riskml_serving.base.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from riskml_serving.people.auth import Caller


@contextmanager
def connect(db: str | None, *, write: bool = False) -> Iterator[Connection]:
    """Connect to the database that ``--db`` or, by default, the settings name; set ``write`` to change data."""
    from riskml_serving.base.database import open_database, reading, writing

    begin = writing if write else reading
    with open_database(db or Settings().database_url) as engine, begin(engine) as connection:
        yield connection


@contextmanager
def change(db: str | None, action: str, **detail: Any) -> Iterator[Connection]:
    """Connect to change data, and record the change in the same transaction: action, operator's login and details."""
    with connect(db, write=True) as connection:
        yield connection
        record_change(connection, action, **detail)


def record_change(connection: Connection, action: str, **detail: Any) -> None:
    """Record a change that a command makes; see :func:`change`."""
    from riskml_serving.people import audit

    audit.record(connection, identify_operator(), action, request_id="command", **detail)


def identify_operator() -> Caller:
    """Return the person who runs the command, for the audit log."""
    from riskml_serving.people.auth import Caller

    return Caller(f"command:{_read_login()}"[:64], "", frozenset())


def _read_login() -> str:
    """Return the login of the person who runs the command; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
