"""``POST /v1/scores``: returns both verdicts on the records in a request, and stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import repeat
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import Response

from riskml.records.contract.as_of import AsOf
from riskml.records.contract.calendar import to_day
from riskml.records.panel.cells import parse_month
from riskml.records.panel.extent import Extent
from riskml_serving.api.attributes import read_attributes
from riskml_serving.api.call import ScoreCall
from riskml_serving.api.scores.schemas import SCORE_REQUEST, SCORES_ANSWER
from riskml_serving.base.clock import now
from riskml_serving.base.problems import FieldError
from riskml_serving.checks.comparisons import plan_warnings, show_warnings
from riskml_serving.checks.findings import warn_of_end
from riskml_serving.checks.records import TableRows, check_score_request
from riskml_serving.http.responses import respond
from riskml_serving.judging.batch_judge import Share
from riskml_serving.judging.judge import judge_tables
from riskml_serving.judging.model import Model
from riskml_serving.judging.verdict import FULL
from riskml_serving.judging.wording import show
from riskml_serving.store.records.columns import EMPTY, Columns, Rows, to_columns

router = APIRouter(tags=["scores"])

MOST_IN_EVENT_LOOP, MOST_BYTES_IN_EVENT_LOOP = 8, 200_000
"""Maximum number of households scored in the event loop, and maximum size of their records; larger requests use a
thread, so that others need not wait."""


@router.post("/v1/scores", response_model=SCORES_ANSWER, openapi_extra=SCORE_REQUEST.describe())
async def scores(call: ScoreCall) -> Response:
    """Score the households in the request: probability, tier, signal, flags, agreement and, on request, reasons."""
    content, body, warnings = await call.read_records(SCORE_REQUEST)
    as_of, reasons = body.get("as_of") or call.today, body.get("reasons", False)
    today, model = call.today, call.model

    def prepare() -> tuple[dict[str, Rows], list[FieldError], dict[str, Columns]]:
        rows, odd = read_attributes(body["tables"], model)
        tables = _to_columns(rows, call.state.lines)
        check_score_request(call.caller, call.state.settings, body["tables"], tables, today)
        return rows, odd, tables

    rows, odd, tables = await call.run(content, prepare)

    own = {name: tables[name] for name in rows}
    stored = {name: tables[name] for name in tables.keys() - own.keys()}
    plan = partial(plan_warnings, own, stored, today, model.policy.usual_lines)

    def show_share(share: Share, more: list[FieldError]) -> tuple[AsOf, dict[str, Any]]:
        answer = _show(share, model, call.caller.redact, reasons=reasons)
        outside = _warn_of_date(share, tables["income"]) if body.get("as_of") else []
        return share.as_of, {**answer, **show_warnings([*warnings, *odd, *outside, *more])}

    def work() -> tuple[AsOf, dict[str, Any]]:
        search = plan()
        return show_share(Share.whole(judge_tables(model, tables, as_of)), search() if search else [])

    if len(rows["households"]) <= MOST_IN_EVENT_LOOP and len(content) < MOST_BYTES_IN_EVENT_LOOP:
        search = plan()
        more = await anyio.to_thread.run_sync(search) if search else []
        known_as_of, answer = show_share(await call.state.judge.judge(model, tables, as_of), more)
    else:
        known_as_of, answer = await anyio.to_thread.run_sync(work)
    codes = [row["household_id"] for row in answer["scores"]]
    await call.record_read("scores.read", codes, as_of=as_of.isoformat(), reasons=reasons)
    return respond({**call.make_envelope(known_as_of, now()), **answer})


def _to_columns(tables: TableRows, lines: Callable[[], Columns]) -> dict[str, Columns]:
    """Turn a request's tables into columns, adding the service's monitoring lines if the table ``lines`` is absent.

    A table without rows keeps its columns, because an empty table means 'no rows' and an absent one means 'unknown'.
    With an empty ``lines`` table, the policy's lines apply.
    """
    columns = {name: to_columns(rows) or EMPTY[name] for name, rows in tables.items()}
    return columns if "lines" in tables else {**columns, "lines": lines()}


def _warn_of_date(share: Share, income: Columns) -> list[FieldError]:
    """Warn if the date that the request states lies outside its records, as ``riskml score`` does."""
    periods = {*zip(income["period_start"], income.get("months", repeat(1)), strict=False)}
    starts = [parse_month(start) for start, _ in periods]
    ends = [start + (months or 1) - 1 for start, (_, months) in zip(starts, periods, strict=True)]
    last_day = share.as_of.last_day
    extent = Extent(
        min(starts, default=0),
        max(ends, default=-1),
        None if last_day is None else to_day(last_day),
        share.last_days,
        share.income_days,
        simulated=False,
    )
    day = share.judged.panel.as_of
    return warn_of_end(extent, day)


def _show(share: Share, model: Model, redact: tuple[str, ...], *, reasons: bool) -> dict[str, Any]:
    scores = []
    for i, row in share.rows.items():
        score = {"household_id": row["household_id"], **show(row, model.policy, redact, FULL)}
        if reasons:
            score["explanation"] = share.explain(i, redact).to_json()
        scores.append(score)
    return {"scores": scores, "unknown": share.unknown}
