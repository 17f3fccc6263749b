"""``/sign-in`` and ``/sign-out``: signs people in by password or through the OpenID provider, and out again."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated
from urllib.parse import quote, unquote

import anyio.to_thread
from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from riskml_serving.base.problems import Problem
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.provider import Provider, derive_state
from riskml_serving.people.accounts.sessions import (
    check_password,
    derive_form_token,
    limit_sign_ins,
    sign_in,
    sign_in_by_provider,
    sign_out,
)
from riskml_serving.web.shell.forms import attempt, read_form
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.refusals import keep_own_path
from riskml_serving.web.shell.rendering import render
from riskml_serving.web.shell.visitor import SignedIn, clear_cookie, get_cookie_name, set_cookie

router = PageRouter()

PROVIDER_COOKIE = "provider"
"""Name of the cookie that holds the seed and the address to return to while the browser is at the provider."""

Back = Annotated[str | None, Query(max_length=4000)]
Short = Annotated[str, Query(max_length=2000)]


@router.get("/sign-in")
async def show_form(request: Request, back: Back = None, refused: str = "") -> Response:
    """Show the form for user name and password."""
    return _render_form(request, keep_own_path(back), refused="provider" if refused == "provider" else "")


def _render_form(request: Request, back: str, *, refused: str, username: str = "") -> Response:
    settings = get_state(request).settings
    visit = request.cookies.get(get_cookie_name(settings, "visit"), "")
    fresh = visit or secrets.token_urlsafe(32)
    response = render(
        request,
        "sign_in.html",
        status=401 if refused else 200,
        csrf=derive_form_token(fresh),
        back=back,
        refused=refused,
        username=username,
        provider=get_state(request).provider is not None,
        failures=settings.sign_in_failures,
        minutes=settings.lock_minutes,
    )
    if not visit:
        set_cookie(response, settings, "visit", fresh)
    return response


@router.post("/sign-in")
async def enter(request: Request) -> Response:
    """Check the password; a successful sign-in starts a new session."""
    state = get_state(request)
    visit = request.cookies.get(get_cookie_name(state.settings, "visit"), "")
    form = await read_form(request, visit)
    username, back = form.get_text("username", 40), keep_own_path(form.get_text("back", 4000))
    password = (form.get_all("password") or [""])[0]
    await attempt(request, limit_sign_ins)
    right = await state.read(lambda c: check_password(c, username, password))
    token = await attempt(request, lambda own: sign_in(own, username, right))
    if token is None:
        return _render_form(request, back, refused="password", username=username)
    response = RedirectResponse(back, 303)
    set_cookie(response, state.settings, "session", token)
    clear_cookie(response, state.settings, "visit")
    return response


@router.post("/sign-out")
async def leave(request: SignedIn) -> Response:
    """End the session."""
    state = get_state(request)
    await read_form(request, request.visitor.token)
    await state.write(lambda c: sign_out(c, request.visitor, request.state.request_id))
    response = RedirectResponse("/sign-in", 303)
    clear_cookie(response, state.settings, "session")
    return response


@router.get("/sign-in/provider")
async def go_to_provider(request: Request, back: Back = None) -> Response:
    """Send the browser to the provider."""
    provider, seed = _require_provider(request), secrets.token_urlsafe(32)
    response = RedirectResponse(await anyio.to_thread.run_sync(provider.make_authorization_url, seed), 303)
    set_cookie(response, get_state(request).settings, PROVIDER_COOKIE, f"{seed}|{quote(keep_own_path(back), safe='')}")
    return response


@router.get("/sign-in/provider/return")
async def return_from_provider(request: Request, state: Short = "", code: Short = "") -> Response:
    """Sign in the person that the provider names, but only once and only in the browser that started the sign-in."""
    service, provider = get_state(request), _require_provider(request)
    seed, _, back = request.cookies.get(get_cookie_name(service.settings, PROVIDER_COOKIE), "").partition("|")
    if not seed or not hmac.compare_digest(state.encode(), derive_state(seed).encode()):
        raise Problem("form-refused")
    await attempt(request, limit_sign_ins)
    person = await anyio.to_thread.run_sync(provider.redeem, seed, code) if code else None
    token = await attempt(request, lambda own: sign_in_by_provider(own, person))
    response = RedirectResponse("/sign-in?refused=provider" if token is None else keep_own_path(unquote(back)), 303)
    clear_cookie(response, service.settings, PROVIDER_COOKIE)
    if token is not None:
        set_cookie(response, service.settings, "session", token)
    return response


def _require_provider(request: Request) -> Provider:
    provider: Provider | None = get_state(request).provider
    if provider is None:
        raise Problem("not-found")
    return provider
