"""Signs people in and out, and finds who a session belongs to."""

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

TOUCHED = dt.timedelta(minutes=1)
"""A session's last use is noted at most this often."""


@dataclass(frozen=True)
class User:
    """Who is signed in.

    Parameters
    ----------
    username, name, code : str
        ``code`` is that of the role.
    caller : Caller
        The same that API keys become: one scope, one set of rights, one place that enforces them.
    stale : bool
        Whether the session's last use should be noted.
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
    def of(cls, row: Mapping[str, Any], stale: bool = False) -> User:
        """Build the user of an account."""
        rights = ROLES[row["role"]].rights | (frozenset(("health-details",)) if row["health_details"] else frozenset())
        caller = Caller(f"user:{row['username']}", row["region"], rights)
        return cls(row["username"], row["name"], row["role"], caller, stale)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derive_form_token(token: str) -> str:
    """Token that forms carry: nobody who lacks the cookie can make it, and it does not give the cookie away."""
    return hmac.new(token.encode(), b"riskml form", hashlib.sha256).hexdigest()


def limit_sign_ins(connection: Connection, settings: Settings, address: str) -> None:
    """Count a try to sign in from an address, together with all workers.

    Raises
    ------
    Problem
        ``too-many-requests``, with the seconds to wait.
    """
    most, at = settings.sign_ins_per_minute, time.time()
    if most and repository.count_try(connection, _hash(address), int(at // 60)) > most:
        raise Problem(
            "too-many-requests",
            f"同一地址每分钟最多尝试登录 {most} 次,请稍候再试",
            f"At most {most} tries to sign in a minute from one address: wait a little",
            headers={"Retry-After": str(60 - int(at % 60))},
        )


def check_password(connection: Connection, username: str, password: str) -> bool:
    """Whether a password is that of an account; slow on purpose, so ask it outside of a writing transaction."""
    row = repository.find_user(connection, username)
    return verify_password(row["password_hash"] if row else None, password)


def sign_in(connection: Connection, settings: Settings, username: str, right: bool, request_id: str) -> str | None:
    """Open a session for somebody who gave a right password, or count the wrong one.

    Returns
    -------
    str or None
        A fresh token for the cookie; None where user name, password or state of the account do not allow it: nothing
        tells which.
    """
    at, row = now(), repository.find_user(connection, username, lock=True)
    if row is None:
        return None
    caller = Caller(f"user:{username}", row["region"], frozenset())
    if row["disabled_at"] is not None or (row["locked_until"] is not None and row["locked_until"] > at):
        audit.record(connection, caller, "sign-in.refused", request_id=request_id)
        return None
    if not right:
        failures = row["failures"] + 1
        locked = failures >= settings.sign_in_failures
        until = at + dt.timedelta(minutes=settings.lock_minutes) if locked else None
        repository.change_user(connection, username, failures=0 if locked else failures, locked_until=until)
        audit.record(connection, caller, "sign-in.locked" if locked else "sign-in.failed", request_id=request_id)
        return None
    repository.change_user(connection, username, failures=0, locked_until=None)
    return _open_session(connection, settings, username, caller, at, request_id)


def sign_in_by_provider(connection: Connection, settings: Settings, person: Person, request_id: str) -> str | None:
    """Open a session for somebody whom the provider vouches for; role and region are what it says now.

    Returns
    -------
    str or None
        A fresh token for the cookie; None where the account has been disabled here.
    """
    at, row = now(), repository.find_user(connection, person.username, lock=True)
    caller = Caller(f"user:{person.username}", person.region, frozenset())
    if row is not None and row["disabled_at"] is not None:
        audit.record(connection, caller, "sign-in.refused", request_id=request_id)
        return None
    kept = {"password_hash": "", "failures": 0, "created_at": row["created_at"] if row else at}
    repository.keep_user(connection, {**asdict(person), **kept})
    return _open_session(connection, settings, person.username, caller, at, request_id)


def _open_session(
    connection: Connection, settings: Settings, username: str, caller: Caller, at: dt.datetime, request_id: str
) -> str:
    repository.drop_stale_sessions(connection, at - _longest(settings), at - _idle(settings))
    token = secrets.token_urlsafe(32)
    repository.add_session(connection, _hash(token), username, at)
    audit.record(connection, caller, "sign-in", request_id=request_id)
    return token


def _longest(settings: Settings) -> dt.timedelta:
    return dt.timedelta(hours=settings.session_hours)


def _idle(settings: Settings) -> dt.timedelta:
    return dt.timedelta(minutes=settings.session_idle_minutes)


def resolve_session(connection: Connection, settings: Settings, token: str) -> User | None:
    """Find whose session a cookie names; None where it has ended."""
    at, row = now(), repository.find_session(connection, _hash(token))
    if row is None or row["disabled_at"] is not None:
        return None
    if row["opened_at"] + _longest(settings) < at or row["seen_at"] + _idle(settings) < at:
        return None
    return User.of(dict(row), stale=at - row["seen_at"] > TOUCHED)


def touch_session(connection: Connection, token: str) -> None:
    """Note that a session is in use."""
    repository.touch_session(connection, _hash(token), now())


def sign_out(connection: Connection, token: str, user: User, request_id: str) -> None:
    """End a session."""
    repository.drop_session(connection, _hash(token))
    audit.record(connection, user.caller, "sign-out", request_id=request_id)
