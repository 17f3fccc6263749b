"""``/v1/clues``: report a clue, and read clues with what became of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from riskml_serving.api.call import Limit, ReadCall, Region, WriteCall
from riskml_serving.api.clues.schemas import CLUE_ANSWER, CLUE_REQUEST, CLUES_PAGE
from riskml_serving.api.clues.service import register_clue
from riskml_serving.api.jobs.endpoints import add_location
from riskml_serving.api.openapi import explain_codes, follow
from riskml_serving.casework.clues.repository import read_clues
from riskml_serving.casework.clues.service import describe
from riskml_serving.casework.clues.states import CLUE_STATES
from riskml_serving.checks.fields import find_code
from riskml_serving.http.cursors import BEGINNING, CLUE, decrypt_cursor, encrypt_cursor
from riskml_serving.http.responses import respond

router = APIRouter(tags=["clues"])


@router.post(
    "/v1/clues",
    status_code=201,
    response_model=CLUE_ANSWER,
    responses={
        201: follow(household_id="/clue/household_id"),
        202: {
            "model": CLUE_ANSWER,
            "description": "A job will score the households of the place",
            **follow(job_id="/job"),
        },
    },
    openapi_extra=CLUE_REQUEST.describe(idempotent=True),
)
async def add_clue(call: WriteCall) -> Response:
    """Report what somebody heard about a household, or a disaster about a place.

    The household is listed under 线索待核实 until a visit confirms or rejects the clue, whatever its signal. A key
    without `health-details` may report an illness, and reads what it reported itself.
    """
    content, body = await call.read_body(CLUE_REQUEST)

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        return register_clue(connection, call, body)

    return add_location(await call.write_once(content, work))


@router.get(
    "/v1/clues",
    response_model=CLUES_PAGE,
    responses={200: follow(household_id="/clues/0/household_id", since="/next")},
)
async def clues(
    call: ReadCall,
    region: Region = None,
    state: Annotated[str | None, Query(description=explain_codes(CLUE_STATES))] = None,
    since: Annotated[str, Query(max_length=64, description="`next` of the previous page.")] = BEGINNING,
    limit: Limit = None,
) -> Response:
    """List clues in the order in which they were reported, each with the finding of the visit that followed it."""
    prefix, size = call.caller.resolve_region(region), call.clamp_limit(limit)
    chosen = find_code("state", state, CLUE_STATES).code if state else ""

    def read(connection: Connection) -> tuple[list[dict[str, Any]], str]:
        after = decrypt_cursor(connection, CLUE, since, "since")
        rows = read_clues(connection, prefix, state=chosen, after=after, limit=size)
        last = encrypt_cursor(connection, CLUE, rows[-1]["clue_id"]) if rows else since
        return [describe(connection, row, call.caller) for row in rows], last

    rows, cursor = await call.state.read(read)
    await call.record_read("clues.list", sorted({row["household_id"] for row in rows if "household_id" in row}))
    return respond({**call.make_envelope(), "clues": rows, "next": cursor, "more": len(rows) == size})
