"""``/model`` and ``/model/report``: shown, never changed from here."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from fastapi import Request
from markdown_it import MarkdownIt
from starlette.responses import HTMLResponse

from riskml.model import Bundle
from riskml_serving.base.database import reading
from riskml_serving.judging.model.regional import within_region
from riskml_serving.judging.model.repository import list_releases
from riskml_serving.judging.model.watch import FEWEST
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.rendering import language_of, render
from riskml_serving.web.shell.visitor import SignedIn

__all__ = ["router"]

router = PageRouter()

MOST_DRIFT = 12
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


@router.page(
    Page(
        name="model",
        path="/model",
        zh="模型",
        en="Model",
        purpose="which model serves, its card, drift; releases and roll-backs are shown, not offered",
        action="model.read",
        menu=True,
    )
)
async def model(request: Request, visitor: SignedIn) -> View:
    """Show which model serves."""
    state = get_state(request)
    current = state.holder.current
    bundle = within_region(current.bundle, visitor.caller.region)

    def read() -> tuple[list[dict[str, Any]], dict[str, float], str]:
        with reading(state.engine) as connection:
            releases = [dict(row) for row in list_releases(connection)]
        return releases, current.watch.drift(), _card(bundle)

    releases, drift, card = await anyio.to_thread.run_sync(read)
    response = render(
        request,
        "model.html",
        visitor,
        model=current,
        since=next(
            (row["served_at"] for row in releases if row["model_version"] == current.version), current.loaded_at
        ),
        releases=releases if visitor.may("releases") else [],
        evaluation=current.bundle.evaluation,
        drift=sorted(drift.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_DRIFT],
        held=current.watch.held,
        fewest=FEWEST,
        card=card,
    )
    return View(response)


def _shown(bundle: Bundle) -> tuple[str, int]:
    """Name a model with or without its results by region."""
    return bundle.model_version, len(bundle.evaluation["groups"])


def _card(bundle: Bundle) -> str:
    """Write the model card as HTML; what looks like HTML in it is escaped."""
    from riskml.training.card import write_model_card

    def made() -> str:
        return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(write_model_card(bundle)))

    return _kept((*_shown(bundle), "card"), made)


def _report(bundle: Bundle, simulated: bool, lang: str) -> str:
    from riskml.reporting import render_report

    return _kept(
        (*_shown(bundle), "report", simulated, lang), lambda: render_report(bundle, simulated=simulated, lang=lang)
    )


_PAGES: dict[tuple[object, ...], str] = {}
"""Pages of the last models: the same model gives the same page, and writing a report takes seconds."""


def _kept(name: tuple[object, ...], make: Callable[[], str]) -> str:
    found = _PAGES.get(name)
    if found is None:
        if len(_PAGES) >= 8:
            _PAGES.clear()
        found = _PAGES[name] = make()
    return found


@router.page(
    Page(
        name="report",
        path="/model/report",
        zh="模型报告",
        en="Report of the model",
        purpose="the report that `riskml report` writes",
        action="model.report",
        max_bytes=1_000_000,
    )
)
async def report(request: Request, visitor: SignedIn) -> View:
    """Show the report of the model, as `riskml report` writes it."""
    state, lang = get_state(request), language_of(request)
    bundle = within_region(state.holder.current.bundle, visitor.caller.region)
    page = await anyio.to_thread.run_sync(_report, bundle, state.settings.simulated, lang)
    return View(HTMLResponse(page, headers={"Content-Security-Policy": _policy(page)}))


def _policy(page: str) -> str:
    """Allow the report no script, nothing from elsewhere, and only the style sheets that stand in it.

    The charts' own elements carry their colours in attributes, which can load nothing under this policy.

    >>> _policy("<style>a</style>").split("; ")[1]
    "style-src-elem 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='"
    """
    sheets = dict.fromkeys(hashlib.sha256(text.encode()).digest() for text in STYLE.findall(page))
    known = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in sheets)
    rest = "style-src-attr 'unsafe-inline'; font-src data:; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    return f"default-src 'none'; style-src-elem {known}; {rest}; sandbox"
