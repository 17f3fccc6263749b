"""Checks bearer tokens from an OpenID provider, which callers may use instead of API keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
import jwt

from riskml.vocabulary.regions import is_region_code
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.jwks import KeySet

EVERYWHERE = "*"
"""Value of the region claim that grants access everywhere; a missing or empty claim must never do so."""

LEEWAY = 60
"""Seconds by which the clocks of the provider and the service may differ."""

_NAME = re.compile(r"[\w.@|-]{1,59}", re.ASCII)


class Oidc:
    """Turns bearer tokens into callers.

    Parameters
    ----------
    settings : Settings
        The settings that begin with ``oidc`` are used.
    keys : KeySet
        The provider's public keys.
    """

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self._settings, self._keys = settings, keys

    async def authenticate(self, token: str) -> Caller | None:
        """Return the caller that a token identifies; None if the token is not valid here.

        Raises
        ------
        Problem
            ``provider-unavailable`` if the provider does not answer and its cached keys are too old.
        """
        settings = self._settings
        audience = str(settings.oidc_audience)
        claims = await anyio.to_thread.run_sync(verify_token, token, self._keys, settings, audience)
        region = parse_region(read_claim(claims, settings.oidc_region_claim)) if claims else None
        if claims is None or region is None:
            return None
        rights = _resolve_rights(parse_names(read_claim(claims, settings.oidc_rights_claim)), settings.oidc_rights)
        return Caller(_name_caller(str(claims["sub"])), region, rights)


def verify_token(token: str, keys: KeySet, settings: Settings, audience: str) -> dict[str, Any] | None:
    """Return the claims in a token that the provider signed for an audience; None if the token is not valid now.

    Raises
    ------
    Problem
        ``provider-unavailable`` if the provider does not answer and its cached keys are too old.
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
        raise Problem("provider-unavailable") from error


def read_claim(claims: Mapping[str, Any], path: str) -> Any:
    """Read a claim; a dot in the path steps into an object, as in ``realm_access.roles``.

    >>> read_claim({"realm_access": {"roles": ["read"]}}, "realm_access.roles"), read_claim({}, "a.b")
    (['read'], None)
    """
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def parse_region(value: Any) -> str | None:
    """Parse the region claim; return None if it is not a region prefix.

    >>> parse_region("370112"), parse_region("*"), parse_region(""), parse_region(None), parse_region("3701120")
    ('370112', '', None, None, None)
    """
    if value == EVERYWHERE:
        return ""
    return value if isinstance(value, str) and is_region_code(value) else None


def parse_names(value: Any) -> list[str]:
    """Parse a claim that is a list of names or a string of names separated by spaces.

    >>> parse_names("read score"), parse_names(["read", 7]), parse_names(None)
    (['read', 'score'], ['read'], [])
    """
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str)]


def _resolve_rights(names: list[str], roles: Mapping[str, str]) -> frozenset[str]:
    """Resolve names to rights: each name is a right, or a role that the setting maps to rights.

    >>> sorted(_resolve_rights(["village", "read", "other"], {"village": "score write"}))
    ['read', 'score', 'write']
    """
    rights = {right for name in names for right in roles.get(name, name).split()}
    return frozenset(rights & set(RIGHTS))


def _name_caller(subject: str) -> str:
    """Name the caller for the audit log; a subject that is too long or has unusual characters is hashed."""
    return f"oidc:{subject if _NAME.fullmatch(subject) else hashlib.sha256(subject.encode()).hexdigest()[:40]}"
