"""Starts, describes and cancels scoring jobs for callers, and writes the results of jobs into files."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine

from riskml.records.contract.as_of import AsOf
from riskml_serving.base.clock import stamp
from riskml_serving.base.database import reading, writing
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.http.responses import extract_provenance, make_envelope
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.exporting import export, put_into_words
from riskml_serving.judging.jobs.run import from_parquet
from riskml_serving.judging.model import Model
from riskml_serving.judging.verdict import VERSIONS
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import count_households


def start(act: Act, region: str | None, as_of: dt.date) -> dict[str, Any]:
    """Queue a job that scores every household in a region, the caller's own by default, as of a date.

    Raises
    ------
    Problem
        ``region-not-found``.
    """
    connection, caller, region = act.connection, act.caller, act.caller.resolve_region(region)
    payload = {"as_of": as_of.isoformat(), "redact": list(caller.redact)}
    total = count_households(connection, region)
    job_id = repository.add_job(act, "score", payload, total=total, region=region)
    act.record("job.start", job=job_id, region=region, as_of=str(as_of))
    return describe(require_job(connection, job_id, caller), act.model, act.request_id)


def require_job(connection: Connection, job_id: str, caller: Caller) -> dict[str, Any]:
    """Find a job whose region lies within the caller's region.

    Raises
    ------
    Problem
        ``job-not-found``.
    """
    job = repository.find_job(connection, job_id, caller.region)
    if job is None:
        raise Problem("job-not-found")
    return job


def describe(job: dict[str, Any], model: Model, request_id: str) -> dict[str, Any]:
    """Describe the state and progress of a job."""
    at, finished = json.loads(job["checkpoint"] or "{}"), job["finished_at"]
    return {
        **_make_head(job, model, request_id),
        "job": job["job_id"],
        "kind": job["kind"],
        "state": job["state"],
        "region": job["region"],
        "total": job["total"],
        "judged": at.get("judged", 0),
        "kept": at.get("kept", 0),
        "created_at": stamp(job["created_at"]),
        "finished_at": None if finished is None else stamp(finished),
        "problem": f"urn:riskml:problem:{job['problem']}" if job["problem"] else None,
        "results": f"/v1/jobs/{job['job_id']}/results" if (job["kind"], job["state"]) == ("score", "done") else None,
    }


def _make_head(job: dict[str, Any], model: Model, request_id: str) -> dict[str, str | None]:
    """Build the fields that every response has.

    They name the model that the job used or, if the job has not begun, the model in service.
    """
    names = {**model.provenance, **({name: job[name] for name in VERSIONS} if job["model_version"] else {})}
    day = dt.date.fromisoformat(json.loads(job["payload"])["as_of"])
    last = json.loads(job["checkpoint"] or "{}").get("last_day")
    return make_envelope(
        names, AsOf(day, dt.date.fromisoformat(last) if last else None), job["finished_at"], request_id
    )


def cancel(act: Act, job: dict[str, Any]) -> None:
    """Cancel a job; the scores that it has saved stay, but its results are deleted.

    Raises
    ------
    Problem
        ``job-ended``; ``right-missing`` if the job completes a write request and the caller may not write.
    """
    if job["kind"] == "rescore":
        act.caller.require("write")
    if not repository.cancel(act.connection, job["job_id"]):
        raise Problem("job-ended")
    act.record("job.cancel", job=job["job_id"])


def write_results(
    engine: Engine, settings: Settings, model: Model, caller: Caller, job_id: str, form: str, request_id: str
) -> tuple[Path, dict[str, str | None]]:
    """Write a job's results into a file; return the file and its provenance.

    Raises
    ------
    Problem
        ``job-not-found``, ``no-results``, ``right-missing``.
    """
    with writing(engine) as connection:
        job = require_job(connection, job_id, caller)
        if (job["kind"], job["state"]) != ("score", "done"):
            raise Problem("no-results")
        redact = tuple(json.loads(job["payload"])["redact"])
        if not set(caller.redact) <= set(redact):
            caller.require("health-details")  # the caller who started the job may see more than this caller
        region = job["region"]
        audit.record(connection, caller, "job.results", request_id=request_id, job=job_id, region=region, format=form)
    _record_shown(engine, caller, job_id, request_id)

    def read_tables() -> Iterator[pa.Table]:
        as_of, capacity = json.loads(job["payload"])["as_of"], json.loads(job["result"])["capacity"]
        notice = None if model.notice is None else model.notice["zh"]
        with reading(engine) as connection:
            for part in repository.read_parts(connection, job_id):
                yield put_into_words(from_parquet(part), as_of, job, capacity, model.policy, redact, notice)

    head = _make_head(job, model, request_id)
    return export(settings.export_folder, job_id, form, read_tables(), extract_provenance(head)), head


def _record_shown(engine: Engine, caller: Caller, job_id: str, request_id: str) -> None:
    """Record in the audit log that each household in the results was shown.

    Each part has its own transaction, so that the audit log is not locked while a whole county is recorded.
    """
    for number in itertools.count():
        with writing(engine) as connection:
            part = repository.read_part(connection, job_id, number)
            if part is None:
                return
            codes = from_parquet(part, ["household_id"])["household_id"].to_pylist()
            audit.record(connection, caller, "job.results", codes, request_id=request_id, job=job_id)
