"""``/worklist.xlsx``: the list as it is filtered, for Excel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from riskml_serving.base.clock import today
from riskml_serving.base.database import writing
from riskml_serving.casework.deadlines import DEADLINES
from riskml_serving.casework.worklist import repository
from riskml_serving.operations.state import get_state
from riskml_serving.people import audit
from riskml_serving.web.shell.export import workbook
from riskml_serving.web.shell.names import names_of
from riskml_serving.web.shell.pages import language_of
from riskml_serving.web.shell.refusals import PageRoute
from riskml_serving.web.shell.visitor import SignedIn
from riskml_serving.web.shell.words import HUNDRED, cut_note, hundred, notice_of, word
from riskml_serving.web.worklist import service
from riskml_serving.web.worklist.endpoints import FIELDS, region_of

__all__ = ["router"]

router = APIRouter(route_class=PageRoute, include_in_schema=False)

HEADER = {
    "zh": ("户码", "地区", "信号", "模型分级", HUNDRED["zh"], "规则与模型", "规则提示", "信号起始",
           "走访期限", "认定程序期限", "落实帮扶责任人期限", "逾期", "最近核实", "核实日期", "责任人"),
    "en": ("code", "place", "signal", "tier", HUNDRED["en"], "rule line and model", "flags", "since",
           "visit by", "procedure by", "helper named by", "overdue", "last finding", "verified on", "with"),
}  # fmt: skip


@router.get("/worklist.xlsx")
async def sheet(request: Request, visitor: SignedIn) -> Response:
    """Give the list as a workbook; every household in it is recorded as exported."""
    state, caller, lang = get_state(request), visitor.caller, language_of(request)
    asked = {name: request.query_params.get(name, "")[:128] for name in FIELDS}
    region = await region_of(request, visitor, asked["region"])
    day, model = today(state.settings), state.holder.current
    wanted = service.wanted_of(asked, region, caller, state.settings, day, model.policy)

    def read() -> tuple[list[dict[str, Any]], int]:
        with writing(state.engine) as connection:
            found = repository.listed(connection, wanted, 0, service.MOST_ROWS)
            codes = [row["household_id"] for row in found]
            audit.record(connection, caller, "worklist.export", codes, request_id=request.state.request_id)
            return found, sum(repository.counts(connection, wanted).values())

    found, total = await anyio.to_thread.run_sync(read)
    label: Callable[[str], str] = lambda code: names_of(state.settings.region_names).label(code, lang)  # noqa: E731
    rows = [_cells(service.row_of(row, model.policy, caller, state.settings, day), lang, label) for row in found]
    notice = " · ".join(filter(None, (notice_of(lang, state.settings.simulated), cut_note(len(found), total, lang))))
    title = {"zh": "今日待核", "en": "work list"}[lang]
    return workbook([(title, HEADER[lang], rows)], notice, f"worklist-{day}.xlsx")


def _cells(row: dict[str, Any], lang: str, label: Callable[[str], str]) -> tuple[Any, ...]:
    hidden = {"zh": "健康类提示(需授权)", "en": "about health (needs permission)"}[lang]
    flags = [flag.zh if lang == "zh" else flag.en for flag in row["flags"]] + [hidden] * bool(row["hidden_flags"])
    due = {one.name: one.day for one in row["due"]}
    return (
        row["household_id"],
        label(row["region_code"]),
        f"{row['shape']} {word('signal', row['signal'], lang)}",
        word("tier", row["tier"], lang),
        hundred(row["probability"]),
        word("agreement", row["agreement"], lang),
        "、".join(flags),
        row["since"],
        *(due.get(name) for name in DEADLINES),
        "、".join(word("state", f"late_{one.name}", lang) for one in row["due"] if one.late),
        word("outcome", row["last_outcome"], lang),
        row["last_verified_on"],
        row["assignee"],
    )
