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
from riskml_serving.people.auth import IDENTITY, NOBODY, Caller

_SALT = 16
"""Number of characters of a form token's salt."""

KNOWN = dt.timedelta(days=90)
"""Time since the last sign-in for which an address counts as known to an account."""

TOUCH_INTERVAL = dt.timedelta(minutes=1)
"""Minimum time between two updates of the time at which a session was last used."""


@dataclass(frozen=True)
class Visitor:
    """A person who is signed in.

    Parameters
    ----------
    username, name, code : str
        ``code`` is the code of the role.
    caller : Caller
        The same kind of caller as for an API key, with scope and rights enforced by the same code.
    token : str
        The session's token, which is never shown.
    stale : bool
        Whether the time at which the session was last used is due for an update.
    """

    username: str
    name: str
    code: str
    caller: Caller
    token: str = ""
    stale: bool = False

    @property
    def role(self) -> Role:
        """Role of the account."""
        return ROLES[self.code]

    @property
    def form_token(self) -> str:
        """A new token for a form."""
        return derive_form_token(self.token)

    def may(self, what: str) -> bool:
        """Return whether the role allows an action on the pages, or the account has the right with that name."""
        return what in self.role.may or what in self.caller.rights

    @classmethod
    def from_row(cls, row: Mapping[str, Any], token: str = "", *, stale: bool = False) -> Visitor:
        """Build the visitor from an account's row."""
        own = {"health-details": row["health_details"], IDENTITY: row["identity"]}
        rights = ROLES[row["role"]].rights.union(right for right, granted in own.items() if granted)
        caller = Caller(f"user:{row['username']}", row["region"], rights)
        return cls(row["username"], row["name"], row["role"], caller, token, stale)


