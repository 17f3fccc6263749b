"""``/account``: a person's own account, where they change their password and end their sessions."""

from __future__ import annotations

import anyio.to_thread
from starlette.responses import RedirectResponse, Response

from riskml.errors import UsageError
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.service import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, hash_password
from riskml_serving.people.accounts.sessions import (
    change_password,
    check_password,
    end_sessions,
    limit_sign_ins,
    list_own_sessions,
)
from riskml_serving.web.shell.forms import attempt, read_form
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.rendering import render
from riskml_serving.web.shell.visitor import SignedIn, set_cookie

router = PageRouter()


@router.page(
    Page(
        name="account",
        path="/account",
        zh="我的账号",
        en="My account",
        purpose="change one's own password, and see and end one's own sessions",
        action="account.read",
    )
)
async def account(request: SignedIn, done: str = "", refused: str = "") -> View:
    """Show the visitor's account."""
    state = get_state(request)
    sessions = await state.read(lambda c: list_own_sessions(c, state.settings, request.visitor))
    response = render(
        request,
        "account.html",
        sessions=sessions,
        local=not request.visitor.username.startswith("oidc:"),
        least=MIN_PASSWORD_LENGTH,
        most=MAX_PASSWORD_LENGTH,
        done=done,
        refused=refused,
    )
    return View(response)


@router.post("/account/password")
async def new_password(request: SignedIn) -> Response:
    """Change the password, if the current one is right and the new one is hard to guess; all other sessions end."""
    state = get_state(request)
    form = await read_form(request, request.visitor.token)
    current, new, again = ((form.get_all(name) or [""])[0] for name in ("current", "new", "again"))
    await attempt(request, limit_sign_ins)
    right = await state.read(lambda c: check_password(c, request.visitor.username, current))
    refused = "current" if not right else "differ" if new != again else ""
    hashed = ""
    if not refused:
        try:
            hashed = await anyio.to_thread.run_sync(hash_password, new, request.visitor.username, request.visitor.name)
        except UsageError:
            refused = "length" if not MIN_PASSWORD_LENGTH <= len(new) <= MAX_PASSWORD_LENGTH else "common"
    if refused:
        await attempt(request, lambda own: own.record(request.caller, "password.refused", why=refused))
        return RedirectResponse(f"/account?refused={refused}#password", 303)
    token = await attempt(request, lambda own: change_password(own, request.visitor, hashed))
    response = RedirectResponse("/account?done=password#password", 303)
    set_cookie(response, state.settings, "session", token)
    return response


@router.post("/account/sessions")
async def end(request: SignedIn) -> Response:
    """End one of the visitor's other sessions, or all of them."""
    form = await read_form(request, request.visitor.token)
    number = form.get_text("session", 64) or None
    await get_state(request).write(lambda c: end_sessions(c, request.visitor, number, request.state.request_id))
    return RedirectResponse("/account?done=sessions#sessions", 303)
