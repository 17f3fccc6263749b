"""``POST /v1/scores``: records in the request, both verdicts in the answer; nothing is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from riskml.outcomes import UNKNOWN
from riskml_serving.api.callers import Scorer
from riskml_serving.api.openapi import describe_body
from riskml_serving.api.scores.schemas import SCORE_REQUEST, SCORES_ANSWER
from riskml_serving.base.clock import now, today
from riskml_serving.base.limits import read_body
from riskml_serving.http.bodies import parse
from riskml_serving.http.responses import make_envelope, respond
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores import requests
from riskml_serving.judging.scores.service import judge_tables, shown
from riskml_serving.operations.state import get_state

__all__ = ["router"]

router = APIRouter(tags=["scores"])

AT_ONCE = 8
"""Households scored in the event loop; more go to a thread, so that others need not wait."""


@router.post("/v1/scores", response_model=SCORES_ANSWER, openapi_extra=describe_body("ScoreRequest", SCORE_REQUEST))
async def scores(request: Request, caller: Scorer) -> Response:
    """Score the households of the request: probability, tier, signal, flags, agreement, reasons on request."""
    state = get_state(request)
    body = parse(await read_body(request, state.settings.max_body_bytes), SCORE_REQUEST)
    as_of = body.get("as_of") or today(state.settings)
    tables = requests.with_lines(body["tables"], state.lines)
    requests.check(body["tables"], tables, caller, state.settings)
    model, reasons = state.holder.current, body.get("reasons", False)
    if len(body["tables"]["households"]) <= AT_ONCE:
        found = _scored(model, tables, as_of, reasons, caller.redact)
    else:
        found = await anyio.to_thread.run_sync(_scored, model, tables, as_of, reasons, caller.redact)
    number = request.state.request_id
    seen = [row["household_id"] for row in found["scores"]]
    await state.audit.record(caller, "scores.read", seen, request_id=number, as_of=as_of.isoformat(), reasons=reasons)
    return respond({**make_envelope(model.names, as_of, now(), number), **found})


def _scored(
    model: Model, tables: requests.Tables, as_of: dt.date, reasons: bool, redact: tuple[str, ...]
) -> dict[str, Any]:
    judged = judge_tables(model, tables, as_of)
    scored, unknown = [], []
    for i, status in enumerate(judged.opinion.status.tolist()):
        if status == UNKNOWN:
            unknown.append(str(judged.panel.household_id[i]))
            continue
        row = shown(judged.row(i), model.policy, redact)
        if reasons:
            row["explanation"] = judged.explained(i, redact=redact).to_json()
        scored.append(row)
    return {"scores": scored, "unknown": unknown}
