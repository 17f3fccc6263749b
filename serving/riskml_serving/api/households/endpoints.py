"""``/v1/households``: the ranked list, one household, its explanation and its closure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from riskml.vocabulary.verdicts import AGREEMENTS, COLOUR_POSITIONS, TIERS
from riskml_serving.api.call import ReadCall, Region, WriteCall
from riskml_serving.api.households import service
from riskml_serving.api.households.repository import ORDER, read_ranked
from riskml_serving.api.households.schemas import (
    CLOSURE_ANSWER,
    CLOSURE_REQUEST,
    EXPLANATION_ANSWER,
    HOUSEHOLD_ANSWER,
    HOUSEHOLDS_PAGE,
)
from riskml_serving.api.openapi import follow
from riskml_serving.base.contract import FIRST_DAY, LAST_DAY
from riskml_serving.checks.fields import find_code
from riskml_serving.http.cursors import decrypt_rank, encrypt_rank
from riskml_serving.http.responses import respond
from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.judging.wording import find_as_of_day

router = APIRouter(tags=["households"])

FILTERS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "tier": ("tier", {"none": -1, **{code: i for i, code in enumerate(TIERS)}}),
    "signal": ("signal", COLOUR_POSITIONS),
    "agreement": ("agreement", {code: code for code in AGREEMENTS}),
    "section": ("order_section", {code: i for i, code in enumerate(SECTIONS)}),
}
"""The filters of the list: for each query parameter, the column that it filters and the column's value for each code.
For ``tier``, the code ``none`` stands for scores without a tier."""

Choice = Annotated[list[str] | None, Query(description="Repeat the parameter to allow several values.")]


@router.get(
    "/v1/households",
    response_model=HOUSEHOLDS_PAGE,
    responses={200: follow(household_id="/households/0/household_id", after="/next")},
)
async def households(
    call: ReadCall,
    region: Region = None,
    tier: Choice = None,
    signal: Choice = None,
    agreement: Choice = None,
    section: Choice = None,
    after: Annotated[str | None, Query(description="`next` of the previous page.", max_length=2000)] = None,
    limit: Annotated[int | None, Query(ge=1, description="Rows per page.")] = None,
) -> Response:
    """List current scores in ranked order.

    The list is ordered by section: flagged by the rule line, early warning by the model, no warning, income unknown.
    Within a section, it is ordered by signal, the most severe first, and then by shortfall (in the first section) or
    probability (in the others), the largest first.

    A household whose score changes while the pages are read changes its place, so it may be missed or appear twice.
    `GET /v1/changes` misses none.
    """
    prefix, size = call.caller.resolve_region(region), call.clamp_limit(limit)
    chosen = {"tier": tier, "signal": signal, "agreement": agreement, "section": section}
    filters = {
        FILTERS[name][0]: [find_code(name, code, FILTERS[name][1]) for code in codes]
        for name, codes in chosen.items()
        if codes
    }

    def read(connection: Connection) -> tuple[list[dict[str, Any]], str | None]:
        start = decrypt_rank(connection, after, "after") if after is not None else None
        rows = read_ranked(connection, prefix, filters, start, size)
        last = encrypt_rank(connection, [rows[-1][column.name] for column in ORDER]) if len(rows) == size else None
        return rows, last

    rows, cursor = await call.state.read(read)
    scores = [service.describe_listed(call, row) for row in rows]
    scored_at = max((row["scored_at"] for row in rows), default=None)
    await call.record_read("households.list", [row["household_id"] for row in rows])
    return respond(
        {**call.make_envelope(find_as_of_day(rows), scored_at), "region": prefix, "households": scores, "next": cursor}
    )


@router.get("/v1/households/{household_id}", response_model=HOUSEHOLD_ANSWER)
async def household(call: ReadCall, household_id: str) -> Response:
    """Show one household: its current score, rule verdict, score history and verifications."""
    return respond(await call.state.write(lambda c: service.describe_household(c, call, household_id)))


@router.get("/v1/households/{household_id}/explanation", response_model=EXPLANATION_ANSWER)
async def explanation(
    call: ReadCall,
    household_id: str,
    as_of: Annotated[
        dt.date | None,
        Query(ge=FIRST_DAY, le=LAST_DAY, description="Date of the score to explain; by default, the current one."),
    ] = None,
) -> Response:
    """Explain a household's score; health information is included only with the `health-details` right."""
    return respond(await call.state.write(lambda c: service.explain_household(c, call, household_id, as_of)))


@router.post(
    "/v1/households/{household_id}/closure",
    response_model=CLOSURE_ANSWER,
    responses={200: follow(household_id="/household_id")},
    openapi_extra=CLOSURE_REQUEST.describe(idempotent=True),
)
async def closure(call: WriteCall, household_id: str) -> Response:
    """Close a household that moved away, was split or merged, or died out; its history stays.

    Its records are not carried over to the households that follow it. Without income of their own, these have the
    status `no_income` and the signal `unknown`, so send the earlier records of their members again under the new codes.
    """
    content, closing = await call.read_body(CLOSURE_REQUEST)

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        return 200, service.close(connection, call, household_id, closing)

    return await call.write_once(content, work)
