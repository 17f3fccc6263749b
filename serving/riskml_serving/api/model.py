"""``GET /v1/model``: which model is in service."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from riskml_serving.api.call import ReadCall
from riskml_serving.http.responses import make_answer_type, respond

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
async def model(call: ReadCall) -> Response:
    """Describe the model in service: its settings, thresholds, manifest and evaluation."""
    return respond({**call.make_envelope(), **call.model.describe(call.caller.region)})
