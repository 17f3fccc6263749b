"""``/v1/households``: the ranked list, one household, its explanation, its end."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, TIERS
from riskml_serving.api.callers import Reader, Writer
from riskml_serving.api.households import service
from riskml_serving.api.households.repository import read_ranked
from riskml_serving.api.households.schemas import (
    CLOSURE_ANSWER,
    CLOSURE_REQUEST,
    EXPLANATION_ANSWER,
    HOUSEHOLD_ANSWER,
    HOUSEHOLDS_PAGE,
)
from riskml_serving.api.openapi import describe_body
from riskml_serving.base.clock import today
from riskml_serving.base.contract import FIRST_DAY, LAST_DAY
from riskml_serving.base.cursors import clamp_limit, decode_cursor, encode_cursor
from riskml_serving.base.limits import read_body
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.http.bodies import parse
from riskml_serving.http.idempotent_writes.service import respond_once
from riskml_serving.http.responses import make_envelope, respond
from riskml_serving.operations.state import get_state

__all__ = ["router"]

router = APIRouter(tags=["households"])

Choice = Annotated[list[str] | None, Query(description="Repeat for several.")]


@router.get("/v1/households", response_model=HOUSEHOLDS_PAGE)
async def households(
    request: Request,
    caller: Reader,
    region: Annotated[str | None, Query(description="Prefix; the key's own by default.")] = None,
    tier: Choice = None,
    signal: Choice = None,
    agreement: Choice = None,
    after: Annotated[str | None, Query(description="`next` of the page before.", max_length=500)] = None,
    limit: Annotated[int | None, Query(ge=1, description="Rows of the page.")] = None,
) -> Response:
    """List current scores, the riskiest first: by signal, then probability, then code."""
    state = get_state(request)
    prefix, size, model = caller.resolve_region(region), clamp_limit(limit, state.settings), state.holder.current
    filters = _parse_filters(tier, signal, agreement)
    start = decode_cursor(after, (int, float, str), "after") if after is not None else None
    rows = await state.read(lambda connection: read_ranked(connection, prefix, filters, start, size))
    scores = [
        {
            "household_id": row["household_id"],
            "region_code": row["region_code"],
            **service.describe_score(row, model, caller),
        }
        for row in rows
    ]
    last = rows[-1] if len(rows) == size else None
    cursor = encode_cursor([last["order_signal"], float(last["order_rank"]), last["household_id"]]) if last else None
    as_of, scored_at = max(((row["as_of"], row["scored_at"]) for row in rows), default=(None, None))
    head = make_envelope(model.names, as_of, scored_at, request.state.request_id)
    codes = [row["household_id"] for row in rows]
    await state.audit.record(caller, "households.list", codes, request_id=request.state.request_id)
    return respond({**head, "region": prefix, "households": scores, "next": cursor})


def _parse_filters(
    tier: list[str] | None, signal: list[str] | None, agreement: list[str] | None
) -> dict[str, list[int] | list[str]]:
    """Convert the codes of a request to the values of columns; ``none`` is a household without a tier."""
    filters: dict[str, list[int] | list[str]] = {}
    if tier:
        filters["tier"] = [_find("tier", code, ("none", *TIERS.codes)) - 1 for code in tier]
    if signal:
        filters["signal"] = [_find("signal", code, COLOURS.codes) for code in signal]
    if agreement:
        filters["agreement"] = [AGREEMENTS.codes[_find("agreement", code, AGREEMENTS.codes)] for code in agreement]
    return filters


def _find(name: str, code: str, allowed: tuple[str, ...]) -> int:
    if code not in allowed:
        raise Problem("invalid-request", errors=[FieldError(name, "enum", f"One of: {', '.join(allowed)}")])
    return allowed.index(code)


@router.get("/v1/households/{household_id}", response_model=HOUSEHOLD_ANSWER)
async def household(request: Request, household_id: str, caller: Reader) -> Response:
    """Show one household: current score, rule verdict, history of scores, verifications."""
    state, number = get_state(request), request.state.request_id
    model = state.holder.current
    return respond(await state.write(lambda c: service.describe_household(c, model, caller, household_id, number)))


@router.get("/v1/households/{household_id}/explanation", response_model=EXPLANATION_ANSWER)
async def explanation(
    request: Request,
    household_id: str,
    caller: Reader,
    as_of: Annotated[
        dt.date | None, Query(ge=FIRST_DAY, le=LAST_DAY, description="Another day than that of the current score.")
    ] = None,
) -> Response:
    """Explain a household's score; what tells of health only with the right `health-details`."""
    state, number = get_state(request), request.state.request_id
    model = state.holder.current
    return respond(
        await state.write(lambda c: service.explain_household(c, model, caller, household_id, as_of, number))
    )


@router.post(
    "/v1/households/{household_id}/closure",
    response_model=CLOSURE_ANSWER,
    openapi_extra=describe_body("ClosureRequest", CLOSURE_REQUEST, idempotent=True),
)
async def closure(request: Request, household_id: str, caller: Writer) -> Response:
    """Close a household that moved away, was split or merged, or died out; its history stays."""
    state = get_state(request)
    body = await read_body(request, state.settings.max_body_bytes)
    closing, day, model = parse(body, CLOSURE_REQUEST), today(state.settings), state.holder.current
    number = request.state.request_id

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        return 200, service.close(connection, model, caller, household_id, closing, day, number)

    return await respond_once(state.engine, request, caller, body, work)
