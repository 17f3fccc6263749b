"""Shows problems as pages, and defines the route class that does so for every error."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from riskml_serving.base.errors import to_problem
from riskml_serving.base.problems import PROBLEMS, Problem
from riskml_serving.web.shell.rendering import get_address, get_language, protect, render
from riskml_serving.web.shell.visitor import SignInNeeded

__all__ = ["PageRoute", "keep_own_path", "render_problem"]


def keep_own_path(path: str | None) -> str:
    """Return the address to redirect the browser to: the path if it is one of this service, otherwise the work list.

    >>> keep_own_path("/overview?region=37"), keep_own_path("//evil.example"), keep_own_path("https://evil.example")
    ('/overview?region=37', '/worklist', '/worklist')
    """
    plain = path is not None and path.isascii() and path.isprintable() and len(path) < 2000
    if plain and path and path.startswith("/") and not path.startswith("//") and not set(path) & set("\\ "):
        return path
    return "/worklist"


def render_problem(request: Request, problem: Problem) -> Response:
    """Render a problem as a page in the reader's language, without personal data."""
    problem.mark(request)
    lang, kind = get_language(request), PROBLEMS[problem.kind]
    title, detail = (kind.zh, problem.zh) if lang == "zh" else (kind.en, problem.en)
    if detail == title:  # then the errors of the fields say what is wrong
        texts = dict.fromkeys(error.zh if lang == "zh" else error.en for error in problem.errors)
        detail = ("；" if lang == "zh" else "; ").join(texts)
    response = render(
        request,
        "problem.html",
        getattr(request.state, "visitor", None),
        status=problem.status,
        title=title,
        detail=detail,
        number=getattr(request.state, "request_id", ""),
    )
    response.headers.update(problem.headers)
    return response


class PageRoute(APIRoute):
    """A route that responds with pages, even for errors."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Build the handler, which turns errors into pages."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                response = await inner(request)
            except SignInNeeded:
                back = get_address(request) if request.method == "GET" else "/worklist"
                response = RedirectResponse(f"/sign-in?back={quote(keep_own_path(back), safe='')}", 303)
            except ClientDisconnect:
                raise
            except Exception as error:
                response = render_problem(request, to_problem(error, request.state.request_id))
            return protect(response)

        return handler
