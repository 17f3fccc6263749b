"""The visitor to a page: a session cookie identifies the same kind of caller as an API key."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from riskml_serving.api.call import Call
from riskml_serving.base.settings import Settings
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts import Visitor
from riskml_serving.people.accounts.sessions import resolve_session, touch_session
from riskml_serving.people.auth import Caller

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


class PageRequest(Request):
    """A request for a page by a person who is signed in."""

    @property
    def visitor(self) -> Visitor:
        """Person who is signed in."""
        visitor: Visitor = self.state.visitor
        return visitor

    @property
    def caller(self) -> Caller:
        """The same kind of caller as for an API key."""
        return self.visitor.caller

    @property
    def call(self) -> Call:
        """The request as endpoints of the API know it."""
        return Call(self, get_state(self), self.caller)


def find_visitor(request: Request) -> Visitor | None:
    """Find the person who is signed in, on a page that anybody may open."""
    return getattr(request.state, "visitor", None)


async def _authenticate(request: Request) -> PageRequest:
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
    return PageRequest(request.scope, request.receive)


SignedIn = Annotated[PageRequest, Depends(_authenticate)]


def require_region(request: PageRequest) -> str:
    """Return the region that the query names, or the reader's own.

    Raises
    ------
    Problem
        ``region-not-found`` if it is outside the reader's region.
    """
    return request.caller.resolve_region(request.query_params.get("region") or None)
