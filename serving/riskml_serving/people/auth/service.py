"""Makes, revokes and checks API keys: ``rk_<id>_<secret>``, of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable

import anyio.to_thread
from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml_serving.base.clock import now
from riskml_serving.base.database import reading
from riskml_serving.base.problems import Problem
from riskml_serving.people.auth import repository
from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.oidc import Oidc
from riskml_serving.people.auth.scope import LEVELS

__all__ = ["Authenticator", "create_key", "hash_of", "revoke_key"]

MOST_CACHED = 4096
MOST_TOKEN = 16_384


def hash_of(secret: str) -> str:
    """Hash of a secret. It has 256 random bits, so guessing is hopeless and a slow hash would only slow requests."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(connection: Connection, name: str, region: str, rights: Iterable[str]) -> str:
    """Make a key; the text returned is shown once and cannot be recovered.

    Parameters
    ----------
    connection : Connection
        Of a writing transaction.
    name : str
        Whose key it is.
    region : str
        Region prefix; empty is everywhere.
    rights : iterable of str
        Of ``RIGHTS``.

    Raises
    ------
    UsageError
        If the prefix or a right is unknown.
    """
    wanted = frozenset(rights)
    unknown = sorted(wanted - set(RIGHTS))
    if unknown or not wanted:
        raise UsageError(f"No such right: {', '.join(unknown) or 'none given'}.", f"Rights are: {', '.join(RIGHTS)}.")
    if region and not (region.isascii() and region.isdigit() and len(region) in LEVELS):
        raise UsageError(
            f"{region!r} is not a region prefix.", "Write 2, 4, 6, 9 or 12 digits, or leave it out for everywhere."
        )
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = {"key_id": key_id, "name": name, "secret_hash": hash_of(secret), "region": region, "created_at": now()}
    repository.add_key(connection, {**row, "rights": " ".join(r for r in RIGHTS if r in wanted)})
    return f"rk_{key_id}_{secret}"


def revoke_key(connection: Connection, key_id: str) -> None:
    """Revoke a key for good.

    Raises
    ------
    UsageError
        If there is no such key, or it was revoked before.
    """
    if not repository.revoke_key(connection, key_id.removeprefix("rk_").split("_")[0], now()):
        raise UsageError(f"There is no valid key {key_id!r}.", "`riskml-serving keys list` shows them all.")


class Authenticator:
    """Finds the caller of a request by its key.

    Parameters
    ----------
    engine : Engine
    trust : float
        Seconds for which what was read of a key is trusted: a key that is revoked ends after these.
    oidc : Oidc, optional
        Takes bearer tokens that are not API keys.
    """

    def __init__(self, engine: Engine, trust: float, oidc: Oidc | None = None) -> None:
        self.engine, self.trust, self.oidc = engine, trust, oidc
        self._known: dict[str, tuple[float, str, Caller]] = {}

    async def caller(self, authorization: str) -> Caller:
        """Authenticate the value of the header ``Authorization``.

        Raises
        ------
        Problem
            ``provider-unavailable``, or ``not-authenticated``: nothing tells a wrong key from a missing or revoked one.
        """
        scheme, _, token = authorization.partition(" ")
        prefix, _, rest = token.strip().partition("_")
        if self.oidc is not None and scheme.lower() == "bearer" and token.count(".") == 2 and len(token) <= MOST_TOKEN:
            found = await self.oidc.caller(token.strip())
            if found is None:
                raise _refused()
            return found
        key_id, _, secret = rest.partition("_")
        if scheme.lower() != "bearer" or prefix != "rk" or not secret or len(token) > 200 or not token.isascii():
            raise _refused()
        kept = self._known.get(key_id)
        if kept is None or time.monotonic() - kept[0] > self.trust:
            kept = await anyio.to_thread.run_sync(self._read, key_id)
        if kept is None or not hmac.compare_digest(kept[1], hash_of(secret)):
            raise _refused()
        return kept[2]

    def _read(self, key_id: str) -> tuple[float, str, Caller] | None:
        with reading(self.engine) as connection:
            row = repository.find_key(connection, key_id)
        if row is None or row["revoked_at"] is not None:
            self._known.pop(key_id, None)
            return None
        if len(self._known) >= MOST_CACHED:
            self._known.clear()
        caller = Caller(key_id, row["region"], frozenset(row["rights"].split()))
        kept = (time.monotonic(), str(row["secret_hash"]), caller)
        self._known[key_id] = kept
        return kept


def _refused() -> Problem:
    return Problem(
        "not-authenticated",
        "请在请求头 Authorization: Bearer 后给出有效的密钥",
        "Send a valid key in the header Authorization: Bearer",
        headers={"WWW-Authenticate": "Bearer"},
    )
