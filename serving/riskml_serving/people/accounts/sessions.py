"""Signs people in and out, and resolves sessions to people."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import now
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.people import audit
from riskml_serving.people.accounts import repository
from riskml_serving.people.accounts.provider import Person
from riskml_serving.people.accounts.roles import ROLES, Role
from riskml_serving.people.accounts.service import verify_password
from riskml_serving.people.auth import Caller

__all__ = [
    "User",
    "check_password",
    "derive_form_token",
    "limit_sign_ins",
    "resolve_session",
    "sign_in",
    "sign_in_by_provider",
    "sign_out",
    "touch_session",
]

TOUCH_INTERVAL = dt.timedelta(minutes=1)
"""Minimum time between two updates of the time at which a session was last used."""


@dataclass(frozen=True)
class User:
    """A person who is signed in.

    Parameters
    ----------
    username, name, code : str
        ``code`` is the code of the role.
    caller : Caller
        The same kind of caller as for an API key, with scope and rights enforced by the same code.
    stale : bool
        Whether the time at which the session was last used is due for an update.
    """

    username: str
    name: str
    code: str
    caller: Caller
    stale: bool = False

    @property
    def role(self) -> Role:
        """Role of the account."""
        return ROLES[self.code]

    @classmethod
    def from_row(cls, row: Mapping[str, Any], stale: bool = False) -> User:
        """Build the user from an account's row."""
        rights = ROLES[row["role"]].rights | (frozenset(("health-details",)) if row["health_details"] else frozenset())
        caller = Caller(f"user:{row['username']}", row["region"], rights)
        return cls(row["username"], row["name"], row["role"], caller, stale)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derive_form_token(token: str) -> str:
    """Derive the token for forms: it cannot be made without the cookie, and does not reveal the cookie."""
    return hmac.new(token.encode(), b"riskml form", hashlib.sha256).hexdigest()


def limit_sign_ins(connection: Connection, settings: Settings, address: str) -> None:
    """Count an attempt to sign in from an address, across all workers.

    Raises
    ------
    Problem
        ``too-many-requests``, with the number of seconds to wait.
    """
    limit, at = settings.sign_ins_per_minute, time.time()
    if limit and repository.count_attempt(connection, _hash(address), int(at // 60)) > limit:
        raise Problem(
            "too-many-requests",
            f"同一地址每分钟最多尝试登录 {limit} 次，请稍候再试",
            f"At most {limit} attempts to sign in per minute from one address: wait a little",
            headers={"Retry-After": str(60 - int(at % 60))},
        )


def check_password(connection: Connection, username: str, password: str) -> bool:
    """Check a password against an account. This is slow on purpose, so call it outside a writing transaction."""
    row = repository.find_user(connection, username)
    return verify_password(row["password_hash"] if row else None, password)


def sign_in(connection: Connection, settings: Settings, username: str, correct: bool, request_id: str) -> str | None:
    """Open a session if the password was correct; otherwise count a failure.

    Returns
    -------
    str or None
        A new token for the cookie; None if the user name or password is wrong or the account may not sign in, without
        saying which.
    """
    at, row = now(), repository.find_user(connection, username, lock=True)
    if row is None:
        return None
    caller = Caller(f"user:{username}", row["region"], frozenset())
    if row["disabled_at"] is not None or (row["locked_until"] is not None and row["locked_until"] > at):
        audit.record(connection, caller, "sign-in.refused", request_id=request_id)
        return None
    if not correct:
        failures = row["failures"] + 1
        locked = failures >= settings.sign_in_failures
        until = at + dt.timedelta(minutes=settings.lock_minutes) if locked else None
        repository.change_user(connection, username, failures=0 if locked else failures, locked_until=until)
        audit.record(connection, caller, "sign-in.locked" if locked else "sign-in.failed", request_id=request_id)
        return None
    repository.change_user(connection, username, failures=0, locked_until=None)
    return _open_session(connection, settings, username, caller, at, request_id)


def sign_in_by_provider(connection: Connection, settings: Settings, person: Person, request_id: str) -> str | None:
    """Open a session for a person authenticated by the provider, with the role and region that the provider now states.

    Returns
    -------
    str or None
        A new token for the cookie; None if the account has been disabled here.
    """
    at, row = now(), repository.find_user(connection, person.username, lock=True)
    caller = Caller(f"user:{person.username}", person.region, frozenset())
    if row is not None and row["disabled_at"] is not None:
        audit.record(connection, caller, "sign-in.refused", request_id=request_id)
        return None
    values = {"password_hash": "", "failures": 0, "created_at": row["created_at"] if row else at}
    repository.upsert_user(connection, {**asdict(person), **values})
    return _open_session(connection, settings, person.username, caller, at, request_id)


def _open_session(
    connection: Connection, settings: Settings, username: str, caller: Caller, at: dt.datetime, request_id: str
) -> str:
    repository.delete_stale_sessions(connection, *_find_limits(settings, at))
    token = secrets.token_urlsafe(32)
    repository.add_session(connection, _hash(token), username, at)
    audit.record(connection, caller, "sign-in", request_id=request_id)
    return token


def _find_limits(settings: Settings, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Find the earliest times at which a valid session may have been opened and last used."""
    return at - dt.timedelta(hours=settings.session_hours), at - dt.timedelta(minutes=settings.session_idle_minutes)


def resolve_session(connection: Connection, settings: Settings, token: str) -> User | None:
    """Find the user of a session; return None if the session has ended."""
    at, row = now(), repository.find_session(connection, _hash(token))
    opened, seen = _find_limits(settings, at)
    if row is None or row["disabled_at"] is not None or row["opened_at"] < opened or row["seen_at"] < seen:
        return None
    return User.from_row(dict(row), stale=at - row["seen_at"] > TOUCH_INTERVAL)


def touch_session(connection: Connection, token: str) -> None:
    """Record that a session was used."""
    repository.touch_session(connection, _hash(token), now())


def sign_out(connection: Connection, token: str, user: User, request_id: str) -> None:
    """End a session."""
    repository.delete_session(connection, _hash(token))
    audit.record(connection, user.caller, "sign-out", request_id=request_id)
