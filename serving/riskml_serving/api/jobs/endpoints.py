"""``POST /v1/batches`` and ``/v1/jobs``: start long-running jobs and follow their progress."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import FileResponse, Response

from riskml_serving.api.call import ReadCall, ScoreCall
from riskml_serving.api.jobs.schemas import BATCH_REQUEST, JOB
from riskml_serving.api.openapi import follow
from riskml_serving.checks.fields import find_future, refuse
from riskml_serving.http.responses import respond, to_headers
from riskml_serving.judging.jobs import service
from riskml_serving.judging.jobs.exporting import FORMATS

router = APIRouter(tags=["jobs"])

RESULTS: dict[str, Any] = {media.partition(";")[0]: {} for media, _ in FORMATS.values()}
"""Media types of the results file."""


@router.post(
    "/v1/batches",
    status_code=202,
    response_model=JOB,
    responses={202: follow(job_id="/job")},
    openapi_extra=BATCH_REQUEST.describe(idempotent=True),
)
async def batches(call: ScoreCall) -> Response:
    """Start a job that scores every household in a region as of a date, with reasons; the response is 202."""
    content, batch = await call.read_body(BATCH_REQUEST)
    as_of = batch.get("as_of") or call.today

    def work(connection: Connection) -> tuple[int, dict[str, Any]]:
        refuse(find_future({"as_of": as_of}, call.today))
        return 202, service.start(call.act(connection), batch.get("region"), as_of)

    return add_location(await call.write_once(content, work))


def add_location(answer: Response) -> Response:
    """Set the ``Location`` header of a response with status 202 to the address of its job."""
    if answer.status_code == 202:
        answer.headers["Location"] = f"/v1/jobs/{json.loads(bytes(answer.body))['job']}"
    return answer


@router.get("/v1/jobs/{job_id}", response_model=JOB)
async def job(call: ReadCall, job_id: str) -> Response:
    """Report the state and progress of a job."""
    row = await call.state.read(lambda connection: service.require_job(connection, job_id, call.caller))
    return respond(service.describe(row, call.model, call.request_id))


@router.delete("/v1/jobs/{job_id}", response_model=JOB)
async def cancel(call: ScoreCall, job_id: str) -> Response:
    """Cancel a waiting or running job. Scores that it has saved stay; its results are deleted."""

    def work(connection: Connection) -> dict[str, Any]:
        service.cancel(call.act(connection), service.require_job(connection, job_id, call.caller))
        return service.describe(service.require_job(connection, job_id, call.caller), call.model, call.request_id)

    return respond(await call.state.write(work))


@router.get("/v1/jobs/{job_id}/results", response_class=FileResponse, responses={200: {"content": RESULTS}})
async def results(
    call: ReadCall, job_id: str, form: Annotated[Literal["parquet", "csv"], Query(alias="format")] = "parquet"
) -> Response:
    """Return the results of a job as one file: both verdicts and reasons, one row per household.

    Each household stands there as it was judged, also if it has moved to another region since.
    """
    state, number = call.state, call.request_id
    path, head = await anyio.to_thread.run_sync(
        service.write_results, state.engine, state.settings, call.model, call.caller, job_id, form, number
    )
    return FileResponse(path, media_type=FORMATS[form][0], filename=f"riskml-{job_id}.{form}", headers=to_headers(head))
