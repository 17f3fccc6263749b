"""The address of the client that sent a request."""

from __future__ import annotations

from starlette.types import Scope


def get_client_address(scope: Scope) -> str:
    """Return the client's address: that of the connection or, behind a trusted proxy, the one that the proxy states.

    >>> get_client_address({"client": ("10.0.0.7", 50112)}), get_client_address({"client": None})
    ('10.0.0.7', '')
    """
    client = scope.get("client")
    return client[0] if client else ""
