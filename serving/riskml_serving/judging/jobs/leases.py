"""Leases jobs without comparing the clocks of two machines.

A worker that has a job sends heartbeats: it increments a number in the job's row every few seconds. Another worker may
take over the job once the number has not changed for the length of a lease, measured by that worker's monotonic clock.
So a clock that is adjusted or wrong neither ends a lease early nor makes it last for hours. If two workers ever have
the same job, only the worker named in the job's row can save anything, because every checkpoint checks the name.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from riskml_serving.base.database import writing
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.repository import LostLease


class Stopped(Exception):  # noqa: N818 - no error: the worker was stopped
    """The worker was stopped; the job waits for the next worker."""


@dataclass(frozen=True)
class Leased:
    """A job that a worker has leased.

    Parameters
    ----------
    job : dict
        Row of the job.
    owner : str
        Name under which the worker saves progress.
    stop, lost : threading.Event
        ``stop`` is set when the worker should stop, ``lost`` when it has lost the job.
    reader : Reader
        The worker's process for reading many households.
    """

    job: dict[str, Any]
    owner: str
    stop: threading.Event
    lost: threading.Event
    reader: Reader

    def check_stop(self) -> None:
        """Raise :class:`LostLease` or :class:`Stopped` if the work must end here."""
        if self.lost.is_set():
            raise LostLease
        if self.stop.is_set():
            raise Stopped


class LeaseWatch:
    """Watches the jobs of other workers.

    Parameters
    ----------
    seconds : float
        Length of a lease.

    >>> watch, job = LeaseWatch(30), {"job_id": "j", "state": "running", "lease_owner": "w", "beats": 4}
    >>> watch.is_free(job, at=0.0), watch.is_free(job, at=29.0), watch.is_free(job, at=30.0)
    (False, False, True)
    >>> watch.is_free({**job, "beats": 5}, at=31.0)
    False
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._seen: dict[str, tuple[tuple[Any, ...], float]] = {}

    def is_free(self, job: dict[str, Any], at: float | None = None) -> bool:
        """Return whether a job may be taken: it is waiting, or its owner has sent no heartbeat for a lease's length."""
        at = time.monotonic() if at is None else at
        if job["state"] == "waiting":
            return True
        mark = (job["lease_owner"], job["beats"])
        kept = self._seen.get(job["job_id"])
        if kept is None or kept[0] != mark:
            self._seen[job["job_id"]] = kept = (mark, at)
        return at - kept[1] >= self.seconds


class Heartbeat:
    """Sends heartbeats from its own thread while the worker runs a job, however long a part takes.

    Parameters
    ----------
    engine : Engine
    job_id, owner : str
    seconds : float
        Seconds between two heartbeats.
    """

    def __init__(self, engine: Engine, job_id: str, owner: str, seconds: float) -> None:
        self.engine, self.job_id, self.owner, self.seconds = engine, job_id, owner, seconds
        self.lost = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="riskml-heart", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._end.wait(self.seconds):
            try:
                with writing(self.engine) as connection:
                    repository.beat(connection, self.job_id, self.owner)
            except LostLease:
                self.lost.set()
                return
            except SQLAlchemyError:
                continue  # the database may come back; if it does not, the work itself fails
