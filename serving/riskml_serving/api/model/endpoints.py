"""``GET /v1/model``: which model serves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from riskml_serving.api.callers import require_right
from riskml_serving.http.responses import make_envelope, respond
from riskml_serving.operations.state import get_state
from riskml_serving.people.auth import Caller

__all__ = ["router"]

router = APIRouter(tags=["model"])


@router.get("/v1/model")
async def model(request: Request, caller: Annotated[Caller, Depends(require_right("read"))]) -> Response:
    """Name the model that serves, its settings, thresholds, manifest and evaluation."""
    current = get_state(request).holder.current
    head = make_envelope(current.names, None, None, request.state.request_id)
    return respond({**head, **current.describe(caller.region)})
