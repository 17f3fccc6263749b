"""Measures, in a separate process, how much time and memory a job for a whole county needs."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from riskml_serving.base.database import open_engine, reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.benchmark.counties import AS_OF
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs.service import require_job, start
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import load_model
from riskml_serving.people.auth import RIGHTS, Caller

__all__ = ["measure_job"]


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
    done, kilobytes = threading.Event(), dict[str, int]()
    sampling = threading.Thread(target=_sample_peaks, args=(done, kilobytes), daemon=True)
    began = time.perf_counter()
    sampling.start()
    worker.step()
    seconds = time.perf_counter() - began
    done.set()
    sampling.join()
    with reading(engine) as connection:
        job = require_job(connection, job_id, caller)
    if job["state"] != "done":
        raise RuntimeError(f"the job is {job['state']}: {job['problem']}")
    return seconds, sum(kilobytes.values()) / 1024


def _sample_peaks(done: threading.Event, kilobytes: dict[str, int]) -> None:
    """Sample the peak memory of this process and its children, as the kernel records it, until ``done`` is set."""
    while not done.wait(0.1):
        children = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
        for pid in ("self", *children):
            kilobytes[pid] = max(kilobytes.get(pid, 0), _read_peak(pid))


def _read_peak(pid: str) -> int:
    """Read the peak memory of a process in kilobytes; return 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
