"""``/worklist`` and ``/worklist.xlsx``: who is to be visited."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
from fastapi import Request

from riskml.vocabulary.verdicts import AGREEMENTS, CATEGORIES, COLOURS, TIERS
from riskml_serving.api.regions.service import next_level
from riskml_serving.base.clock import today
from riskml_serving.base.database import reading
from riskml_serving.casework.worklist import repository
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.export import workbook
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.region_names import read_region_names
from riskml_serving.web.shell.rendering import language_of, render
from riskml_serving.web.shell.visitor import SignedIn, require_region
from riskml_serving.web.shell.words import SHAPES, cut_note, notice_of
from riskml_serving.web.worklist import service
from riskml_serving.web.worklist.sheet import HEADER, row_cells

__all__ = ["router"]

router = PageRouter()

PAGE = 30
MOST_WEEK = 500
FIELDS = ("q", "region", "state", "signal", "tier", "agreement", "category", "cause", "week")


@router.page(
    Page(
        name="worklist",
        path="/worklist",
        zh="今日待核",
        en="Work list",
        action="worklist.read",
        households=True,
        region=True,
        menu=True,
        examples=("", "state=overdue", "state=all&page=3", "state=all&cause=work"),
    )
)
async def worklist(request: Request, visitor: SignedIn) -> View:
    """Show the list: filters, counts, what can be done this week."""
    state, caller = get_state(request), visitor.caller
    asked, region = _read_filter(request), await require_region(request, visitor)
    day, model = today(state.settings), state.holder.current
    wanted = service.wanted_of(asked, region, caller, state.settings, day, model.policy)
    whole = request.query_params.get("whole") == "1"
    size = service.MOST_ROWS if whole else PAGE
    page = 1 if whole else _whole(request.query_params.get("page"), 1, 10_000)
    capacity = _whole(asked["week"], state.settings.visits_a_week, MOST_WEEK)

    def read() -> dict[str, Any]:
        with reading(state.engine) as connection:
            counts = repository.counts(connection, wanted)
            rows = repository.listed(connection, wanted, (page - 1) * size, size)
            week = service.week_of(connection, wanted, capacity) if wanted.state in service.TO_VISIT else None
            top = caller.region
            choices = repository.parts(connection, top, next_level(top))
            below = repository.parts(connection, region, next_level(region)) if region != top else []
            late = repository.late_counts(connection, wanted)
            return {"counts": counts, "late": late, "rows": rows, "week": week, "choices": choices, "below": below}

    found = await anyio.to_thread.run_sync(read)
    total = sum(found["counts"].values())
    said = {name: value for name, value in asked.items() if value}
    response = render(
        request,
        "worklist.html",
        visitor,
        rows=[service.row_of(row, model.policy, caller, state.settings, day) for row in found["rows"]],
        counts=[(code, SHAPES[code], found["counts"].get(i, 0)) for i, code in enumerate(COLOURS)][::-1],
        total=total,
        late={f"late_{name}": n for name, n in found["late"].items() if n},
        week=found["week"],
        today=day,
        asked=asked,
        wanted=wanted,
        region=region,
        regions=[*dict.fromkeys([*found["choices"], *([region] if region != caller.region else []), *found["below"]])],
        states=service.STATES,
        colours=COLOURS.codes[::-1],
        tiers=[*TIERS.codes[::-1], "none"],
        agreements=AGREEMENTS,
        categories=[*CATEGORIES, "none"],
        causes=service.causes_for(caller),
        page=page,
        pages=1 if whole else max(1, math.ceil(total / PAGE)),
        cut=cut_note(len(found["rows"]), total, language_of(request)) if whole else "",
        whole_link="/worklist?" + urlencode({**said, "whole": 1}),
        state_link=lambda code: "/worklist?" + urlencode({"region": region, "state": code}),
        page_link=lambda n: "/worklist?" + urlencode({**said, "page": n}),
        export_link="/worklist.xlsx?" + urlencode(said),
        visit_days=state.settings.visit_working_days,
        horizon=model.narrator.settings.horizon,
        policy=model.policy,
    )
    return View(response, [row["household_id"] for row in found["rows"]], {"region": region})


@router.page(
    Page(
        name="worklist-workbook",
        path="/worklist.xlsx",
        zh="今日待核(Excel)",
        en="Work list (Excel)",
        action="worklist.export",
        households=True,
        region=True,
        examples=("state=all",),
    )
)
async def worklist_workbook(request: Request, visitor: SignedIn) -> View:
    """Give the list as it is filtered, as a workbook."""
    state, caller, lang = get_state(request), visitor.caller, language_of(request)
    region = await require_region(request, visitor)
    day, model = today(state.settings), state.holder.current
    wanted = service.wanted_of(_read_filter(request), region, caller, state.settings, day, model.policy)

    def read() -> tuple[list[dict[str, Any]], int]:
        with reading(state.engine) as connection:
            rows = repository.listed(connection, wanted, 0, service.MOST_ROWS)
            return rows, sum(repository.counts(connection, wanted).values())

    rows, total = await anyio.to_thread.run_sync(read)
    names = read_region_names(state.settings.region_names)
    cells = [row_cells(service.row_of(row, model.policy, caller, state.settings, day), lang, names) for row in rows]
    notice = " · ".join(filter(None, (notice_of(lang, state.settings.simulated), cut_note(len(rows), total, lang))))
    title = {"zh": "今日待核", "en": "work list"}[lang]
    response = workbook([(title, HEADER[lang], cells)], notice, f"worklist-{day}.xlsx")
    return View(response, [row["household_id"] for row in rows])


def _read_filter(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "")[:128] for name in FIELDS}


def _whole(text: str | None, default: int, most: int) -> int:
    """Whole number of a field, within bounds.

    >>> _whole("7", 1, 5), _whole("-3", 1, 5), _whole("x", 1, 5)
    (5, 1, 1)
    """
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default
    return min(max(number, 1), most)
