"""The visitor to a page: a session cookie identifies the same kind of caller as an API key."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from riskml_serving.base.settings import Settings
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts import Visitor
from riskml_serving.people.accounts.sessions import resolve_session, touch_session

__all__ = ["SignInNeeded", "SignedIn", "Visitor", "clear_cookie", "get_cookie_name", "require_region", "set_cookie"]


COOKIE_FLAGS: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "lax"}
"""Flags that keep scripts from reading the cookies, and other sites' requests from carrying them."""


class SignInNeeded(Exception):  # noqa: N818 - not a fault
    """Nobody is signed in."""


def get_cookie_name(settings: Settings, name: str = "session") -> str:
    """Return the name of a cookie; over HTTPS, a prefix makes browsers keep other hosts from setting it."""
    return f"__Host-riskml_{name}" if settings.cookies_secure else f"riskml_{name}"


def set_cookie(response: Response, settings: Settings, name: str, value: str) -> None:
    """Set a cookie."""
    response.set_cookie(get_cookie_name(settings, name), value, secure=settings.cookies_secure, **COOKIE_FLAGS)


def clear_cookie(response: Response, settings: Settings, name: str) -> None:
    """Delete a cookie."""
    response.delete_cookie(get_cookie_name(settings, name), secure=settings.cookies_secure, **COOKIE_FLAGS)


async def _authenticate(request: Request) -> Visitor:
    state = get_state(request)
    token = request.cookies.get(get_cookie_name(state.settings), "")
    if not token or len(token) > 200:
        raise SignInNeeded
    visitor = await state.read(lambda c: resolve_session(c, state.settings, token))
    if visitor is None:
        raise SignInNeeded
    if visitor.stale:
        await state.write(lambda c: touch_session(c, token))
    request.state.caller, request.state.visitor = visitor.caller, visitor
    state.rate.check(visitor.caller.key_id)
    visitor.caller.require("read")
    return visitor


SignedIn = Annotated[Visitor, Depends(_authenticate)]


def require_region(request: Request, visitor: Visitor) -> str:
    """Return the region that the query names, or the reader's own.

    Raises
    ------
    Problem
        ``region-not-found`` if it is outside the reader's region.
    """
    return visitor.caller.resolve_region(request.query_params.get("region") or None)
