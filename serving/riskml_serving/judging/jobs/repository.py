"""SQL for jobs: the queue, leases, checkpoints and results."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from riskml_serving.base.clock import now
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs.tables import JOBS, PARTS
from riskml_serving.people.auth import is_in_region

OPEN = ("waiting", "running")
"""States of a job that has not ended."""


class LostLease(Exception):  # noqa: N818 - no error: another worker has the job, or it was cancelled
    """The job is no longer this worker's: it was cancelled or taken over."""


def add_job(act: Act, kind: str, payload: dict[str, Any], *, total: int, region: str | None = None) -> str:
    """Add a job to the queue within the caller's transaction; return its ID.

    Parameters
    ----------
    act : Act
    kind : str
        ``rescore`` (payload: ``as_of``, ``households``, ``regions`` and, if some counties are scored in full,
        ``counties``) or ``score`` (payload: ``as_of``, ``redact``).
    payload : dict
        JSON values.
    total : int
        Number of households to judge.
    region : str, optional
        Region to which the job is confined; the caller's own region by default.
    """
    job_id = str(uuid.uuid4())
    region = act.caller.region if region is None else region
    row = {"job_id": job_id, "kind": kind, "payload": json.dumps(payload), "state": "waiting", "region": region}
    progress = {"done": 0, "total": total, "checkpoint": "", "attempts": 0, "result": "", "problem": "", "beats": 0}
    act.connection.execute(insert(JOBS).values(**row, **progress, **act.origin, model_version=""))
    return job_id


def find_job(connection: Connection, job_id: str, region: str) -> dict[str, Any] | None:
    """Find a job whose region lies within ``region``."""
    query = select(JOBS).where(JOBS.c.job_id == job_id, is_in_region(JOBS.c.region, region))
    row = connection.execute(query).mappings().first() if "\0" not in job_id else None
    return None if row is None else dict(row)


def list_open_jobs(connection: Connection) -> list[dict[str, Any]]:
    """List the waiting and running jobs, oldest first."""
    query = select(JOBS).where(JOBS.c.state.in_(OPEN)).order_by(JOBS.c.created_at, JOBS.c.job_id)
    return [dict(row) for row in connection.execute(query).mappings()]


def lease(connection: Connection, seen: dict[str, Any], owner: str) -> bool:
    """Lease a job, unless it has changed since it was read; return whether it was leased."""
    same = (JOBS.c.state == seen["state"], JOBS.c.beats == seen["beats"], JOBS.c.attempts == seen["attempts"])
    values = {"state": "running", "lease_owner": owner, "attempts": seen["attempts"] + 1, "beats": seen["beats"] + 1}
    result = connection.execute(update(JOBS).where(JOBS.c.job_id == seen["job_id"], *same).values(**values))
    return bool(result.rowcount)


def _change_leased(connection: Connection, job_id: str, owner: str, values: dict[str, Any]) -> None:
    leased = (JOBS.c.job_id == job_id, JOBS.c.lease_owner == owner, JOBS.c.state == "running")
    if not connection.execute(update(JOBS).where(*leased).values(values)).rowcount:
        raise LostLease


def beat(connection: Connection, job_id: str, owner: str) -> None:
    """Record a heartbeat, which shows that the owner is alive.

    Raises
    ------
    LostLease
    """
    _change_leased(connection, job_id, owner, {"beats": JOBS.c.beats + 1})


def advance(connection: Connection, job_id: str, owner: str, **values: Any) -> None:
    """Save the progress of the job within the transaction that did the work, which keeps the row locked until it ends.

    Raises
    ------
    LostLease
        If another worker has the job, or it was cancelled; the transaction must then be rolled back.
    """
    _change_leased(connection, job_id, owner, {"attempts": 0, "beats": JOBS.c.beats + 1, **values})


def end(connection: Connection, job_id: str, owner: str, state: str, *, problem: str = "", **values: Any) -> None:
    """Release the job as done, failed, or waiting for the next worker.

    Raises
    ------
    LostLease
    """
    over = {} if state == "waiting" else {"finished_at": now()}
    released = {"state": state, "lease_owner": None, "problem": problem}
    _change_leased(connection, job_id, owner, {**released, **over, **values})


def cancel(connection: Connection, job_id: str) -> bool:
    """Cancel a waiting or running job and drop its results; return False if it has ended."""
    query = update(JOBS).where(JOBS.c.job_id == job_id, JOBS.c.state.in_(OPEN))
    cancelled = bool(connection.execute(query.values(state="cancelled", lease_owner=None, finished_at=now())).rowcount)
    if cancelled:
        drop_parts(connection, job_id)
    return cancelled


def add_part(connection: Connection, job_id: str, number: int, content: bytes) -> None:
    """Add one part of a job's results."""
    connection.execute(insert(PARTS).values(job_id=job_id, part=number, content=content))


def read_part(connection: Connection, job_id: str, number: int) -> bytes | None:
    """Read one part of a job's results; return None if there is no such part."""
    query = select(PARTS.c.content).where(PARTS.c.job_id == job_id, PARTS.c.part == number)
    return connection.execute(query).scalar_one_or_none()


def read_parts(connection: Connection, job_id: str) -> Iterator[bytes]:
    """Read the parts one after the other, so that only one at a time is in memory."""
    number = 0
    while (content := read_part(connection, job_id, number)) is not None:
        yield content
        number += 1


def drop_parts(connection: Connection, job_id: str) -> None:
    """Drop a job's results."""
    connection.execute(delete(PARTS).where(PARTS.c.job_id == job_id))
