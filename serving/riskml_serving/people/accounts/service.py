"""Creates, changes and disables accounts."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection

from riskml.errors import UsageError
from riskml_serving.base.clock import now
from riskml_serving.people.accounts import repository
from riskml_serving.people.accounts.roles import ROLES

__all__ = ["MIN_PASSWORD_LENGTH", "create_user", "disable_user", "set_password", "verify_password"]

MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 10, 256
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


def create_user(
    connection: Connection,
    username: str,
    password: str,
    role: str,
    region: str,
    *,
    name: str = "",
    health_details: bool = False,
) -> None:
    """Create an account.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    username : str
        User name, which consists of lower-case letters, digits, ``_``, ``.`` and ``-``.
    password : str
        Password with at least ten characters.
    role : str
        A key of ``ROLES``.
    region : str
        Region prefix, with a length that the role allows.
    name : str, optional
        Name shown on the pages; the user name by default.
    health_details : bool, default False
        Whether the account may see health details.

    Raises
    ------
    UsageError
        If a value is invalid, or the user name is taken.
    """
    if not _NAME.fullmatch(username):
        raise UsageError(
            f"{username!r} is not a valid user name.",
            "Use 2 to 39 characters of a-z, 0-9, '_', '.', '-', starting with a letter.",
        )
    if role not in ROLES:
        raise UsageError(f"There is no role {role!r}.", f"Roles are: {', '.join(ROLES)}.")
    digits = ROLES[role].digits
    if len(region) not in digits or (region and not (region.isascii() and region.isdigit())):
        allowed = " or ".join(str(n) for n in digits)
        raise UsageError(f"{region!r} is not a valid region for the role {role}.", f"Use a prefix of {allowed} digits.")
    if repository.find_user(connection, username) is not None:
        raise UsageError(f"There is already an account {username!r}.", "`riskml-serving users list` shows them all.")
    row: dict[str, Any] = {"username": username, "name": name or username, "role": role, "region": region}
    row |= {"health_details": health_details, "created_at": now(), "failures": 0}
    repository.add_user(connection, {**row, "password_hash": _hash_password(password)})


def set_password(connection: Connection, username: str, password: str) -> None:
    """Change a password, unlock the account and end its sessions."""
    _change_user(connection, username, password_hash=_hash_password(password), failures=0, locked_until=None)


def disable_user(connection: Connection, username: str) -> None:
    """Disable an account and end its sessions at once."""
    _change_user(connection, username, disabled_at=now())


def _hash_password(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise UsageError(
            f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters.",
            "A sentence of a few words works well.",
        )
    return _HASHER.hash(password)


def _change_user(connection: Connection, username: str, **values: Any) -> None:
    if not repository.change_user(connection, username, **values):
        raise UsageError(f"There is no account {username!r}.", "`riskml-serving users list` shows them all.")
    repository.delete_sessions(connection, username)
