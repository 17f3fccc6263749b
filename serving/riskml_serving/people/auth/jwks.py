"""Public keys of an OpenID provider: fetched on demand, cached, and fetched again when they are old or one is unknown.

``jwt.PyJWKClient`` does most of this, but it forgets expired keys as soon as the provider fails, and it contacts a
failing provider again for every request.
"""

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

Fetch = Callable[[str], dict[str, Any]]

RETRY_SECONDS = 10.0
"""Minimum seconds between two fetches for unknown keys: requests with made-up key ids must not flood the provider."""

OUTAGE_SECONDS = 3600.0
"""Number of seconds for which the last fetched keys are trusted if the provider does not answer."""

_MAX_BYTES = 1_000_000


class KeySet:
    """Public keys by their id (``kid``).

    Parameters
    ----------
    fetch : callable
        Returns the provider's key set.
    trust : float
        Seconds after which the key set is fetched again; until then, a key that the provider withdrew stays valid.
    clock : callable, optional
    """

    def __init__(
        self, fetch: Callable[[], dict[str, Any]], trust: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._trust, self._clock = fetch, trust, clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = threading.Lock()

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key with an id; None if the provider has no such key.

        Raises
        ------
        OSError
            If the provider does not answer and the cached keys are too old.
        """
        with self._lock:
            at = self._clock()
            expired = at - self._fetched > self._trust
            if expired or (key_id not in self._keys and at - self._tried > RETRY_SECONDS):
                self._refresh(at)
            return self._keys.get(key_id)

    def _refresh(self, at: float) -> None:
        usable = at - self._fetched <= OUTAGE_SECONDS
        if usable and at - self._tried <= RETRY_SECONDS:
            return
        self._tried = at
        try:
            keys = jwt.PyJWKSet.from_dict(self._fetch()).keys
        except jwt.PyJWKSetError:
            keys = []  # the provider answers, but none of its keys can be used
        except (OSError, ValueError, TypeError) as error:
            if usable:
                return
            raise OSError("the provider's keys cannot be read") from error
        self._keys = {str(key.key_id): key for key in keys if _is_for_signatures(key)}
        self._fetched = at


def _is_for_signatures(key: jwt.PyJWK) -> bool:
    return key.key_id is not None and key.public_key_use in (None, "sig") and key.key_type != "oct"


def fetch_json(url: str) -> dict[str, Any]:
    """Fetch a JSON object.

    Raises
    ------
    OSError, ValueError, TypeError
    """
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - https is checked by `create_key_set`
        return dict(json.loads(response.read(_MAX_BYTES)))


def is_secure(url: str) -> bool:
    """Return whether an address uses https or points to this machine.

    >>> is_secure("https://login.example"), is_secure("http://localhost:9000"), is_secure("http://login.example")
    (True, True, False)
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"))


def discover_endpoint(issuer: str, name: str, fetch: Fetch = fetch_json) -> str:
    """Look up one of a provider's addresses, such as ``jwks_uri``.

    Raises
    ------
    OSError, ValueError, TypeError
        If the provider does not answer, or states no secure address.
    """
    url = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration").get(name)
    if not isinstance(url, str) or not is_secure(url) or (url.startswith("http:") and not issuer.startswith("http:")):
        raise ValueError(f"the provider gives no secure address as {name}")
    return url


def create_key_set(settings: Settings, fetch: Fetch = fetch_json) -> KeySet:
    """Create the key set for the provider in the settings, using discovery if ``oidc_jwks_url`` is not set.

    Raises
    ------
    UsageError
        If an address is neither https nor on this machine, or neither an audience nor a client ID is set.
    """
    issuer = settings.oidc_issuer or ""
    if not settings.oidc_audience and not settings.oidc_client_id:
        raise UsageError(
            "oidc_issuer is set without oidc_audience or oidc_client_id.",
            "Set the audience of bearer tokens, the client id of the pages, or both.",
        )
    for url in filter(None, (issuer, settings.oidc_jwks_url)):
        if not is_secure(url):
            raise UsageError(
                "{url} is not an https address.", "Keys fetched over HTTP could be replaced in transit.", url=url
            )
    return KeySet(
        lambda: fetch(settings.oidc_jwks_url or discover_endpoint(issuer, "jwks_uri", fetch)),
        settings.oidc_jwks_seconds,
    )
