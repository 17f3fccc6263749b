"""Creates, revokes and checks API keys: ``rk_<id>_<secret>``, of which only a hash is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable

import anyio.to_thread
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml.text import Joined, Text
from riskml.vocabulary.regions import is_region_code
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading
from riskml_serving.base.problems import Problem
from riskml_serving.people.auth import repository
from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.oidc import Oidc

MAX_CACHED_KEYS = 4096
MAX_TOKEN_LENGTH = 16_384


def _hash_secret(secret: str) -> str:
    """Hash a secret. It has 256 random bits, so it cannot be guessed; a slow hash would only slow down requests."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(connection: Connection, name: str, region: str, rights: Iterable[str]) -> str:
    """Create a key; the returned text is shown once and cannot be recovered.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    name : str
        Name of the key's owner.
    region : str
        Region prefix; empty means everywhere.
    rights : iterable of str
        Rights from ``RIGHTS``.

    Raises
    ------
    UsageError
        If the prefix is not valid, no right is given, or a right does not exist.
    """
    granted = frozenset(rights)
    unknown = sorted(granted - set(RIGHTS))
    if unknown or not granted:
        raise UsageError(
            "No such right: {unknown}.",
            "Valid rights: {rights}.",
            unknown=Joined(unknown) or Text("none"),
            rights=Joined(RIGHTS),
        )
    if region and not is_region_code(region):
        raise UsageError(
            "{region!r} is not a region prefix.",
            "Write 2, 4, 6, 9 or 12 digits, or leave it out for everywhere.",
            region=region,
        )
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = {"key_id": key_id, "name": name, "secret_hash": _hash_secret(secret), "region": region, "created_at": now()}
    repository.add_key(connection, {**row, "rights": " ".join(r for r in RIGHTS if r in granted)})
    return f"rk_{key_id}_{secret}"


def read_key_id(key: str) -> str:
    """Read the id of a key, given the id or the key itself.

    >>> read_key_id("rk_ab12_secret"), read_key_id("ab12")
    ('ab12', 'ab12')
    """
    return key.removeprefix("rk_").split("_")[0]


def revoke_key(connection: Connection, key_id: str) -> None:
    """Revoke a key permanently.

    Raises
    ------
    UsageError
        If there is no such key, or it has already been revoked.
    """
    if not repository.revoke_key(connection, read_key_id(key_id), now()):
        raise UsageError(
            "There is no valid key {key_id!r}.", "`riskml-serving keys list` shows them all.", key_id=key_id
        )


class Authenticator:
    """Finds the caller of a request by its key.

    Parameters
    ----------
    engine : Engine
    trust : float
        Seconds for which a key is cached; a revoked key may stay valid for that long.
    oidc : Oidc, optional
        Checks bearer tokens that are not API keys.
    """

    def __init__(self, engine: Engine, trust: float, oidc: Oidc | None = None) -> None:
        self.engine, self.trust, self.oidc = engine, trust, oidc
        self._cache: dict[str, tuple[float, str, Caller]] = {}

    async def authenticate(self, authorization: str) -> Caller:
        """Authenticate the value of the header ``Authorization``.

        Raises
        ------
        Problem
            ``provider-unavailable``; ``not-authenticated`` if the key is wrong, missing or revoked, without saying
            which.
        """
        scheme, _, token = authorization.partition(" ")
        prefix, _, rest = token.strip().partition("_")
        bearer = scheme.lower() == "bearer"
        if self.oidc is not None and bearer and token.count(".") == 2 and len(token) <= MAX_TOKEN_LENGTH:
            caller = await self.oidc.authenticate(token.strip())
            if caller is None:
                raise Problem("not-authenticated", "bearer")
            return caller
        key_id, _, secret = rest.partition("_")
        if not bearer or prefix != "rk" or not secret or len(token) > 200 or not token.isascii():
            raise Problem("not-authenticated", "bearer")
        key = self._cache.get(key_id)
        if key is None or time.monotonic() - key[0] > self.trust:
            key = await anyio.to_thread.run_sync(self._read, key_id)
        if key is None or not hmac.compare_digest(key[1], _hash_secret(secret)):
            raise Problem("not-authenticated", "bearer")
        return key[2]

    def _read(self, key_id: str) -> tuple[float, str, Caller] | None:
        with reading(self.engine) as connection:
            row = repository.find_key(connection, key_id)
        if row is None or row["revoked_at"] is not None:
            self._cache.pop(key_id, None)
            return None
        if len(self._cache) >= MAX_CACHED_KEYS:
            self._cache.clear()
        caller = Caller(key_id, row["region"], frozenset(row["rights"].split()))
        self._cache[key_id] = key = (time.monotonic(), str(row["secret_hash"]), caller)
        return key
