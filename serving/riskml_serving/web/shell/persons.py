"""Names on the pages: read and searched for visitors who may see them, and for nobody else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from riskml_serving.casework.clues.repository import read_names
from riskml_serving.operations.state import get_state
from riskml_serving.people.auth import IDENTITY
from riskml_serving.register.keys import IdentityKeys, LostKeyError
from riskml_serving.register.service import Person, find_households_by_person, read_persons
from riskml_serving.web.shell.visitor import PageRequest, find_visitor

T = TypeVar("T")

MARK = "~"
"""Begins an encrypted search in an address."""

MAX_FOUND = 5_000
"""Maximum number of households that a search by person returns: databases limit the codes in a query."""


def get_keys(request: Request) -> IdentityKeys | None:
    """Return the identity keys if the visitor may see names; None without the right or without a key."""
    visitor = find_visitor(request)
    return get_state(request).identity if visitor is not None and visitor.may(IDENTITY) else None


def misses_key(request: Request) -> bool:
    """Return whether names were left out of this response because their key is missing."""
    return getattr(request.state, "misses_key", False)


def read_encrypted(request: PageRequest, read: Callable[[IdentityKeys], T], otherwise: T) -> T:
    """Read something encrypted for a visitor who may see names; return ``otherwise`` to anyone else.

    If its key is missing, ``otherwise`` is returned too, and a notice on the page says why: see :func:`misses_key`.
    """
    keys = get_keys(request)
    if keys is None:
        return otherwise
    try:
        return read(keys)
    except LostKeyError:
        request.state.misses_key = True
        return otherwise


def read_heads(request: PageRequest, connection: Connection, household_ids: Iterable[str]) -> dict[str, Person]:
    """Read the heads of households by household; if there is no head, the eldest person takes the place.

    Parameters
    ----------
    request : Request
    connection : Connection
    household_ids : iterable of str
        Codes that a query limited to the visitor's region has returned.

    Returns
    -------
    dict of str to Person
        Empty for a visitor who may not see names, and if the key of a name is missing.
    """
    none: dict[str, list[Person]] = {}
    homes = read_encrypted(request, lambda keys: read_persons(connection, keys, household_ids), none)
    return {code: persons[0] for code, persons in homes.items() if persons[0].left_on is None}


def read_clue_names(request: PageRequest, connection: Connection, clue_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Read the names in clues, by number; see :func:`casework.clues.repository.read_names`."""
    none = dict[int, dict[str, str]]()
    return read_encrypted(request, lambda keys: read_names(connection, keys, clue_ids), none)


def note_names(heads: Mapping[Any, Any]) -> dict[str, int]:
    """Return what the audit entries of a page say about names: of how many households they were shown, if of any."""
    return {"names": len(heads)} if heads else {}


def find_by_person(request: PageRequest, connection: Connection, region: str, text: str) -> tuple[str, ...]:
    """Find the households in a region by a person's name or number; nothing for a visitor who may not see names."""
    if not text:
        return ()
    codes = read_encrypted(request, lambda keys: find_households_by_person(connection, keys, region, text), list[str]())
    return tuple(codes[:MAX_FOUND])


def encrypt_search(request: PageRequest, text: str) -> str:
    """Encrypt the text of a search for an address, which browsers and proxies may keep, if it may name a person."""
    if (keys := get_keys(request)) is None:
        return text
    encrypted = keys.encrypt(text.encode("utf-8", "replace"), "search", request.visitor.username)
    return MARK + base64.urlsafe_b64encode(encrypted).decode()


def decrypt_search(request: PageRequest, text: str) -> str:
    """Decrypt the text of a search that this visitor has sent; any other text is returned as it is."""
    keys = get_keys(request)
    if keys is None or not text.startswith(MARK):
        return text
    try:
        encrypted = base64.urlsafe_b64decode(text.removeprefix(MARK).encode())
        return keys.decrypt(encrypted, "search", request.visitor.username).decode()
    except (binascii.Error, LostKeyError):
        return text
