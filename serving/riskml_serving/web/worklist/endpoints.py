"""``/worklist``: who is to be visited."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from riskml.policy import AGREEMENTS, CATEGORIES, COLOURS, TIERS
from riskml_serving.api.regions.service import next_level
from riskml_serving.base.clock import today
from riskml_serving.base.database import reading
from riskml_serving.base.problems import Problem
from riskml_serving.casework.worklist import repository
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.pages import language_of, render
from riskml_serving.web.shell.refusals import PageRoute
from riskml_serving.web.shell.visitor import SignedIn, Visitor
from riskml_serving.web.shell.words import SHAPES, cut_note
from riskml_serving.web.worklist import service

__all__ = ["router"]

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PAGE = 30
MOST_WEEK = 500
FIELDS = ("q", "region", "state", "signal", "tier", "agreement", "category", "cause", "week")


@router.get("/worklist")
async def worklist(request: Request, visitor: SignedIn) -> Response:
    """Show the list: filters, counts, what can be done this week."""
    state, caller = get_state(request), visitor.caller
    asked = {name: request.query_params.get(name, "")[:128] for name in FIELDS}
    region = await region_of(request, visitor, asked["region"])
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
    seen = [row["household_id"] for row in found["rows"]] or None
    await state.audit.record(caller, "worklist.read", seen, request_id=request.state.request_id, region=region)
    said = {name: value for name, value in asked.items() if value}
    return render(
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
        colours=COLOURS[::-1],
        tiers=[*TIERS[::-1], "none"],
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


async def region_of(request: Request, visitor: Visitor, asked: str) -> str:
    """Return the region asked about, or the reader's own; what lies outside is not found, and that is recorded."""
    try:
        return visitor.caller.resolve_region(asked or None)
    except Problem:
        await get_state(request).audit.record(
            visitor.caller, "region.refused", None, request_id=request.state.request_id, asked=asked[:12]
        )
        raise


def _whole(text: str | None, default: int, most: int) -> int:
    """Whole number of a field, within bounds.

    >>> _whole("7", 1, 5), _whole("-3", 1, 5), _whole("x", 1, 5)
    (5, 1, 1)
    """
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default
    return min(max(number, 1), most)