@dataclass(frozen=True)
class Attempt:
    """An attempt to sign in, or to change a password: a writing transaction, and the client's request and address."""

    connection: Connection
    settings: Settings
    request_id: str
    address: str

    @property
    def address_hash(self) -> str:
        """Hash of the client's address."""
        return _hash(self.address)

    def record(self, caller: Caller, action: str, **detail: Any) -> None:
        """Add an entry to the audit log."""
        about = {"request_id": self.request_id, "client": self.address, **detail}
        audit.record(self.connection, caller, action, **about)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derive_form_token(token: str, salt: str = "") -> str:
    """Derive a token for forms: it cannot be made without the cookie, and does not reveal the cookie.

    Without a salt, a new one is drawn, so that each page has a different token. If the token stayed the same, the sizes
    of compressed pages would reveal it little by little to anyone who can make the browser open pages and see their
    sizes (the attack BREACH).
    """
    salt = salt or secrets.token_hex(_SALT // 2)
    return salt + hmac.new(token.encode(), b"riskml form" + salt.encode(), hashlib.sha256).hexdigest()


def accepts_form_token(token: str, sent: str) -> bool:
    """Return whether a form's token was derived from the cookie.

    >>> accepts_form_token("cookie", derive_form_token("cookie")), accepts_form_token("cookie", "")
    (True, False)
    """
    return len(sent) > _SALT and hmac.compare_digest(derive_form_token(token, sent[:_SALT]).encode(), sent.encode())


def limit_sign_ins(attempt: Attempt) -> None:
    """Count an attempt by its address, across all workers; one that succeeds is taken back.

    Raises
    ------
    Problem
        ``too-many-requests``, with the number of seconds to wait.
    """
    limit, at = attempt.settings.sign_ins_per_minute, time.time()
    if limit and repository.count_attempt(attempt.connection, attempt.address_hash, int(at // 60)) > limit:
        again = {"Retry-After": str(60 - int(at % 60))}
        raise Problem("too-many-requests", "sign-in", most=limit, headers=again)


def check_password(connection: Connection, username: str, password: str) -> bool:
    """Check a password against an account. This is slow on purpose, so call it outside a writing transaction."""
    row = repository.find_user(connection, username)
    return verify_password(row["password_hash"] if row else None, password)


def sign_in(attempt: Attempt, username: str, correct: bool) -> str | None:
    """Open a session if the password was correct; otherwise count a failure of the account.

    An address from which the account has signed in before has a count and a lock of its own: a person who tries
    passwords from elsewhere does not keep the owner out, and gets no more tries when the owner signs in.

    Returns
    -------
    str or None
        A new token for the cookie; None if the user name or password is wrong or the account may not sign in, without
        saying which.
    """
    connection, settings = attempt.connection, attempt.settings
    at, row = now(), repository.find_user(connection, username, lock=True)
    if row is None:  # what was typed may be a password, so it is not recorded
        attempt.record(NOBODY, "sign-in.unknown")
        return None
    caller = Caller(f"user:{username}", row["region"], frozenset())
    known = repository.find_address(connection, username, attempt.address_hash)
    counts = row if known is None else known
    lock = dt.timedelta(minutes=settings.lock_minutes)  # a lock that ends later is from before the clock was set back
    until = counts["locked_until"]
    if row["disabled_at"] is not None or (until is not None and at < until <= at + lock):
        attempt.record(caller, "sign-in.refused")
        return None
    if correct:
        if known is None:
            repository.change_user(connection, username, failures=0, locked_until=None)
        return _open_session(attempt, username, caller)
    failures = counts["failures"] + 1
    locked = failures >= settings.sign_in_failures
    changed = {"failures": 0 if locked else failures, "locked_until": at + lock if locked else None}
    if known is None:
        repository.change_user(connection, username, **changed)
    else:
        repository.keep_address(connection, {**known, **changed}, at - KNOWN)
    attempt.record(caller, "sign-in.locked" if locked else "sign-in.failed")
    return None


def sign_in_by_provider(attempt: Attempt, person: Person | None) -> str | None:
    """Open a session for a person authenticated by the provider, with the role and region that the provider now states.

    Returns
    -------
    str or None
        A new token for the cookie; None if the provider names nobody or the account has been disabled here.
    """
    if person is None:
        attempt.record(NOBODY, "sign-in.unknown")
        return None
    stated, row = asdict(person), repository.find_user(attempt.connection, person.username, lock=True)
    caller = Caller(f"user:{person.username}", person.region, frozenset())
    if row is not None and row["disabled_at"] is not None:
        attempt.record(caller, "sign-in.refused")
        return None
    if row is None or any(row[name] != value for name, value in stated.items()):
        rights = {name: stated[name] for name in ("role", "region", "health_details", "identity")}
        attempt.record(caller, "user.create" if row is None else "user.change", **rights)
    values = {"password_hash": "", "failures": 0, "created_at": row["created_at"] if row else now()}
    repository.upsert_user(attempt.connection, {**stated, **values})
    return _open_session(attempt, person.username, caller)


def _open_session(attempt: Attempt, username: str, caller: Caller) -> str:
    """Open a session, from an address that the account then knows; the attempt does not count as a failed one."""
    connection, at = attempt.connection, now()
    repository.uncount_attempt(connection, attempt.address_hash)
    repository.delete_stale_sessions(connection, *_find_limits(attempt.settings, at))
    known = {"username": username, "address_hash": attempt.address_hash, "seen_at": at}
    repository.keep_address(connection, {**known, "failures": 0, "locked_until": None}, at - KNOWN)
    token = secrets.token_urlsafe(32)
    repository.add_session(connection, _hash(token), username, at, attempt.address)
    attempt.record(caller, "sign-in")
    return token


def _find_limits(settings: Settings, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Find the earliest times at which a valid session may have been opened and last used."""
    return at - dt.timedelta(hours=settings.session_hours), at - dt.timedelta(minutes=settings.session_idle_minutes)


def resolve_session(connection: Connection, settings: Settings, token: str) -> Visitor | None:
    """Find the person whose session this is; return None if the session has ended."""
    at, row = now(), repository.find_session(connection, _hash(token))
    opened, seen = _find_limits(settings, at)
    if row is None or row["disabled_at"] is not None or row["opened_at"] < opened or row["seen_at"] < seen:
        return None
    return Visitor.from_row(dict(row), token, stale=at - row["seen_at"] > TOUCH_INTERVAL)


def touch_session(connection: Connection, token: str) -> None:
    """Record that a session was used."""
    repository.touch_session(connection, _hash(token), now())


def sign_out(connection: Connection, visitor: Visitor, request_id: str) -> None:
    """End a session."""
    repository.delete_session(connection, _hash(visitor.token))
    audit.record(connection, visitor.caller, "sign-out", request_id=request_id)


def list_own_sessions(connection: Connection, settings: Settings, visitor: Visitor) -> list[dict[str, Any]]:
    """List the open sessions of an account: ``number``, ``created_at``, ``seen_at``, ``address``, and ``current``."""
    rows, own = repository.list_sessions(connection, visitor.username, *_find_limits(settings, now())), visitor.token
    return [
        {**row, "number": row["token_hash"][: repository.SHOWN], "current": row["token_hash"] == _hash(own)}
        for row in rows
    ]


def end_sessions(connection: Connection, visitor: Visitor, number: str | None, request_id: str) -> None:
    """End the account's session with a number, or all but the current one."""
    if ended := repository.delete_other_sessions(connection, visitor.username, _hash(visitor.token), number):
        audit.record(connection, visitor.caller, "session.end", request_id=request_id, sessions=ended)


def change_password(attempt: Attempt, user: Visitor, password_hash: str) -> str:
    """Replace an account's password, end all of its sessions and open a new one; return the token for its cookie."""
    changed = {"password_hash": password_hash, "failures": 0, "locked_until": None}
    repository.change_user(attempt.connection, user.username, **changed)
    repository.delete_sessions(attempt.connection, user.username)
    attempt.record(user.caller, "password.change")
    return _open_session(attempt, user.username, user.caller)
