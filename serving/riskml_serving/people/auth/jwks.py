"""Public keys of an OpenID provider: fetched when needed, kept for a while, fetched again when one is new."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import jwt

from riskml.errors import UsageError
from riskml_serving.base.settings import Settings

__all__ = ["Fetch", "KeySet", "discovered", "fetch_json", "keys_of", "secure"]

Fetch = Callable[[str], dict[str, Any]]

APART = 10.0
"""Seconds between two fetches for keys that are not known: made-up key numbers must not flood the provider."""

OUTAGE = 3600.0
"""Seconds for which the last keys are trusted while the provider does not answer."""

_MOST_BYTES = 1_000_000


class KeySet:
    """Keys by their number (``kid``).

    Parameters
    ----------
    fetch : callable
        Returns the provider's key set.
    trust : float
        Seconds after which it is fetched again; a key that the provider withdrew ends then.
    clock : callable, optional
    """

    def __init__(
        self, fetch: Callable[[], dict[str, Any]], trust: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._trust, self._clock = fetch, trust, clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = threading.Lock()

    def find(self, number: str) -> jwt.PyJWK | None:
        """Return the key of a number; None where the provider has none.

        Raises
        ------
        OSError
            If the provider does not answer and what was known is too old.
        """
        with self._lock:
            at = self._clock()
            due = at - self._fetched > self._trust
            if due or (number not in self._keys and at - self._tried > APART):
                self._renew(at)
            return self._keys.get(number)

    def _renew(self, at: float) -> None:
        usable = at - self._fetched <= OUTAGE
        if usable and at - self._tried <= APART:
            return
        self._tried = at
        try:
            found = self._fetch()
            keys = list(found.get("keys", []))
        except (OSError, ValueError, TypeError) as error:
            if usable:
                return
            raise OSError("the provider's keys cannot be read") from error
        self._keys = {str(key["kid"]): made for key in keys if (made := _made(key)) is not None}
        self._fetched = at


def _made(key: Any) -> jwt.PyJWK | None:
    """Key that signs, of a kind that is known; others of the set are passed over."""
    if not isinstance(key, dict) or "kid" not in key or key.get("use", "sig") != "sig" or key.get("kty") == "oct":
        return None
    try:
        return jwt.PyJWK(key)
    except jwt.PyJWTError:
        return None


def fetch_json(url: str) -> dict[str, Any]:
    """Fetch a JSON object.

    Raises
    ------
    OSError, ValueError, TypeError
    """
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the address is https, see `keys_of`
        return dict(json.loads(answer.read(_MOST_BYTES)))


def secure(url: str) -> bool:
    """Whether an address is https, or on this machine.

    >>> secure("https://login.example"), secure("http://localhost:9000"), secure("http://login.example")
    (True, True, False)
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"))


def discovered(issuer: str, name: str, fetch: Fetch = fetch_json) -> str:
    """Ask a provider for one of its addresses, such as ``jwks_uri``.

    Raises
    ------
    OSError, ValueError, TypeError
        If it does not answer, or names no safe address.
    """
    url = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration").get(name)
    if not isinstance(url, str) or not secure(url) or (url.startswith("http:") and not issuer.startswith("http:")):
        raise ValueError(f"the provider names no safe address as {name}")
    return url


def keys_of(settings: Settings, fetch: Fetch = fetch_json) -> KeySet:
    """Keys of the provider that the settings name, found by discovery where ``oidc_jwks_url`` is not set.

    Raises
    ------
    UsageError
        If an address is neither https nor on this machine, or nobody is named for whom tokens are made.
    """
    issuer = settings.oidc_issuer or ""
    if not settings.oidc_audience and not settings.oidc_client_id:
        raise UsageError(
            "oidc_issuer is set without oidc_audience or oidc_client_id.",
            "Name the audience that bearer tokens are made for, the client that the pages are, or both.",
        )
    for url in filter(None, (issuer, settings.oidc_jwks_url)):
        if not secure(url):
            raise UsageError(f"{url} is not an https address.", "Keys that are fetched in the clear can be replaced.")

    def key_set() -> dict[str, Any]:
        return fetch(settings.oidc_jwks_url or discovered(issuer, "jwks_uri", fetch))

    return KeySet(key_set, settings.oidc_jwks_seconds)
