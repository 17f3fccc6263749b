"""SQL about jobs."""

from __future__ import annotations

import json
import uuid
from typing import Any

from sqlalchemy import Connection, insert

from riskml_serving.auth import Caller
from riskml_serving.clock import now
from riskml_serving.jobs.tables import JOBS

__all__ = ["add_job"]


def add_job(
    connection: Connection, caller: Caller, kind: str, payload: dict[str, Any], *, total: int, request_id: str
) -> str:
    """Put a job into the queue within the transaction that asks for it; return its number.

    Parameters
    ----------
    connection : Connection
    caller : Caller
        Its region is what the job may touch.
    kind : str
        ``rescore`` (payload: ``as_of`` and ``households``, or ``region`` for everybody in it).
    payload : dict
        JSON values.
    total : int
        Households to do.
    request_id : str
    """
    job_id = str(uuid.uuid4())
    row = {"job_id": job_id, "kind": kind, "payload": json.dumps(payload), "state": "waiting", "region": caller.region}
    progress = {"done": 0, "total": total, "checkpoint": "", "attempts": 0, "result": "", "problem": ""}
    origin = {"created_by": caller.key_id, "created_at": now(), "request_id": request_id}
    connection.execute(insert(JOBS).values(**row, **progress, **origin))
    return job_id
