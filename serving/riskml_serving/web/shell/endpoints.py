"""``/``, ``/language`` and ``/static``: what every page needs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from riskml_serving.base.problems import Problem
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.refusals import keep_own_path
from riskml_serving.web.shell.rendering import LANGUAGE, STATIC, address_static

router = PageRouter()

KEPT = "public, max-age=31536000, immutable"
"""A browser keeps a file for a year if its address states this content; addresses of other versions are not kept."""

FILES = {"style.css": "text/css; charset=utf-8", "form.js": "text/javascript; charset=utf-8"}


@router.get("/")
async def go_to_worklist() -> Response:
    """Send the browser to the work list."""
    return RedirectResponse("/worklist", 303)


@router.get("/language/{lang}")
async def switch_language(
    request: Request, lang: str, back: Annotated[str | None, Query(max_length=4000)] = None
) -> Response:
    """Switch the language and redirect to the page the reader was on."""
    response = RedirectResponse(keep_own_path(back), 303)
    value = "en" if lang == "en" else "zh"
    secure = get_state(request).settings.cookies_secure
    response.set_cookie(LANGUAGE, value, max_age=31_536_000, path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.get("/static/{name}")
async def send_file(request: Request, name: str) -> Response:
    """Send the style sheet, or the script that preserves a form when the connection drops."""
    if name not in FILES:
        raise Problem("not-found")
    own = f"/static/{name}?{request.url.query}" == address_static(name)  # not of another version during an update
    return FileResponse(STATIC / name, media_type=FILES[name], headers={"Cache-Control": KEPT} if own else None)
