"""Signs people in through an OpenID provider (code flow with PKCE); the claims state their role and region."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskml.errors import UsageError
from riskml.text import Joined, Text
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.people.accounts.roles import ROLES
from riskml_serving.people.auth.jwks import KeySet, discover_endpoint, is_secure
from riskml_serving.people.auth.oidc import parse_names, parse_region, read_claim, verify_token

TIMEOUT = 10
"""Seconds to wait for the provider."""


@dataclass(frozen=True)
class Person:
    """A person authenticated by the provider.

    Parameters
    ----------
    username, name, role, region : str
        ``username`` is derived from issuer and subject and matches no local account; ``role`` is a key of ``ROLES``.
    health_details, identity : bool
    """

    username: str
    name: str
    role: str
    region: str
    health_details: bool
    identity: bool


class Provider:
    """The OpenID provider in the settings, for signing in with a browser.

    Parameters
    ----------
    settings : Settings
        The settings that begin with ``oidc`` are used.
    keys : KeySet
        The provider's public keys.

    Raises
    ------
    UsageError
        If a required setting is missing or invalid.

    Notes
    -----
    State, nonce and PKCE verifier are derived from one seed, which only the browser that started the sign-in holds, in
    a cookie. The service stores nothing in between, and any worker can finish a sign-in that another worker started.
    """

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        if not settings.oidc_redirect_url or not is_secure(settings.oidc_redirect_url):
            raise UsageError(
                "oidc_client_id is set without an https address in oidc_redirect_url.",
                "Set the address of /sign-in/provider/return as browsers see it, and register it with the provider.",
            )
        unknown = sorted(set(settings.oidc_roles.values()) - set(ROLES))
        if unknown or not settings.oidc_roles:
            raise UsageError(
                "oidc_roles names unknown roles or none: {unknown}.",
                "Map roles of the provider to: {roles}.",
                unknown=Joined(unknown) or Text("it is empty"),
                roles=Joined(ROLES),
            )
        self._settings, self._keys = settings, keys

    def make_authorization_url(self, seed: str) -> str:
        """Return the provider's address to which the browser is sent.

        Raises
        ------
        Problem
            ``provider-unavailable``.
        """
        url, _ = self._create_session().create_authorization_url(
            self._discover("authorization_endpoint"),
            state=derive_state(seed),
            nonce=_derive(seed, "nonce"),
            code_verifier=_derive(seed, "verifier"),
        )
        return str(url)

    def redeem(self, seed: str, code: str) -> Person | None:
        """Redeem the code that the browser brought back; return None if it is refused or the person has no role here.

        Raises
        ------
        Problem
            ``provider-unavailable``.
        """
        settings = self._settings
        token = self._fetch_id_token(seed, code)
        claims = None if token is None else verify_token(token, self._keys, settings, str(settings.oidc_client_id))
        if claims is None or not hmac.compare_digest(str(claims.get("nonce")), _derive(seed, "nonce")):
            return None
        if claims.get("azp", settings.oidc_client_id) != settings.oidc_client_id:
            return None
        return read_person(claims, settings)

    def _fetch_id_token(self, seed: str, code: str) -> str | None:
        """Fetch the identity token for a code; return None if the provider refuses the code."""
        from authlib.common.errors import AuthlibBaseError
        from requests import RequestException

        try:
            tokens = self._create_session().fetch_token(
                self._discover("token_endpoint"),
                grant_type="authorization_code",
                code=code,
                code_verifier=_derive(seed, "verifier"),
                allow_redirects=False,
            )
        except AuthlibBaseError:
            return None
        except RequestException as error:
            raise Problem("provider-unavailable") from error
        token = tokens.get("id_token")
        return token if isinstance(token, str) else None

    def _create_session(self) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        settings = self._settings
        secret = settings.oidc_client_secret
        return OAuth2Session(
            settings.oidc_client_id,
            secret.get_secret_value() if secret else None,
            scope=settings.oidc_scope,
            redirect_uri=settings.oidc_redirect_url,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )

    def _discover(self, name: str) -> str:
        try:
            return discover_endpoint(str(self._settings.oidc_issuer), name)
        except (OSError, ValueError, TypeError) as error:
            raise Problem("provider-unavailable") from error


def derive_state(seed: str) -> str:
    """Derive the state that the provider sends back with the browser, as proof that this browser started the sign-in.

    >>> derive_state("a") == derive_state("a") != derive_state("b")
    True
    """
    return _derive(seed, "state")


def _derive(seed: str, use: str) -> str:
    return hmac.new(seed.encode(), f"riskml sign-in {use}".encode(), hashlib.sha256).hexdigest()


def read_person(claims: Mapping[str, Any], settings: Settings) -> Person | None:
    """Build a person from the claims; return None unless they give a region and exactly one role that fits it.

    >>> settings = Settings(oidc_roles={"village-staff": "village", "county-staff": "county"})
    >>> claims = {"iss": "https://login.example", "sub": "7", "rights": ["village-staff"], "region": "370112101201"}
    >>> read_person(claims, settings).role, read_person({**claims, "region": "370112"}, settings)
    ('village', None)
    """
    region = parse_region(read_claim(claims, settings.oidc_region_claim))
    names = set(parse_names(read_claim(claims, settings.oidc_rights_claim)))
    roles = {role for name, role in settings.oidc_roles.items() if name in names}
    fitting = [role for role in roles if region is not None and len(region) in ROLES[role].digits]
    if region is None or len(fitting) != 1:
        return None
    subject = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()[:32]
    name = claims.get("name") or claims.get("preferred_username")
    health, names_shown = (
        not names.isdisjoint(roles) for roles in (settings.oidc_health_roles, settings.oidc_identity_roles)
    )
    return Person(f"oidc:{subject}", str(name)[:60] if name else subject[:8], fitting[0], region, health, names_shown)
