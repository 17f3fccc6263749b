"""``/model`` and ``/model/report``: the model in service, read-only."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial

import anyio.to_thread
from markdown_it import MarkdownIt
from starlette.responses import HTMLResponse

from riskml.evaluation.checks.drift import LARGE
from riskml.features import CATALOGUE
from riskml.model import Bundle
from riskml_serving.judging.model.monitor import MIN_HOUSEHOLDS
from riskml_serving.judging.model.regional import restrict_to_region
from riskml_serving.judging.model.repository import list_releases
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.rendering import get_language, may_reveal, render
from riskml_serving.web.shell.visitor import SignedIn

router = PageRouter()

MAX_DRIFT_ROWS, MAX_CACHED = 12, 8
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)

DRIFT_STATES = ((LARGE, "需复核", "to be checked"), (0.1, "关注", "watch"), (float("-inf"), "正常", "normal"))
"""Words for a stability index above each limit, from the highest limit down; 0.1 and 0.25 are customary limits."""


@router.page(
    Page(
        name="model",
        path="/model",
        zh="模型",
        en="Model",
        purpose="which model is in service, its card and drift, and all releases and roll-backs (read only)",
        action="model.read",
        menu=True,
    )
)
async def model(request: SignedIn) -> View:
    """Show the model in service."""
    state = get_state(request)
    current = state.holder.current
    bundle = restrict_to_region(current.bundle, request.caller.region)

    releases = await state.read(list_releases)
    silent = current.silent and not may_reveal(request)
    drift = await anyio.to_thread.run_sync(partial(current.monitor.measure_drift, silent=silent))
    card = await anyio.to_thread.run_sync(_render_card, bundle)
    response = render(
        request,
        "model.html",
        model=current,
        since=next(
            (row["served_at"] for row in releases if row["model_version"] == current.version), current.loaded_at
        ),
        releases=releases if request.visitor.may("releases") else [],
        evaluation=current.bundle.evaluation,
        drift=_describe_drift(drift, get_language(request)),
        held=current.monitor.held,
        fewest=MIN_HOUSEHOLDS,
        card=card,
    )
    return View(response)


def _describe_drift(drift: Mapping[str, float], lang: str) -> list[tuple[str, float, str]]:
    """List the features, or the probability, that have shifted most: the name, the stability index and a word for it.

    >>> _describe_drift({"probability": 0.3, "household_size": 0.05}, "zh")
    [('模型概率', 0.3, '需复核'), ('家庭人口', 0.05, '正常')]
    """
    rows = []
    for code, value in sorted(drift.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_DRIFT_ROWS]:
        zh, en = (CATALOGUE[code].zh, CATALOGUE[code].en) if code in CATALOGUE else ("模型概率", "probability")
        word_zh, word_en = next(words for limit, *words in DRIFT_STATES if value > limit)
        rows.append((zh, value, word_zh) if lang == "zh" else (en, value, word_en))
    return rows


def _render_card(bundle: Bundle) -> str:
    """Render the model card as HTML; text in it that looks like HTML is escaped."""
    from riskml.training.card import write_model_card

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return _cache(bundle, ("card",), lambda: str(markdown.render(write_model_card(bundle))))


def _render_report(bundle: Bundle, simulated: bool, lang: str) -> str:
    from riskml.reporting import render_report

    return _cache(bundle, ("report", simulated, lang), lambda: render_report(bundle, simulated=simulated, lang=lang))


_PAGES: dict[tuple[object, ...], str] = {}
"""Cached pages for the last few models; a model always gives the same page, and a report takes seconds to render."""


def _cache(bundle: Bundle, name: tuple[object, ...], make: Callable[[], str]) -> str:
    """Return the cached page about a model, with or without its results by region; make the page on first use."""
    key = (bundle.model_version, len(bundle.evaluation["groups"]), *name)
    if key not in _PAGES:
        if len(_PAGES) >= MAX_CACHED:
            _PAGES.clear()
        _PAGES[key] = make()
    return _PAGES[key]


@router.page(
    Page(
        name="report",
        path="/model/report",
        zh="模型报告",
        en="Model report",
        purpose="the report that `riskml report` writes",
        action="model.report",
        max_bytes=1_000_000,
    )
)
async def report(request: SignedIn) -> View:
    """Show the report on the model, as `riskml report` writes it."""
    state, lang = get_state(request), get_language(request)
    bundle = restrict_to_region(state.holder.current.bundle, request.caller.region)
    page = await anyio.to_thread.run_sync(_render_report, bundle, state.settings.simulated, lang)
    return View(HTMLResponse(page, headers={"Content-Security-Policy": _make_policy(page)}))


def _make_policy(page: str) -> str:
    """Make the content security policy for a report: no scripts, nothing from elsewhere, and only its own style sheets.

    Elements in its charts have their colours in attributes, which cannot load anything under this policy.

    >>> _make_policy("<style>a</style>").split("; ")[1]
    "style-src-elem 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='"
    """
    sheets = dict.fromkeys(hashlib.sha256(text.encode()).digest() for text in STYLE.findall(page))
    known = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in sheets)
    rest = "style-src-attr 'unsafe-inline'; font-src data:; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    return f"default-src 'none'; style-src-elem {known}; {rest}; sandbox"
