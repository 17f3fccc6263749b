"""SQL for accounts and sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from riskml_serving.base.database.upserts import insert_missing, upsert
from riskml_serving.people.accounts.tables import ADDRESSES, SESSIONS, TRIES, USERS

SHOWN = 16
"""Number of digits of a session's hash by which forms name it; it reveals nothing about the token."""


def add_user(connection: Connection, row: dict[str, Any]) -> None:
    """Store a new account."""
    connection.execute(insert(USERS).values(**row))


def upsert_user(connection: Connection, row: dict[str, Any]) -> None:
    """Store an account, or update the columns of an existing account that are in ``row``."""
    upsert(connection, USERS, [row])


def find_user(connection: Connection, username: str, *, lock: bool = False) -> RowMapping | None:
    """Find an account, disabled or not."""
    query = select(USERS).where(USERS.c.username == username)
    return connection.execute(query.with_for_update() if lock else query).mappings().first()


def list_users(connection: Connection) -> Sequence[RowMapping]:
    """List all accounts by user name, without the hashes of their passwords."""
    columns = [column for column in USERS.c if column.name != "password_hash"]
    return connection.execute(select(*columns).order_by(USERS.c.username)).mappings().all()


def change_user(connection: Connection, username: str, **values: Any) -> bool:
    """Change an account; return False if there is no such account."""
    return bool(connection.execute(update(USERS).where(USERS.c.username == username).values(**values)).rowcount)


def add_session(connection: Connection, token_hash: str, username: str, at: dt.datetime, address: str) -> None:
    """Open a session."""
    times = {"created_at": at, "seen_at": at}
    connection.execute(insert(SESSIONS).values(token_hash=token_hash, username=username, address=address[:64], **times))


def list_sessions(
    connection: Connection, username: str, opened: dt.datetime, seen: dt.datetime
) -> Sequence[RowMapping]:
    """List the sessions of an account that have not ended, the one used last first."""
    valid = (SESSIONS.c.username == username, SESSIONS.c.created_at >= opened, SESSIONS.c.seen_at >= seen)
    query = select(SESSIONS).where(*valid).order_by(SESSIONS.c.seen_at.desc(), SESSIONS.c.token_hash)
    return connection.execute(query).mappings().all()


def find_session(connection: Connection, token_hash: str) -> RowMapping | None:
    """Find a session with its account."""
    query = (
        select(SESSIONS.c.created_at.label("opened_at"), SESSIONS.c.seen_at, USERS)
        .join(USERS, USERS.c.username == SESSIONS.c.username)
        .where(SESSIONS.c.token_hash == token_hash)
    )
    return connection.execute(query).mappings().first()


def touch_session(connection: Connection, token_hash: str, at: dt.datetime) -> None:
    """Record that a session was used."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.token_hash == token_hash).values(seen_at=at))


def delete_session(connection: Connection, token_hash: str) -> None:
    """End a session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash))


def delete_other_sessions(connection: Connection, username: str, current: str, number: str | None) -> int:
    """End the session of an account with a number, or by default all but the current one; return how many ended."""
    others = delete(SESSIONS).where(SESSIONS.c.username == username, SESSIONS.c.token_hash != current)
    if number is not None:
        others = others.where(func.substr(SESSIONS.c.token_hash, 1, SHOWN) == number)
    return connection.execute(others).rowcount


def delete_sessions(connection: Connection, username: str) -> None:
    """End every session of an account, and forget the addresses from which it signed in."""
    for table in (SESSIONS, ADDRESSES):
        connection.execute(delete(table).where(table.c.username == username))


def delete_stale_sessions(connection: Connection, opened: dt.datetime, seen: dt.datetime) -> None:
    """Delete sessions that began before the time ``opened`` or were last used before the time ``seen``."""
    connection.execute(delete(SESSIONS).where((SESSIONS.c.created_at < opened) | (SESSIONS.c.seen_at < seen)))


def find_address(connection: Connection, username: str, address_hash: str) -> RowMapping | None:
    """Find an address from which an account has signed in before, with its count of wrong passwords."""
    query = select(ADDRESSES).where(ADDRESSES.c.username == username, ADDRESSES.c.address_hash == address_hash)
    return connection.execute(query).mappings().first()


def keep_address(connection: Connection, row: Mapping[str, Any], since: dt.datetime) -> None:
    """Store an address from which an account has signed in, and forget those from which none did since a time."""
    connection.execute(delete(ADDRESSES).where(ADDRESSES.c.seen_at < since))
    upsert(connection, ADDRESSES, [dict(row)])


def count_attempt(connection: Connection, address_hash: str, minute: int) -> int:
    """Count an attempt to sign in from an address; return the number of attempts in this minute.

    Every other minute is deleted, including later ones, which remain if the clock was set back.
    """
    connection.execute(delete(TRIES).where(TRIES.c.minute != minute))
    insert_missing(connection, TRIES, [{"address_hash": address_hash, "minute": minute, "tries": 0}])
    counted = update(TRIES).where(TRIES.c.address_hash == address_hash).values(tries=TRIES.c.tries + 1)
    return int(connection.execute(counted.returning(TRIES.c.tries)).scalar_one())


def uncount_attempt(connection: Connection, address_hash: str) -> None:
    """Take back one attempt that was counted, because it succeeded."""
    counted = update(TRIES).where(TRIES.c.address_hash == address_hash, TRIES.c.tries > 0)
    connection.execute(counted.values(tries=TRIES.c.tries - 1))
