"""Measures, in a separate process, how much time and memory a job for a whole county needs."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from riskml.benchmarks.processes import read_peak_mb
from riskml_serving.base.database import open_engine, reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.benchmark.counties import AS_OF
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs.service import require_job, start
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import load_model
from riskml_serving.people.auth import RIGHTS, Caller


def measure_job(url: str, bundle: Path, region: str) -> tuple[float, float]:
    """Score every household in a region, with rules and reasons, and store the results.

    Returns
    -------
    tuple of float
        Seconds, not counting the start of the process; peak memory in megabytes, including the process that reads the
        records.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_work, url, bundle, region).result()


def _work(url: str, bundle: Path, region: str) -> tuple[float, float]:
    engine, model = open_engine(url), load_model(bundle, trial=True)
    caller = Caller("benchmark", region, frozenset(RIGHTS))
    with writing(engine) as connection:
        job_id = start(Act(connection, caller, AS_OF, "benchmark", lambda: model), None, AS_OF)["job"]
    worker = Worker(engine, Settings(database_url=url), lambda: model)
    began = time.perf_counter()
    worker.step()
    seconds = time.perf_counter() - began
    # The process that reads the records is still there: it ends with this one.
    children = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    peak = sum(read_peak_mb(pid) for pid in ("self", *children))
    with reading(engine) as connection:
        job = require_job(connection, job_id, caller)
    if job["state"] != "done":
        raise RuntimeError(f"the job is {job['state']}: {job['problem']}")
    return seconds, peak
