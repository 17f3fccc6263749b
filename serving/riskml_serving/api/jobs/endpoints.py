"""``POST /v1/batches`` and ``/v1/jobs``: long work, followed by its number."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import FileResponse, Response

from riskml_serving.api.callers import Reader, Scorer
from riskml_serving.api.checks import require_no_future
from riskml_serving.api.jobs.schemas import BATCH_REQUEST, JOB
from riskml_serving.api.openapi import describe_body
from riskml_serving.base.clock import today
from riskml_serving.base.limits import read_body
from riskml_serving.base.problems import FieldError
from riskml_serving.http.bodies import parse
from riskml_serving.http.idempotent_writes.service import respond_once
from riskml_serving.http.responses import respond, to_headers
from riskml_serving.judging.jobs import service
from riskml_serving.judging.jobs.exporting import FORMATS
from riskml_serving.operations.state import get_state

__all__ = ["add_location", "router"]

router = APIRouter(tags=["jobs"])

RESULTS: dict[str, Any] = {media.partition(";")[0]: {} for media, _ in FORMATS.values()}
"""Media types of a file of results."""


@router.post(
    "/v1/batches",
    status_code=202,
    response_model=JOB,
    openapi_extra=describe_body("BatchRequest", BATCH_REQUEST, idempotent=True),
)
async def batches(request: Request, caller: Scorer) -> Response:
    """Score everybody of a region as of a date, with reasons: 202 and a job to follow."""
    state = get_state(request)
    body = await read_body(request, state.settings.max_body_bytes)
    batch, day, model = parse(body, BATCH_REQUEST), today(state.settings), state.holder.current
    number, as_of = request.state.request_id, batch.get("as_of") or day

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        require_no_future(as_of, day, FieldError("as_of", "future", "Not after today"))
        return 202, service.start(connection, model, caller, batch.get("region"), as_of, number)

    return add_location(await respond_once(state.engine, request, caller, body, work))


def add_location(answer: Response) -> Response:
    """Name the job of an answer in the header ``Location``."""
    if answer.status_code == 202:
        answer.headers["Location"] = f"/v1/jobs/{json.loads(bytes(answer.body))['job']}"
    return answer


@router.get("/v1/jobs/{job_id}", response_model=JOB)
async def job(request: Request, job_id: str, caller: Reader) -> Response:
    """Say how far a job is."""
    state, number = get_state(request), request.state.request_id
    model = state.holder.current
    return respond(await state.read(lambda c: service.describe(service.require_job(c, job_id, caller), model, number)))


@router.delete("/v1/jobs/{job_id}", response_model=JOB)
async def cancel(request: Request, job_id: str, caller: Scorer) -> Response:
    """Cancel a job that waits or runs. Scores that it has kept stay, its results go."""
    state, number = get_state(request), request.state.request_id
    model = state.holder.current

    def work(connection: Connection) -> dict[str, Any]:
        service.cancel(connection, service.require_job(connection, job_id, caller), caller, number)
        return service.describe(service.require_job(connection, job_id, caller), model, number)

    return respond(await state.write(work))


@router.get("/v1/jobs/{job_id}/results", response_class=FileResponse, responses={200: {"content": RESULTS}})
async def results(
    request: Request,
    job_id: str,
    caller: Reader,
    form: Annotated[Literal["parquet", "csv"], Query(alias="format")] = "parquet",
) -> Response:
    """Give the results of a job as one file: both verdicts and reasons, one row a household."""
    state = get_state(request)
    path, head = await anyio.to_thread.run_sync(
        service.results,
        state.engine,
        state.settings,
        state.holder.current,
        caller,
        job_id,
        form,
        request.state.request_id,
    )
    return FileResponse(path, media_type=FORMATS[form][0], filename=f"riskml-{job_id}.{form}", headers=to_headers(head))
