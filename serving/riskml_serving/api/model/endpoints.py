"""``GET /v1/model``: which model serves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from riskml_serving.http.responses import answer, envelope
from riskml_serving.people.auth import Caller, caller_with

__all__ = ["router"]

router = APIRouter(tags=["model"])


@router.get("/v1/model")
async def model(request: Request, caller: Annotated[Caller, Depends(caller_with("read"))]) -> Response:
    """Name the model that serves, its settings, thresholds, manifest and evaluation."""
    current = request.app.state.holder.current
    return answer({**envelope(current.names, None, None, request.state.request_id), **current.describe(caller.region)})
