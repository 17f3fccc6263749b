"""``GET /v1/changes``: scores, signals and verdicts that changed since a cursor, and scores that are gone."""

from __future__ import annotations

from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from riskml_serving.api.callers import Reader
from riskml_serving.api.changes.repository import changes as read_changes
from riskml_serving.api.changes.schemas import CHANGES_PAGE
from riskml_serving.api.households.service import score_of
from riskml_serving.base.cursors import clamp_limit
from riskml_serving.base.database import reading
from riskml_serving.http.responses import make_envelope, respond
from riskml_serving.http.sealed_cursors import BEGINNING, CHANGE, decrypt_cursor, encrypt_cursor
from riskml_serving.operations.state import get_state
from riskml_serving.people.auth import covers

__all__ = ["router"]

router = APIRouter(tags=["changes"])


@router.get("/v1/changes", response_model=CHANGES_PAGE)
async def changes(
    request: Request,
    caller: Reader,
    since: Annotated[
        str, Query(max_length=64, description="`next` of the answer before, or a `cursor`; 0 is the beginning.")
    ] = BEGINNING,
    region: Annotated[str | None, Query(description="Prefix; the key's own by default.")] = None,
    limit: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """List changes in the order in which they happened; asking again with `next` misses none and repeats none."""
    state = get_state(request)
    where, most = caller.resolve_region(region), clamp_limit(limit, state.settings)
    model = state.holder.current

    def read() -> tuple[list[dict[str, Any]], list[str]]:
        with reading(state.engine) as connection:
            rows = read_changes(connection, where, decrypt_cursor(connection, CHANGE, since, "since"), most)
            return rows, [encrypt_cursor(connection, CHANGE, row["seq"]) for row in rows]

    rows, cursors = await anyio.to_thread.run_sync(read)
    found = [
        {"cursor": cursor, **_told(row, where), **score_of(row, model, caller)}
        for row, cursor in zip(rows, cursors, strict=True)
    ]
    last = rows[-1] if rows else None
    as_of, at = (last["as_of"], last["scored_at"]) if last else (None, None)
    head = make_envelope(model.names, as_of, at, request.state.request_id)
    codes = [row["household_id"] for row in rows]
    await state.audit.record(caller, "changes.read", codes, request_id=request.state.request_id)
    return respond({**head, "changes": found, "next": cursors[-1] if cursors else since, "more": len(rows) == most})


def _told(row: dict[str, Any], region: str) -> dict[str, Any]:
    """Tell what happened as seen from a region: nobody there learns where a household went that left it."""
    here = covers(region, row["region_code"])
    return {
        "change": row["change"] if here else "left",
        "household_id": row["household_id"],
        "region_code": row["region_code"] if here else row["moved_from"],
    }
