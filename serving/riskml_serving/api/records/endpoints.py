"""``POST /v1/records``: append records and rescore the affected households."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from riskml_serving.api.call import WriteCall
from riskml_serving.api.jobs.endpoints import add_location
from riskml_serving.api.openapi import follow
from riskml_serving.api.records.schemas import RECORDS_ANSWER, RECORDS_REQUEST
from riskml_serving.api.records.service import append_records

router = APIRouter(tags=["records"])


@router.post(
    "/v1/records",
    response_model=RECORDS_ANSWER,
    responses={
        200: follow(household_id="/scores/0/household_id"),
        202: {
            "model": RECORDS_ANSWER,
            "description": "A job will score the affected households",
            **follow(job_id="/job"),
        },
    },
    openapi_extra=RECORDS_REQUEST.describe(idempotent=True),
)
async def records(call: WriteCall) -> Response:
    """Append records and report what changed; 202 and a job if too many households are affected to rescore at once."""
    content, body, warnings = await call.read_records(RECORDS_REQUEST)
    tables = body["tables"]

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        # checks run here, so not for a repeated request
        return append_records(connection, call, tables, warnings, sha256=hashlib.sha256(content).hexdigest())

    answer = add_location(await call.write_once(content, work))
    if tables.get("lines"):
        call.state.lines.forget()
    return answer
