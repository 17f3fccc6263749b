"""Renders pages, each with the for-guidance-only notice and a strict content security policy; none is ever cached."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from riskml.records.contract.as_of import AsOf
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.page import Page
from riskml_serving.web.shell.region_names import name_region, read_region_names
from riskml_serving.web.shell.visitor import Visitor
from riskml_serving.web.shell.words import choose_notices, get_word

__all__ = [
    "LANGUAGE",
    "STATIC",
    "get_address",
    "get_language",
    "list_notices",
    "may_reveal",
    "protect",
    "render",
    "show_in_menu",
    "wants_page",
]

STATIC = Path(__file__).parents[1] / "static"
LANGUAGE = "riskml_lang"
"""Name of the cookie that holds the language."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # an address may name a household
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@cache
def _get_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("riskml_serving.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,.0f}"
    return environment


def get_language(request: Request) -> str:
    """Return the language for a request: Chinese, unless the reader has switched.

    Returns
    -------
    {"zh", "en"}
    """
    return "en" if request.cookies.get(LANGUAGE) == "en" else "zh"


def get_address(request: Request) -> str:
    """Return the path and query of a request."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def wants_page(request: Request) -> bool:
    """Return whether to show an error as a page: a browser made the request, and it was not to the API."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")


def protect(response: Response) -> Response:
    """Add the headers that every page has, except those that the response already has."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def show_in_menu(pages: Iterable[Page]) -> None:
    """Set the pages that the main menu shows, in order."""
    _get_environment().globals["menu"] = tuple(pages)


def may_reveal(request: Request, visitor: Visitor | None) -> bool:
    """Return whether the model in service is silent and the visitor may read what it withholds."""
    return visitor is not None and visitor.may("withheld") and get_state(request).holder.silent


def list_notices(request: Request, visitor: Visitor | None, as_of: AsOf | None = None) -> list[str]:
    """List the notices on a page or an export for this reader; ``as_of`` is the date of the scores that it shows."""
    state = get_state(request)
    lang, simulated = get_language(request), state.settings.simulated
    own = choose_notices(lang, simulated=simulated, silent=state.holder.silent, revealed=may_reveal(request, visitor))
    gap = as_of.describe(lang) if as_of is not None else ""
    return [*own, gap] if gap else own


def render(
    request: Request,
    template: str,
    visitor: Visitor | None = None,
    *,
    status: int = 200,
    as_of: AsOf | None = None,
    **values: Any,
) -> Response:
    """Render a template.

    Parameters
    ----------
    request : Request
    template : str
        Name of a file in ``templates``.
    visitor : Visitor, optional
        The person who is signed in.
    status : int, default 200
    as_of : AsOf, optional
        Date of the scores that the page shows; if the records end before it, the page says so.
    **values
        Values for the template; text is escaped.
    """
    settings = get_state(request).settings
    lang = get_language(request)
    names = read_region_names(settings.region_names)

    def t(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    source = _get_environment().get_template(template)
    page = source.render(
        t=t,
        word=lambda kind, code: get_word(kind, code, lang),
        lang=lang,
        notices=list_notices(request, visitor, as_of),
        as_of=as_of,
        visitor=visitor,
        region_name=lambda code, within="": name_region(names, code, lang, within),
        address=get_address(request),
        silent=get_state(request).holder.silent,
        **values,
    )
    return protect(HTMLResponse(page, status))
