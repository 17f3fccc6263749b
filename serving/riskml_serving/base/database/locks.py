"""Locks that a transaction holds until it ends. SQLite needs none, because it allows only one writer at a time."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text


def hold_lock(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds the lock with this name, then take it.

    To avoid deadlock, a transaction must take the locks in the order ``imports``, ``changes``, ``audit``.

    Notes
    -----
    Sequence numbers, such as those of changes to scores, become visible in commit order, not in numerical order. If 43
    is committed before 42, a reader who has read as far as 43 and then asks for everything after it misses 42. With the
    lock, both orders are the same.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
