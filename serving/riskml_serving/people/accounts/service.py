"""Creates, changes and disables accounts."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection
from zxcvbn import zxcvbn

from riskml.errors import UsageError
from riskml.text import Joined
from riskml_serving.base.clock import now
from riskml_serving.people.accounts import repository
from riskml_serving.people.accounts.roles import ROLES
from riskml_serving.people.auth.repository import find_key

MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 10, 256
LEAST_SCORE, LONGEST_ESTIMATE = 3, 72
"""Lowest score of a password, from 0 to 4 (3: more than a hundred million guesses), and how much of it is scored."""
_NAME = re.compile(r"[a-z][a-z0-9_.-]{1,38}")
_HASHER = PasswordHasher()


@cache
def _make_dummy_hash() -> str:
    """Hash a dummy password, to check against if there is no account, so that both cases take equally long."""
    return _HASHER.hash("nobody has this password")


def verify_password(password_hash: str | None, password: str) -> bool:
    """Return whether a password matches a hash; without a hash, the check takes just as long.

    >>> verify_password(None, "anything"), verify_password("", "nobody has this password")
    (False, False)
    """
    try:
        return _HASHER.verify(password_hash or _make_dummy_hash(), password[:MAX_PASSWORD_LENGTH]) and bool(
            password_hash
        )
    except (Argon2Error, InvalidHashError):
        return False


def name_caller(connection: Connection, key_id: str) -> str:
    """Return the name of a person or an API key from the identifier saved with what they wrote."""
    kind, _, username = key_id.partition(":")
    row = repository.find_user(connection, username) if kind == "user" else find_key(connection, key_id)
    return str(row["name"]) if row else username or key_id


def create_user(
    connection: Connection,
    username: str,
    password: str,
    role: str,
    region: str,
    *,
    name: str = "",
    health_details: bool = False,
    identity: bool = False,
) -> None:
    """Create an account.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    username : str
        User name: 2 to 39 lower-case letters, digits, ``_``, ``.`` and ``-``, starting with a letter.
    password : str
        Password with 10 to 256 characters.
    role : str
        A key of ``ROLES``.
    region : str
        Region prefix, with a length that the role allows.
    name : str, optional
        Name shown on the pages; the user name by default.
    health_details : bool, default False
        Whether the account may see health details.
    identity : bool, default False
        Whether the account may see names, ID numbers and telephones in its region.

    Raises
    ------
    UsageError
        If a value is invalid, or the user name is taken.
    """
    if not _NAME.fullmatch(username):
        raise UsageError(
            "{username!r} is not a valid user name.",
            "Use 2 to 39 characters of a-z, 0-9, '_', '.', '-', starting with a letter.",
            username=username,
        )
    if role not in ROLES:
        raise UsageError("There is no role {role!r}.", "Valid roles: {roles}.", role=role, roles=Joined(ROLES))
    digits = ROLES[role].digits
    if len(region) not in digits or (region and not (region.isascii() and region.isdigit())):
        raise UsageError(
            "{region!r} is not a valid region for the role {role}.",
            "Use a prefix of {digits} digits.",
            region=region,
            role=role,
            digits=Joined(digits, " or ", "或"),
        )
    if repository.find_user(connection, username) is not None:
        raise UsageError(
            "There is already an account {username!r}.",
            "`riskml-serving users list` shows them all.",
            username=username,
        )
    row: dict[str, Any] = {"username": username, "name": name or username, "role": role, "region": region}
    row |= {"health_details": health_details, "identity": identity, "created_at": now(), "failures": 0}
    repository.add_user(connection, {**row, "password_hash": hash_password(password, username, name)})


def set_password(connection: Connection, username: str, password: str) -> None:
    """Change a password, unlock the account and end its sessions."""
    row = repository.find_user(connection, username)
    hashed = hash_password(password, username, row["name"] if row else "")
    _change_user(connection, username, password_hash=hashed, failures=0, locked_until=None)


def disable_user(connection: Connection, username: str) -> None:
    """Disable an account and end its sessions at once."""
    _change_user(connection, username, disabled_at=now())


def hash_password(password: str, *names: str) -> str:
    """Hash a new password.

    Raises
    ------
    UsageError
        If it is too short or too long, or takes few guesses: common passwords and words, names (also those of the
        account), days, sequences and keys side by side are tried first.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise UsageError(
            "The password does not have {least} to {most} characters.",
            "A sentence of a few words works well.",
            least=MIN_PASSWORD_LENGTH,
            most=MAX_PASSWORD_LENGTH,
        )
    if zxcvbn(password[:LONGEST_ESTIMATE], [name for name in names if name])["score"] < LEAST_SCORE:
        raise UsageError(
            "The password is easy to guess.",
            "Common passwords, names, days and sequences such as 12345 are tried first: combine unrelated words.",
        )
    return _HASHER.hash(password)


def _change_user(connection: Connection, username: str, **values: Any) -> None:
    if not repository.change_user(connection, username, **values):
        raise UsageError(
            "There is no account {username!r}.", "`riskml-serving users list` shows them all.", username=username
        )
    repository.delete_sessions(connection, username)
