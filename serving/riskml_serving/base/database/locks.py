"""Locks that a transaction holds until it ends."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text

__all__ = ["ORDER", "hold_lock", "hold_named_lock"]

ORDER = {"changes": 7_301, "audit": 7_302}
"""Numbers of the advisory locks, in the order in which they are taken."""


def hold_lock(connection: Connection, name: str) -> None:
    """Let one transaction at a time go on.

    Numbers that a sequence hands out become visible in the order of the commits, not of the numbers: whoever reads
    "everything after 41" would miss a 41 that is committed after 42. Under this lock both orders are the same.
    On SQLite there is one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ORDER[name]})


def hold_named_lock(connection: Connection, name: str) -> None:
    """Let one transaction at a time go on that asks for the same name."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
