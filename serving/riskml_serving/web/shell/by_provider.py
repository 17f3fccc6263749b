"""Signing in at the OpenID provider: there and back, bound to the browser that began."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated
from urllib.parse import quote, unquote

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from riskml_serving.base.database import writing
from riskml_serving.base.problems import Problem
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.provider import Provider, derive_state
from riskml_serving.people.accounts.sessions import limit_sign_ins, sign_in_by_provider
from riskml_serving.web.shell.refusals import PageRoute, back_to
from riskml_serving.web.shell.visitor import clear_cookie, cookie_name, set_cookie

__all__ = ["router"]

router = APIRouter(route_class=PageRoute, include_in_schema=False)

COOKIE = "provider"
"""Holds the seed and where to go afterwards, while the browser is away."""

Short = Annotated[str, Query(max_length=2000)]


def _provider(request: Request) -> Provider:
    found: Provider | None = get_state(request).provider
    if found is None:
        raise Problem("not-found")
    return found


@router.get("/sign-in/provider")
async def leave(request: Request, back: Annotated[str | None, Query(max_length=500)] = None) -> Response:
    """Send the browser to the provider."""
    provider, seed = _provider(request), secrets.token_urlsafe(32)
    response = RedirectResponse(await anyio.to_thread.run_sync(provider.address, seed), 303)
    set_cookie(response, get_state(request).settings, COOKIE, f"{seed}|{quote(back_to(back), safe='')}")
    return response


@router.get("/sign-in/provider/return")
async def come_back(request: Request, state: Short = "", code: Short = "") -> Response:
    """Sign in whom the provider vouches for; only in the browser that began, and only once."""
    service, provider = get_state(request), _provider(request)
    seed, _, back = request.cookies.get(cookie_name(service.settings, COOKIE), "").partition("|")
    if not seed or not hmac.compare_digest(state.encode(), derive_state(seed).encode()):
        raise Problem("form-refused")
    address = request.client.host if request.client else ""

    def enter() -> str | None:
        with writing(service.engine) as connection:
            limit_sign_ins(connection, service.settings, address)
        person = provider.person(seed, code) if code else None
        if person is None:
            return None
        with writing(service.engine) as connection:
            return sign_in_by_provider(connection, service.settings, person, request.state.request_id)

    token = await anyio.to_thread.run_sync(enter)
    where = "/sign-in?refused=provider" if token is None else back_to(unquote(back))
    response = RedirectResponse(where, 303)
    clear_cookie(response, service.settings, COOKIE)
    if token is not None:
        set_cookie(response, service.settings, "session", token)
    return response
