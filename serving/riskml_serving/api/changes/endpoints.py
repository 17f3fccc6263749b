"""``GET /v1/changes``: scores that are new, changed, moved to another region or removed, from a cursor onwards."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from riskml_serving.api.call import Limit, ReadCall, Region
from riskml_serving.api.changes.repository import read_changes
from riskml_serving.api.changes.schemas import CHANGES_PAGE
from riskml_serving.api.households.service import describe_score
from riskml_serving.api.openapi import follow
from riskml_serving.http.cursors import BEGINNING, CHANGE, decrypt_cursor, encrypt_cursor
from riskml_serving.http.responses import respond
from riskml_serving.judging.wording import find_as_of_day
from riskml_serving.people.auth import covers

router = APIRouter(tags=["changes"])


@router.get(
    "/v1/changes",
    response_model=CHANGES_PAGE,
    responses={200: follow(household_id="/changes/0/household_id", since="/next")},
)
async def changes(
    call: ReadCall,
    since: Annotated[
        str,
        Query(max_length=64, description="`next` of the previous response, or a `cursor`; 0 starts at the beginning."),
    ] = BEGINNING,
    region: Region = None,
    limit: Limit = None,
) -> Response:
    """List changes in the order in which they happened; continuing from `next` neither misses nor repeats any."""
    prefix, size = call.caller.resolve_region(region), call.clamp_limit(limit)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], list[str]]:
        rows = read_changes(connection, prefix, decrypt_cursor(connection, CHANGE, since, "since"), size)
        return rows, [encrypt_cursor(connection, CHANGE, row["seq"]) for row in rows]

    rows, cursors = await call.state.read(read)
    changed = [
        {"cursor": cursor, **_describe_change(row, prefix), **describe_score(call, row)}
        for row, cursor in zip(rows, cursors, strict=True)
    ]
    head = call.make_envelope(find_as_of_day(rows[-1:]), rows[-1]["scored_at"]) if rows else call.make_envelope()
    await call.record_read("changes.read", [row["household_id"] for row in rows])
    return respond({**head, "changes": changed, "next": cursors[-1] if cursors else since, "more": len(rows) == size})


def _describe_change(row: dict[str, Any], region: str) -> dict[str, Any]:
    """Describe a change for readers in a region, without revealing where a household that left the region went."""
    stayed = covers(region, row["region_code"])
    return {
        "change": row["change"] if stayed else "left",
        "household_id": row["household_id"],
        "region_code": row["region_code"] if stayed else row["moved_from"],
    }
