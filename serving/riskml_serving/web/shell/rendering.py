"""Renders pages, each with the for-guidance-only notice and a strict content security policy; none is ever cached."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from riskml.explanation.wording.phrases import name_month
from riskml.records.contract.as_of import AsOf
from riskml.vocabulary.verdicts import word_tier
from riskml.workbook import Sheet
from riskml_serving.base.clock import to_local
from riskml_serving.operations.state import get_state
from riskml_serving.register.service import Person
from riskml_serving.web.shell.export import respond_with_workbook
from riskml_serving.web.shell.page import Page
from riskml_serving.web.shell.persons import get_keys, misses_key
from riskml_serving.web.shell.region_names import add_names, mask_code, name_region, read_region_names
from riskml_serving.web.shell.visitor import find_visitor
from riskml_serving.web.shell.words import (
    HEALTH_WARNING,
    ORDERS,
    SHAPES,
    SIGNALS,
    WORDS,
    choose_notices,
    get_word,
    label_flag,
)

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


_DAY = re.compile(r"(<(title|textarea|option|svg)\b.*?</\2>|<[^>]*>)|\b\d{4}-\d\d(?:-\d\d)?\b", re.DOTALL)
"""A day or month in the text of a page; the first group matches what is not text."""


@cache
def _get_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("riskml_serving.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: f"{value:,.0f}",
        "local_time": lambda at: f"{to_local(at):%Y-%m-%d %H:%M}",
        "mask": mask_code,
        "static": address_static,
        "urlencode": lambda text: quote(text, safe=""),  # Jinja's keeps the slash
    }
    environment.globals |= {"codes": WORDS, "shapes": SHAPES, "signals": SIGNALS, "orders": ORDERS}
    environment.globals |= {"once": partial(secrets.token_urlsafe, 16), "name_month": name_month}
    return environment


@cache
def address_static(name: str) -> str:
    """Return the address of a style sheet or script; it changes with the content, so browsers may keep the file."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def get_language(request: Request) -> str:
    """Return the language for a request: Chinese, unless the reader has switched.

    Returns
    -------
    {"zh", "en"}
    """
    return "en" if request.cookies.get(LANGUAGE) == "en" else "zh"


def get_address(request: Request) -> str:
    """Return the path and query of a request as they were sent, with percent escapes."""
    path, query = request.scope["raw_path"].decode("ascii"), request.url.query
    return f"{path}?{query}" if query else path


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


def may_reveal(request: Request) -> bool:
    """Return whether the model in service is silent and the visitor may read what it withholds."""
    visitor = find_visitor(request)
    return visitor is not None and visitor.may("withheld") and get_state(request).holder.silent


def list_notices(request: Request, as_of: AsOf | None = None) -> list[str]:
    """List the notices on a page or an export for this reader; ``as_of`` is the date of the scores that it shows."""
    state = get_state(request)
    own = choose_notices(
        get_language(request),
        simulated=state.settings.simulated,
        silent=state.holder.silent,
        revealed=may_reveal(request),
        named=get_keys(request) is not None,
        locked=misses_key(request),
    )
    gap = as_of.describe(get_language(request)) if as_of is not None else ""
    return [*own, gap] if gap else own


def warn_of_health(request: Request) -> str:
    """Return the warning for paper and workbooks that name households; it is empty if they show no health details."""
    visitor = find_visitor(request)
    return "" if visitor is None or visitor.caller.redact else HEALTH_WARNING[get_language(request)]


def make_namer(request: Request, heads: Mapping[str, Person]) -> Callable[..., str]:
    """Make the function that names a region, given its code, in the reader's language; see :func:`name_region`.

    ``heads`` are persons whom the reader may see: they tell the names of their towns and villages.
    """
    names = add_names(read_region_names(get_state(request).settings.region_names), heads.values())
    return partial(name_region, names, get_language(request))


def render_workbook(
    request: Request,
    sheets: Iterable[Sheet],
    *name: object,
    as_of: AsOf | None = None,
    notes: Iterable[str] = (),
) -> Response:
    """Return a workbook that names households, with the notices and further ``notes``."""
    notices = [*list_notices(request, as_of), *notes, warn_of_health(request)]
    return respond_with_workbook(sheets, notices, *name)


def render(
    request: Request,
    template: str,
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
    status : int, default 200
    as_of : AsOf, optional
        Date of the scores that the page shows; if the records end before it, the page says so.
    **values
        Values for the template; text is escaped.
    """
    lang, holder = get_language(request), get_state(request).holder

    def t(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    def word(kind: str, code: str | None) -> str:
        if kind == "tier" and code:
            code = word_tier(code, flagged=False, hardship=holder.hardship)
        return get_word(kind, code, lang)

    source = _get_environment().get_template(template)
    page = source.render(
        t=t,
        word=word,
        lang=lang,
        notices=list_notices(request, as_of),
        as_of=as_of,
        visitor=find_visitor(request),
        health_warning=warn_of_health(request),
        label_flag=lambda text, cause: label_flag(text, cause, lang),
        region_name=make_namer(request, values.get("heads", {})),
        address=get_address(request),
        silent=holder.silent,
        hardship=holder.hardship,
        **values,
    )
    return protect(HTMLResponse(_keep_days_whole(page), status))


def _keep_days_whole(page: str) -> str:
    """Mark up the days and months in the text of a page so that no line breaks at their hyphens.

    >>> _keep_days_whole('<p title="2024-05-15">2024-05-15<textarea>2024-05-15</textarea>')
    '<p title="2024-05-15"><span class="day">2024-05-15</span><textarea>2024-05-15</textarea>'
    """
    return _DAY.sub(lambda match: match[0] if match[1] else f'<span class="day">{match[0]}</span>', page)
