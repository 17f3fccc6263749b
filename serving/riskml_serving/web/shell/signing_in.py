"""Signing in and out, and the switch of language."""

from __future__ import annotations

import secrets
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from riskml_serving.base.database import reading, writing
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.sessions import check_password, derive_form_token, limit_sign_ins, sign_in, sign_out
from riskml_serving.web.shell.forms import read_form
from riskml_serving.web.shell.pages import LANGUAGE, render
from riskml_serving.web.shell.refusals import PageRoute, back_to
from riskml_serving.web.shell.visitor import SignedIn, clear_cookie, cookie_name, set_cookie

__all__ = ["router"]

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Back = Annotated[str | None, Query(max_length=500)]


@router.get("/")
async def root() -> Response:
    """Lead to the work list."""
    return RedirectResponse("/worklist", 303)


@router.get("/sign-in")
async def form(request: Request, back: Back = None, refused: str = "") -> Response:
    """Ask for user name and password."""
    return _asked(request, back_to(back), refused="provider" if refused == "provider" else "")


def _asked(request: Request, back: str, *, refused: str, username: str = "") -> Response:
    settings = get_state(request).settings
    visit = request.cookies.get(cookie_name(settings, "visit"), "")
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
    """Check the password; whoever signs in gets a session that did not exist before."""
    state = get_state(request)
    visit = request.cookies.get(cookie_name(state.settings, "visit"), "")
    asked = await read_form(request, derive_form_token(visit) if visit else "")
    address = request.client.host if request.client else ""
    username, back = asked.text("username", 40), back_to(asked.text("back"))
    password = (asked.all("password") or [""])[0]

    def check() -> str | None:
        with writing(state.engine) as connection:
            limit_sign_ins(connection, state.settings, address)
        with reading(state.engine) as connection:
            right = check_password(connection, username, password)
        with writing(state.engine) as connection:
            return sign_in(connection, state.settings, username, right, request.state.request_id)

    token = await anyio.to_thread.run_sync(check)
    if token is None:
        return _asked(request, back, refused="password", username=username)
    response = RedirectResponse(back, 303)
    set_cookie(response, state.settings, "session", token)
    clear_cookie(response, state.settings, "visit")
    return response


@router.post("/sign-out")
async def leave(request: Request, visitor: SignedIn) -> Response:
    """End the session."""
    state = get_state(request)
    await read_form(request, visitor.form_token)

    def end() -> None:
        with writing(state.engine) as connection:
            sign_out(connection, visitor.token, visitor.user, request.state.request_id)

    await anyio.to_thread.run_sync(end)
    response = RedirectResponse("/sign-in", 303)
    clear_cookie(response, state.settings, "session")
    return response


@router.get("/language/{lang}")
async def language(request: Request, lang: str, back: Back = None) -> Response:
    """Switch the language and go back to the page."""
    response = RedirectResponse(back_to(back), 303)
    value = "en" if lang == "en" else "zh"
    secure = get_state(request).settings.cookies_secure
    response.set_cookie(LANGUAGE, value, max_age=31_536_000, path="/", secure=secure, httponly=True, samesite="lax")
    return response
