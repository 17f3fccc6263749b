"""``/v1/households/{id}/verifications`` and their export as ``monitoring`` records."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from riskml_serving.api.callers import Reader, Writer
from riskml_serving.api.openapi import describe_body
from riskml_serving.api.verifications.schemas import MONITORING_PAGE, VERIFICATION_ANSWER
from riskml_serving.base.clock import today
from riskml_serving.base.cursors import clamp_limit
from riskml_serving.base.limits import read_body
from riskml_serving.casework.verifications.repository import read_entries
from riskml_serving.casework.verifications.schemas import VERIFICATION_REQUEST
from riskml_serving.casework.verifications.service import MONITORING, to_monitoring, verify
from riskml_serving.http.bodies import parse
from riskml_serving.http.idempotent_writes.service import respond_once
from riskml_serving.http.responses import make_envelope, respond, to_headers
from riskml_serving.http.sealed_cursors import BEGINNING, VERIFICATION, decrypt_cursor, encrypt_cursor
from riskml_serving.operations.state import get_state
from riskml_serving.people import audit

__all__ = ["router"]

router = APIRouter(tags=["verifications"])


@router.post(
    "/v1/households/{household_id}/verifications",
    status_code=201,
    response_model=VERIFICATION_ANSWER,
    openapi_extra=describe_body("VerificationRequest", VERIFICATION_REQUEST, idempotent=True),
)
async def verification(request: Request, household_id: str, caller: Writer) -> Response:
    """Keep what staff found at the door, beside the score that stood then."""
    state = get_state(request)
    body = await read_body(request, state.settings.max_body_bytes)
    finding, day, model = parse(body, VERIFICATION_REQUEST), today(state.settings), state.holder.current
    number = request.state.request_id

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        saved = verify(connection, caller, household_id, finding, day, number)
        head = make_envelope(model.names, None, None, number)
        return 201, {**head, "household_id": household_id, "verification": saved}

    return await respond_once(state.engine, request, caller, body, work)


@router.get(
    "/v1/verifications/monitoring",
    response_model=MONITORING_PAGE,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def monitoring(
    request: Request,
    caller: Reader,
    region: Annotated[str | None, Query(description="Prefix; the key's own by default.")] = None,
    since: Annotated[str, Query(max_length=64, description="`next` of the page before.")] = BEGINNING,
    limit: Annotated[int | None, Query(ge=1)] = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Give confirmed verifications with a category as rows of the contract's table `monitoring`, for retraining."""
    state = get_state(request)
    prefix, size = caller.resolve_region(region), clamp_limit(limit, state.settings)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], str]:
        entries = read_entries(connection, prefix, decrypt_cursor(connection, VERIFICATION, since, "since"), size)
        codes = sorted({entry["household_id"] for entry in entries})
        audit.record(connection, caller, "verifications.export", codes, request_id=request.state.request_id)
        last = encrypt_cursor(connection, VERIFICATION, entries[-1]["verification_id"]) if entries else since
        return entries, last

    entries, cursor = await state.write(read)
    rows = [to_monitoring(entry, caller) for entry in entries]
    head = make_envelope(state.holder.current.names, None, None, request.state.request_id)
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, MONITORING)
        writer.writeheader()
        writer.writerows(rows)
        return Response(
            text.getvalue(), media_type="text/csv; charset=utf-8", headers={**to_headers(head), "X-Next": cursor}
        )
    return respond({**head, "monitoring": rows, "next": cursor, "more": len(entries) == size})
