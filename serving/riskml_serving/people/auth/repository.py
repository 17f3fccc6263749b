"""SQL for API keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from riskml_serving.people.auth.tables import KEYS


def add_key(connection: Connection, row: dict[str, Any]) -> None:
    """Store a new key."""
    connection.execute(insert(KEYS).values(**row))


def find_key(connection: Connection, key_id: str) -> RowMapping | None:
    """Find a key, revoked or not."""
    return connection.execute(select(KEYS).where(KEYS.c.key_id == key_id)).mappings().first()


def list_keys(connection: Connection) -> Sequence[RowMapping]:
    """List all keys, oldest first, without the hashes of their secrets."""
    columns = [column for column in KEYS.c if column.name != "secret_hash"]
    return connection.execute(select(*columns).order_by(KEYS.c.created_at, KEYS.c.key_id)).mappings().all()


def revoke_key(connection: Connection, key_id: str, at: dt.datetime) -> bool:
    """Revoke a key; return False if there is no such key or it was revoked before."""
    valid = update(KEYS).where(KEYS.c.key_id == key_id, KEYS.c.revoked_at.is_(None))
    return bool(connection.execute(valid.values(revoked_at=at)).rowcount)
