"""Bearer tokens of an OpenID provider, as an option beside API keys: signature, issuer, audience, region, rights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
import jwt

from riskml_serving.auth.caller import RIGHTS, Caller
from riskml_serving.auth.jwks import KeySet
from riskml_serving.auth.scope import LEVELS
from riskml_serving.problems import Problem
from riskml_serving.settings import Settings

__all__ = ["EVERYWHERE", "Oidc"]

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
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.find(str(header.get("kid", "")))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=list(settings.oidc_algorithms),
                audience=settings.oidc_audience,
                issuer=settings.oidc_issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"], "strict_aud": False},
            )
        except jwt.PyJWTError:
            return None
        except OSError as error:
            raise Problem("provider-unavailable", headers={"Retry-After": "10"}) from error
        region = _region(_at(claims, settings.oidc_region_claim))
        if region is None:
            return None
        rights = _rights(_at(claims, settings.oidc_rights_claim), settings.oidc_rights)
        return Caller(_named(str(claims["sub"])), region, rights)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """Value of a claim; a dot steps into an object, as in ``realm_access.roles``.

    >>> _at({"realm_access": {"roles": ["read"]}}, "realm_access.roles"), _at({}, "a.b")
    (['read'], None)
    """
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _region(value: Any) -> str | None:
    """Region prefix of a claim; None where it is none.

    >>> _region("370112"), _region("*"), _region(""), _region(None), _region("3701120")
    ('370112', '', None, None, None)
    """
    if value == EVERYWHERE:
        return ""
    fits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in LEVELS
    return value if fits else None


def _rights(value: Any, meaning: Mapping[str, str]) -> frozenset[str]:
    """Rights of a claim: a list or words; each is a right, or a role that the setting turns into rights.

    >>> sorted(_rights(["village", "read", "other"], {"village": "score write"}))
    ['read', 'score', 'write']
    """
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    found: set[str] = set()
    for name in names:
        if isinstance(name, str):
            found.update(meaning.get(name, name).split())
    return frozenset(found & set(RIGHTS))


def _named(subject: str) -> str:
    """Name of the caller for the audit; what is too long or odd for it goes by its hash."""
    return (
        f"oidc:{subject}" if _NAME.fullmatch(subject) else f"oidc:{hashlib.sha256(subject.encode()).hexdigest()[:40]}"
    )
