"""Shows problems as pages, and defines the route class that does so for every error."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from urllib.parse import quote

from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from riskml_serving.base.errors import to_problem
from riskml_serving.base.problems import PROBLEMS, Problem
from riskml_serving.web.shell.forms import Form, parse_form
from riskml_serving.web.shell.rendering import get_address, get_language, protect, render
from riskml_serving.web.shell.visitor import SignInNeeded


def keep_own_path(path: str | None) -> str:
    """Return the address to redirect the browser to: the path if it is one of this service, otherwise the work list.

    >>> keep_own_path("/overview?region=37"), keep_own_path("//evil.example"), keep_own_path("https://evil.example")
    ('/overview?region=37', '/worklist', '/worklist')
    """
    plain = path is not None and path.isascii() and path.isprintable() and len(path) < 2000
    if plain and path and path.startswith("/") and not path.startswith("//") and not set(path) & set("\\ "):
        return path
    return "/worklist"


async def _list_typed(request: Request) -> list[str]:
    """List what was typed into the form that a request sent, so that nobody has to type it again."""
    if request.method != "POST":
        return []
    try:
        form: Form = getattr(request.state, "form", None) or await parse_form(request)
    except (Problem, ClientDisconnect, RuntimeError):  # no such form, too large, or read already as another kind
        return []
    return form.list_typed()


def render_problem(
    request: Request, problem: Problem, typed: Sequence[str] = (), *, signed_out: bool = False
) -> Response:
    """Render a problem as a page in the reader's language; the only personal data is what the reader has ``typed``."""
    problem.mark(request)
    lang, kind = get_language(request), PROBLEMS[problem.kind]
    title, detail = (kind.zh, problem.zh) if lang == "zh" else (kind.en, problem.en)
    if detail == title:  # then the errors of the fields say what is wrong
        texts = dict.fromkeys(error.zh if lang == "zh" else error.en for error in problem.errors)
        detail = ("；" if lang == "zh" else "; ").join(texts)
    response = render(
        request,
        "problem.html",
        status=problem.status,
        title=title,
        detail=detail,
        typed="\n".join(typed),
        signed_out=signed_out,
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
                if typed := await _list_typed(request):
                    response = render_problem(request, Problem("form-refused", "signed-out"), typed, signed_out=True)
                    return protect(response)
                back = get_address(request) if request.method == "GET" else "/worklist"
                response = RedirectResponse(f"/sign-in?back={quote(keep_own_path(back), safe='')}", 303)
            except ClientDisconnect:
                raise
            except Exception as error:
                problem = to_problem(error, request.state.request_id)
                response = render_problem(request, problem, await _list_typed(request))
            return protect(response)

        return handler
