"""``/healthz``, ``/readyz`` and ``/metrics``: for probes and for Prometheus."""

from __future__ import annotations

from typing import Literal

import anyio.to_thread
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from riskml_serving.api.call import RequireRight
from riskml_serving.base.contract import make_dict_type
from riskml_serving.base.problems import Problem
from riskml_serving.http.responses import respond
from riskml_serving.operations.readiness import check_readiness
from riskml_serving.operations.state import get_state

router = APIRouter(tags=["operations"])
admin = RequireRight("admin")


@router.get("/healthz", response_model=make_dict_type("Alive", {"status": Literal["ok"]}))
async def healthz() -> Response:
    """Report that the process is alive, without touching the database or the model."""
    return respond({"status": "ok"})


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> Response:
    """Report whether the service can respond to requests, and any problem with the database, the model or the data."""
    state = get_state(request)
    checked = (state.engine, state.holder, state.keeper, state.identity, state.settings.stale_after_days)
    ready, report = await anyio.to_thread.run_sync(check_readiness, *checked)
    return respond(report, 200 if ready else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Return metrics for Prometheus.

    They count all households, so the key must have the ``admin`` right and cover every region.
    """
    state = get_state(request)
    if not state.settings.metrics_open and (await admin(request)).caller.region:
        raise Problem("right-missing", "everywhere")
    text = await anyio.to_thread.run_sync(state.metrics.render)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
