"""``/worklist`` and ``/worklist.xlsx``: which households to visit."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import Connection

from riskml.vocabulary.verdicts import AGREEMENTS, CATEGORIES, COLOURS, TIERS
from riskml_serving.api.regions.service import next_level
from riskml_serving.base.clock import today
from riskml_serving.casework.deadlines import DEADLINES, Deadlines
from riskml_serving.casework.worklist import repository
from riskml_serving.casework.worklist.repository import ListFilter
from riskml_serving.casework.worklist.states import STATES
from riskml_serving.operations.state import get_state
from riskml_serving.web.shell.export import write_workbook
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.region_names import read_region_names
from riskml_serving.web.shell.rendering import get_language, render
from riskml_serving.web.shell.visitor import SignedIn, Visitor, require_region
from riskml_serving.web.shell.words import SHAPES, describe_cut, list_causes, make_notice
from riskml_serving.web.worklist import service
from riskml_serving.web.worklist.sheet import HEADER, list_cells

__all__ = ["router"]

router = PageRouter()

PAGE = Page(
    name="worklist",
    path="/worklist",
    zh="待核实名单",
    en="Work list",
    purpose="which households to visit, sorted by colour, probability and waiting time, with filters and search",
    action="worklist.read",
    households=True,
    region=True,
    menu=True,
    examples=("", "state=overdue", "state=all&page=3", "state=all&cause=work"),
)

PAGE_ROWS, MAX_PAGES, MAX_WEEK = 30, 10_000, 500
FIELDS = ("q", "region", "state", "signal", "tier", "agreement", "category", "cause", "week")


@router.page(PAGE)
async def worklist(request: Request, visitor: SignedIn) -> View:
    """Show the list, its filters and counts, and what can be done this week."""
    state, caller = get_state(request), visitor.caller
    fields, wanted, deadlines = await _read_filter(request, visitor)
    region, whole = wanted.region, request.query_params.get("whole") == "1"
    size = service.MOST_ROWS if whole else PAGE_ROWS
    page = 1 if whole else _parse_number(request.query_params.get("page"), 1, MAX_PAGES)
    capacity = _parse_number(fields["week"], state.settings.visits_a_week, MAX_WEEK)

    def read(connection: Connection) -> dict[str, Any]:
        rows = repository.read_list(connection, wanted, (page - 1) * size, size)
        counts = repository.count_by_signal(connection, wanted)
        wider, parts = (repository.list_parts(connection, code, next_level(code)) for code in (caller.region, region))
        return {
            "rows": [service.describe_row(row, caller, deadlines) for row in rows],
            "counts": [(code, SHAPES[code], counts.get(i, 0)) for i, code in enumerate(COLOURS)][::-1],
            "week": service.plan_week(connection, wanted, capacity) if STATES[wanted.state].to_visit else None,
            "regions": list(dict.fromkeys((*wider, region, *parts))),
            "late": {
                DEADLINES[name].late.code: n for name, n in repository.count_late(connection, wanted).items() if n
            },
            "total": sum(counts.values()),
        }

    content = await state.read(read)
    total, codes = content["total"], [row["household_id"] for row in content["rows"]]
    chosen = {name: value for name, value in fields.items() if value}
    response = render(
        request,
        "worklist.html",
        visitor,
        **content,
        today=deadlines.today,
        fields=fields,
        wanted=wanted,
        region=region,
        states=STATES,
        colours=COLOURS.codes[::-1],
        tiers=[*TIERS.codes[::-1], "none"],
        agreements=AGREEMENTS,
        categories=[*CATEGORIES, "none"],
        causes=list_causes(caller),
        page=page,
        pages=1 if whole else max(1, math.ceil(total / PAGE_ROWS)),
        cut=describe_cut(len(codes), total, get_language(request)) if whole else "",
        whole_link="/worklist?" + urlencode({**chosen, "whole": 1}),
        state_link=lambda code: "/worklist?" + urlencode({"region": region, "state": code}),
        page_link=lambda n: "/worklist?" + urlencode({**chosen, "page": n}),
        export_link="/worklist.xlsx?" + urlencode(chosen),
        deadline_notes=deadlines.notes,
        horizon=state.holder.current.narrator.settings.horizon,
    )
    return View(response, codes, {"region": region})


@router.page(PAGE.make_workbook("/worklist.xlsx", "the filtered list", "worklist.export", ("state=all",)))
async def worklist_workbook(request: Request, visitor: SignedIn) -> View:
    """Export the filtered list as a workbook."""
    state, caller, lang = get_state(request), visitor.caller, get_language(request)
    _, wanted, deadlines = await _read_filter(request, visitor)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], int]:
        rows = repository.read_list(connection, wanted, 0, service.MOST_ROWS)
        return rows, sum(repository.count_by_signal(connection, wanted).values())

    rows, total = await state.read(read)
    names = read_region_names(state.settings.region_names)
    cells = [list_cells(service.describe_row(row, caller, deadlines), lang, names) for row in rows]
    notices = (make_notice(lang, state.settings.simulated), describe_cut(len(rows), total, lang))
    sheet = ({"zh": "待核实名单", "en": "work list"}[lang], HEADER[lang], cells)
    response = write_workbook([sheet], " · ".join(filter(None, notices)), f"worklist-{deadlines.today}.xlsx")
    return View(response, [row["household_id"] for row in rows])


async def _read_filter(request: Request, visitor: Visitor) -> tuple[dict[str, str], ListFilter, Deadlines]:
    """Read the filter from a request; return the fields as entered, the filter they describe, and today's deadlines."""
    state = get_state(request)
    fields = {name: request.query_params.get(name, "")[:128] for name in FIELDS}
    region = await require_region(request, visitor)
    deadlines = Deadlines(state.holder.current.policy, state.settings, today(state.settings))
    return fields, service.build_filter(fields, region, visitor.caller, deadlines), deadlines


def _parse_number(text: str | None, default: int, most: int) -> int:
    """Parse the integer in a field, and limit it to the range from 1 to ``most``.

    >>> _parse_number("7", 1, 5), _parse_number("-3", 1, 5), _parse_number("x", 1, 5)
    (5, 1, 1)
    """
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default
    return min(max(number, 1), most)
