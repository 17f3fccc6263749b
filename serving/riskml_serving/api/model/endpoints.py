"""``GET /v1/model``: which model serves."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from riskml_serving.api.callers import Reader
from riskml_serving.http.responses import make_answer_type, make_envelope, respond
from riskml_serving.operations.state import get_state

__all__ = ["router"]

router = APIRouter(tags=["model"])

MODEL_ANSWER = make_answer_type(
    "ModelAnswer",
    {
        "source": str,
        "loaded_at": str,
        **dict.fromkeys(("settings", "thresholds", "manifest", "evaluation"), dict[str, Any]),
    },
)


@router.get("/v1/model", response_model=MODEL_ANSWER)
async def model(request: Request, caller: Reader) -> Response:
    """Name the model that serves, its settings, thresholds, manifest and evaluation."""
    current = get_state(request).holder.current
    head = make_envelope(current.names, None, None, request.state.request_id)
    return respond({**head, **current.describe(caller.region)})
