"""The worker: takes jobs one after the other, in a thread of the service or in a separate process."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine

from riskml_serving.base.database import reading, writing
from riskml_serving.base.errors import describe_error, is_unavailable, list_frames
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import Settings
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.leases import Heartbeat, Leased, LeaseWatch, Stopped
from riskml_serving.judging.jobs.repository import LostLease
from riskml_serving.judging.jobs.run import Run
from riskml_serving.judging.model import Model

log = logging.getLogger("riskml_serving.judging.jobs")


Task = Callable[[Model, Leased], None]
"""Work of another kind than scoring; it ends the job in the transaction that saves its result."""


class Worker:
    """Works on jobs until it is stopped.

    Parameters
    ----------
    engine : Engine
    settings : Settings
    model : callable
        Returns the model in service.
    tasks : mapping of str to callable, optional
        Work of other kinds than scoring, by the kind of the job.
    reader : Reader, optional
        The caller's process for reading many households, which is left running; by default, the worker has its own.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        model: Callable[[], Model],
        tasks: Mapping[str, Task] | None = None,
        reader: Reader | None = None,
    ) -> None:
        self.engine, self.settings, self.model, self.tasks = engine, settings, model, tasks or {}
        self.name = f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.stopping = threading.Event()
        self._watch = LeaseWatch(settings.job_lease_seconds)
        self._reader, self._borrowed = reader or Reader(settings.database_url), reader is not None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start working in a thread."""
        self._thread = threading.Thread(target=self.run, name="riskml-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current part; the job waits for the next worker."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()

    def run(self) -> None:
        """Work until stopped; wait while the database is not available."""
        try:
            while not self.stopping.is_set():
                try:
                    busy = self.step()
                except Exception as error:  # catches every error, so that later jobs get their turn
                    busy = False
                    if is_unavailable(error):
                        log.warning("jobs are waiting: %s", describe_error(error))
                    else:
                        _log_failure("the job queue failed", error)
                if not busy:
                    self.stopping.wait(self.settings.job_poll_seconds)
        finally:
            self._close()

    def work_off(self) -> None:
        """Work on the jobs that are free, one after the other, then return."""
        try:
            while self.step():
                pass
        finally:
            self._close()

    def step(self) -> bool:
        """Work on one job if any is free; return whether there was one."""
        with reading(self.engine) as connection:
            jobs = repository.list_open_jobs(connection)
        if not jobs:
            return False
        try:
            model = self.model()
        except Problem:  # no model is in service yet
            return False
        return any(self._take(job, model) for job in jobs)

    def finish(self, job_id: str) -> dict[str, Any] | None:
        """Work on a job until it has ended, or wait while another worker has it.

        Returns
        -------
        dict or None
            Row of the job; None if it had ended before.
        """
        last = None
        try:
            while True:
                with reading(self.engine) as connection:
                    job = repository.find_job(connection, job_id, "")
                if job is None or job["state"] not in repository.OPEN:
                    return job if last is not None else None
                last = job
                if not self._take(job, self.model()):
                    self.stopping.wait(self.settings.job_poll_seconds)
        finally:
            self._close()

    def _close(self) -> None:
        if not self._borrowed:
            self._reader.close()

    def _take(self, job: dict[str, Any], model: Model) -> bool:
        """Lease a job and work on it, if no other worker has it; return whether it was leased."""
        if not self._is_own(job) and not self._watch.is_free(job):
            return False
        owner = f"{self.name}-{job['beats']}"  # unique, because every lease increments the beats
        with writing(self.engine) as connection:
            taken = repository.lease(connection, job, owner)
        if taken:
            self._work_on({**job, "attempts": job["attempts"] + 1}, owner, model)
        return taken

    def _is_own(self, job: dict[str, Any]) -> bool:
        """Return whether a running job is one that this worker abandoned when the database went down."""
        return bool(job["state"] == "running" and (job["lease_owner"] or "").startswith(self.name))

    def _work_on(self, job: dict[str, Any], owner: str, model: Model) -> None:
        if job["attempts"] > self.settings.job_attempts:
            self._end(job, owner, "failed", "gave-up")
            return
        beats = self.settings.job_lease_seconds / 4
        try:
            with Heartbeat(self.engine, job["job_id"], owner, beats) as heartbeat:
                leased = Leased(job, owner, self.stopping, heartbeat.lost, self._reader)
                if (task := self.tasks.get(job["kind"])) is not None:
                    task(model, leased)
                else:
                    Run(self.engine, model, leased, self.settings.job_chunk).work()
        except LostLease:
            return
        except Stopped:
            self._end(job, owner, "waiting")
        except Exception as error:  # catches every error: a job that fails must not end the worker
            if is_unavailable(error):
                raise
            _log_failure("job failed", error, job_id=job["job_id"])
            if job["attempts"] < self.settings.job_attempts:
                self._end(job, owner, "waiting")
            else:
                self._end(job, owner, "failed", "internal-error")

    def _end(self, job: dict[str, Any], owner: str, state: str, problem: str = "") -> None:
        with contextlib.suppress(LostLease), writing(self.engine) as connection:
            repository.end(connection, job["job_id"], owner, state, problem=problem)


def _log_failure(what: str, error: Exception, **extra: Any) -> None:
    """Log an error with its traceback but without its text, which may contain records."""
    log.error("%s: %s", what, describe_error(error), extra={"where": list_frames(error), **extra})
