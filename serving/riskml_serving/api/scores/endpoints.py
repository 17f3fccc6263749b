"""``POST /v1/scores``: returns both verdicts on the records in a request, and stores nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import anyio.to_thread
import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from riskml.records.contract.as_of import AsOf
from riskml_serving.api.call import ScoreCall
from riskml_serving.api.checks import TableRows, check_score_request
from riskml_serving.api.scores.schemas import SCORE_REQUEST, SCORES_ANSWER
from riskml_serving.base.clock import now
from riskml_serving.http.responses import respond
from riskml_serving.judging.judge import judge_tables
from riskml_serving.judging.model import Model
from riskml_serving.judging.verdict import FULL
from riskml_serving.judging.wording import show
from riskml_serving.store.records.columns import EMPTY, Columns, to_columns

__all__ = ["router"]

router = APIRouter(tags=["scores"])

AT_ONCE = 8
"""Maximum number of households scored in the event loop; larger requests use a thread, so that others need not wait."""


@router.post("/v1/scores", response_model=SCORES_ANSWER, openapi_extra=SCORE_REQUEST.describe())
async def scores(call: ScoreCall) -> Response:
    """Score the households in the request: probability, tier, signal, flags, agreement and, on request, reasons."""
    _, body = await call.read_body(SCORE_REQUEST)
    as_of, reasons = body.get("as_of") or call.today, body.get("reasons", False)
    tables = _to_columns(body["tables"], call.state.lines)
    check_score_request(call, body["tables"], tables)
    work = partial(_score, call.model, tables, as_of, reasons, call.caller.redact)
    at_once = len(body["tables"]["households"]) <= AT_ONCE
    known_as_of, answer = work() if at_once else await anyio.to_thread.run_sync(work)
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


def _score(
    model: Model, tables: Mapping[str, Columns], as_of: dt.date, reasons: bool, redact: tuple[str, ...]
) -> tuple[AsOf, dict[str, Any]]:
    judged, scores = judge_tables(model, tables, as_of), []
    for i, row in zip(judged.known.tolist(), judged.to_rows(), strict=True):
        score = {"household_id": row["household_id"], **show(row, model.policy, redact, FULL)}
        if reasons:
            score["explanation"] = judged.explain(i, redact=redact).to_json()
        scores.append(score)
    unknown = np.delete(judged.panel.household_id, judged.known).tolist()
    return judged.as_of, {"scores": scores, "unknown": unknown}
