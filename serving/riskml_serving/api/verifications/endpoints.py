"""What visits found, new help, households due for a second look, and the export as ``monitoring`` records."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from riskml.workbook import write_csv
from riskml_serving.api.call import Call, Limit, ReadCall, Region, WriteCall
from riskml_serving.api.openapi import Body, follow
from riskml_serving.api.records.service import describe_change
from riskml_serving.api.verifications.schemas import (
    DUE_PAGE,
    HELP_ANSWER,
    HELP_REQUEST,
    MONITORING,
    MONITORING_PAGE,
    VERIFICATION_ANSWER,
    VERIFICATION_REQUEST,
)
from riskml_serving.casework.reassessments.repository import list_due
from riskml_serving.casework.reassessments.service import begin_help
from riskml_serving.casework.verifications.repository import read_entries
from riskml_serving.casework.verifications.service import to_monitoring
from riskml_serving.casework.visits.service import verify
from riskml_serving.http.cursors import (
    BEGINNING,
    VERIFICATION,
    decrypt_cursor,
    decrypt_rank,
    encrypt_cursor,
    encrypt_rank,
)
from riskml_serving.http.responses import respond, to_headers
from riskml_serving.judging.scores.changes import Change

router = APIRouter(tags=["verifications"])


@router.post(
    "/v1/households/{household_id}/verifications",
    status_code=201,
    response_model=VERIFICATION_ANSWER,
    responses={201: follow(household_id="/household_id")},
    openapi_extra=VERIFICATION_REQUEST.describe(idempotent=True),
)
async def verification(call: WriteCall, household_id: str) -> Response:
    """Save the finding of a visit with the facts that the household stated, and score the household at once.

    Each fact becomes a row of the contract. A department's row of the same kind within 31 days corrects it, whichever
    of the two comes first. With `seen`, a finding that somebody else saved meanwhile is returned as a conflict.
    """
    return await _save(call, household_id, VERIFICATION_REQUEST, verify, "verification")


@router.post(
    "/v1/households/{household_id}/help",
    status_code=201,
    response_model=HELP_ANSWER,
    responses={201: follow(household_id="/household_id")},
    openapi_extra=HELP_REQUEST.describe(idempotent=True),
)
async def help_begun(call: WriteCall, household_id: str) -> Response:
    """Save new help, score the household, and set the day on which the help is assessed again."""
    return await _save(call, household_id, HELP_REQUEST, begin_help, "help")


async def _save(
    call: Call, household_id: str, request: Body, save: Callable[..., tuple[Any, Change | None]], name: str
) -> Response:
    """Save what staff report about a household, and answer with it under a name and with the change of the score."""
    content, body = await call.read_body(request)

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        saved, change = save(call.act(connection), household_id, body)
        score = describe_change(call, change) if change and "read" in call.caller.rights else None
        return 201, {**call.make_envelope(), "household_id": household_id, name: saved, "score": score}

    return await call.write_once(content, work)


@router.get(
    "/v1/reassessments",
    response_model=DUE_PAGE,
    responses={200: follow(household_id="/households/0/household_id", after="/next")},
)
async def reassessments(
    call: ReadCall,
    region: Region = None,
    after: Annotated[str | None, Query(description="`next` of the previous page.", max_length=2000)] = None,
    limit: Limit = None,
) -> Response:
    """List the households that are due for a second look at their help, within a week or overdue, the earliest first.

    A household for which the last visit found that help does not work is due until other help has begun.
    """
    prefix, size, today = call.caller.resolve_region(region), call.clamp_limit(limit), call.today

    def read(connection: Connection) -> tuple[list[dict[str, Any]], str | None]:
        day, *_, code = decrypt_rank(connection, after, "after") if after is not None else (0, "")
        due = [(row["due_on"].toordinal(), row["household_id"], row) for row in list_due(connection, prefix, today)]
        left = [one for one in due if one[:2] > (day, code)]
        shown = left[:size]
        last = encrypt_rank(connection, [shown[-1][0], 0, 0.0, shown[-1][1]]) if len(left) > size else None
        return [row for *_, row in shown], last

    rows, cursor = await call.state.read(read)
    await call.record_read("reassessments.list", [row["household_id"] for row in rows])
    return respond({**call.make_envelope(), "region": prefix, "households": rows, "next": cursor})


@router.get(
    "/v1/verifications/monitoring",
    response_model=MONITORING_PAGE,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, **follow(since="/next")}},
)
async def monitoring(
    call: ReadCall,
    region: Region = None,
    since: Annotated[str, Query(max_length=64, description="`next` of the previous page.")] = BEGINNING,
    limit: Limit = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """Return confirmed verifications with a category as rows of the contract's table `monitoring`, for retraining."""
    prefix, size = call.caller.resolve_region(region), call.clamp_limit(limit)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], str]:
        entries = read_entries(connection, prefix, decrypt_cursor(connection, VERIFICATION, since, "since"), size)
        call.act(connection).record("verifications.export", sorted({entry["household_id"] for entry in entries}))
        last = encrypt_cursor(connection, VERIFICATION, entries[-1]["verification_id"]) if entries else since
        return entries, last

    entries, cursor = await call.state.write(read)
    rows, head = [to_monitoring(entry, call.caller) for entry in entries], call.make_envelope()
    if form == "json":
        return respond({**head, "monitoring": rows, "next": cursor, "more": len(entries) == size})
    text = io.StringIO()
    write_csv(text, [MONITORING, *([row.get(name) for name in MONITORING] for row in rows)])
    headers = {**to_headers(head), "X-Next": cursor}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
