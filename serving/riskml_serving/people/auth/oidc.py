"""Bearer tokens of an OpenID provider, as an option beside API keys: signature, issuer, audience, region, rights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
import jwt

from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.jwks import KeySet
from riskml_serving.people.auth.scope import LEVELS

__all__ = ["EVERYWHERE", "Oidc", "claim_at", "names_in", "region_in", "verified"]

EVERYWHERE = "*"
"""Value of the region claim that means everywhere: a claim that is missing or empty must never mean that."""

LEEWAY = 60
"""Seconds by which the clocks of provider and service may differ."""

_NAME = re.compile(r"[\w.@|-]{1,59}", re.ASCII)


class Oidc:
    """Turns a token into a caller.

    Parameters
    ----------
    settings : Settings
        Those whose names begin with ``oidc``.
    keys : KeySet
        Public keys of the provider.
    """

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self._settings, self._keys = settings, keys

    async def caller(self, token: str) -> Caller | None:
        """Return the caller; None where the token is not valid here.

        Raises
        ------
        Problem
            ``provider-unavailable``: no key of the provider is known and it does not answer.
        """
        return await anyio.to_thread.run_sync(self._caller, token)

    def _caller(self, token: str) -> Caller | None:
        settings = self._settings
        claims = verified(token, self._keys, settings, str(settings.oidc_audience))
        region = region_in(claim_at(claims, settings.oidc_region_claim)) if claims else None
        if claims is None or region is None:
            return None
        rights = _rights(names_in(claim_at(claims, settings.oidc_rights_claim)), settings.oidc_rights)
        return Caller(_named(str(claims["sub"])), region, rights)


def verified(token: str, keys: KeySet, settings: Settings, audience: str) -> dict[str, Any] | None:
    """Claims of a token that the provider signed for an audience; None where it is not valid here and now.

    Raises
    ------
    Problem
        ``provider-unavailable``: no key of the provider is known and it does not answer.
    """
    try:
        header = jwt.get_unverified_header(token)
        key = keys.find(str(header.get("kid", "")))
        if key is None:
            return None
        return jwt.decode(
            token,
            key,
            algorithms=list(settings.oidc_algorithms),
            audience=audience,
            issuer=settings.oidc_issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"], "strict_aud": False},
        )
    except jwt.PyJWTError:
        return None
    except OSError as error:
        raise Problem("provider-unavailable", headers={"Retry-After": "10"}) from error


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """Value of a claim; a dot steps into an object, as in ``realm_access.roles``.

    >>> claim_at({"realm_access": {"roles": ["read"]}}, "realm_access.roles"), claim_at({}, "a.b")
    (['read'], None)
    """
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def region_in(value: Any) -> str | None:
    """Region prefix of a claim; None where it is none.

    >>> region_in("370112"), region_in("*"), region_in(""), region_in(None), region_in("3701120")
    ('370112', '', None, None, None)
    """
    if value == EVERYWHERE:
        return ""
    fits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in LEVELS
    return value if fits else None


def names_in(value: Any) -> list[str]:
    """Names of a claim that is a list or words.

    >>> names_in("read score"), names_in(["read", 7]), names_in(None)
    (['read', 'score'], ['read'], [])
    """
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str)]


def _rights(names: list[str], meaning: Mapping[str, str]) -> frozenset[str]:
    """Rights by name: each is a right, or a role that the setting turns into rights.

    >>> sorted(_rights(["village", "read", "other"], {"village": "score write"}))
    ['read', 'score', 'write']
    """
    found: set[str] = set()
    for name in names:
        found.update(meaning.get(name, name).split())
    return frozenset(found & set(RIGHTS))


def _named(subject: str) -> str:
    """Name of the caller for the audit; what is too long or odd for it goes by its hash."""
    return (
        f"oidc:{subject}" if _NAME.fullmatch(subject) else f"oidc:{hashlib.sha256(subject.encode()).hexdigest()[:40]}"
    )
