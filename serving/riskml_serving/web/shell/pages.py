"""Renders templates; every page carries the notice, a strict policy of contents and no cache."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from riskml.explanation import NOTICE
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.names import names_of
from riskml_serving.web.shell.words import WORDS

if TYPE_CHECKING:
    from riskml_serving.web.shell.visitor import Visitor

__all__ = ["LANGUAGE", "STATIC", "language_of", "protect", "render", "wants_page"]

STATIC = Path(__file__).parents[1] / "static"
LANGUAGE = "riskml_lang"
"""Cookie with the language."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # an address names a household
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("riskml_serving.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,.0f}"
    return environment


def language_of(request: Request) -> str:
    """Language of a request: Chinese, unless the reader switched.

    Returns
    -------
    {"zh", "en"}
    """
    return "en" if request.cookies.get(LANGUAGE) == "en" else "zh"


def wants_page(request: Request) -> bool:
    """Whether an error should be told as a page: a browser asks, and not for the API."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")


def protect(response: Response) -> Response:
    """Set the headers of every page that it does not set itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def render(
    request: Request, template: str, visitor: Visitor | None = None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Render a template.

    Parameters
    ----------
    request : Request
    template : str
        File in ``templates``.
    visitor : Visitor, optional
        Who is signed in.
    status : int, default 200
    **values
        What the template shows; text is escaped.
    """
    settings = get_state(request).settings
    lang = language_of(request)

    def t(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    def word(kind: str, code: str) -> str:
        return WORDS[kind][code][lang]

    names = names_of(settings.region_names)
    page = (
        _environment()
        .get_template(template)
        .render(
            t=t,
            word=word,
            lang=lang,
            notice=NOTICE[lang],
            notice_zh=NOTICE["zh"],
            visitor=visitor,
            place=lambda code, top="": names.label(code, lang, top),
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            simulated=settings.simulated,
            **values,
        )
    )
    response = HTMLResponse(page, status)
    protect(response)
    return response
