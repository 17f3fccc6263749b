"""``GET /healthz``: the process is alive."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from riskml_serving.answers import answer

__all__ = ["router"]

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> Response:
    """Say that the process is alive; touches neither database nor model."""
    return answer({"status": "ok"})
