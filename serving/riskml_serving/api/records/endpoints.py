"""``POST /v1/records``: append records; the households concerned are scored again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from riskml_serving.api.callers import Writer
from riskml_serving.api.jobs.endpoints import add_location
from riskml_serving.api.openapi import describe_body
from riskml_serving.api.records.schemas import RECORDS_ANSWER, RECORDS_REQUEST
from riskml_serving.api.records.service import Intake
from riskml_serving.base.clock import today
from riskml_serving.base.limits import read_body
from riskml_serving.http.bodies import parse
from riskml_serving.http.idempotent_writes.service import respond_once
from riskml_serving.operations.state import get_state

__all__ = ["router"]

router = APIRouter(tags=["records"])


@router.post(
    "/v1/records",
    response_model=RECORDS_ANSWER,
    responses={202: {"model": RECORDS_ANSWER, "description": "A job will score whom the records touch"}},
    openapi_extra=describe_body("RecordsRequest", RECORDS_REQUEST, idempotent=True),
)
async def records(request: Request, caller: Writer) -> Response:
    """Append records and say what changed; 202 and a job where more households are touched than are scored at once."""
    state = get_state(request)
    body = await read_body(request, state.settings.max_body_bytes)
    tables = parse(body, RECORDS_REQUEST)["tables"]
    intake = Intake(state.holder.current, caller, state.settings, today(state.settings), request.state.request_id)

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        return intake.take(connection, tables)  # which checks them too: what was taken yesterday is repeated today

    answer = add_location(await respond_once(state.engine, request, caller, body, work))
    if tables.get("lines"):
        state.lines.forget()
    return answer
