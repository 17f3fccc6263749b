"""A county's job in a process of its own: how long it takes, and how much memory."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from riskml_serving.base.database import open_engine, reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.benchmark.counties import AS_OF
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import load_model
from riskml_serving.people.auth import RIGHTS, Caller
from riskml_serving.store.households.repository import count_households

__all__ = ["measure"]


def measure(url: str, bundle: Path, region: str) -> tuple[float, float]:
    """Score everybody of a region, with rules and reasons, and keep all of it.

    Returns
    -------
    tuple of float
        Seconds, without the start of the process; most megabytes of it and of the process that reads for it.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_work, url, bundle, region).result()


def _work(url: str, bundle: Path, region: str) -> tuple[float, float]:
    engine, model = open_engine(url), load_model(bundle)
    with reading(engine) as connection:
        total = count_households(connection, region)
    with writing(engine) as connection:
        payload = {"as_of": AS_OF.isoformat(), "redact": []}
        whose = Caller("benchmark", "", frozenset(RIGHTS))
        job = repository.add_job(
            connection, whose, "score", payload, total=total, request_id="benchmark", region=region
        )
    worker, peak = Worker(engine, Settings(database_url=url), lambda: model), _Peak()
    began = time.perf_counter()
    peak.start()
    worker.step()
    seconds = time.perf_counter() - began
    peak.over.set()
    peak.join()
    with reading(engine) as connection:
        found = repository.find(connection, job, "")
    assert found is not None, "it was put there above"
    if found["state"] != "done":
        raise RuntimeError(f"the job is {found['state']}: {found['problem']}")
    return seconds, peak.megabytes


class _Peak(threading.Thread):
    """Watches the highest memory of this process and its children, as the kernel keeps it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over, self._highest = threading.Event(), dict[str, int]()

    @property
    def megabytes(self) -> float:
        return sum(self._highest.values()) / 1024

    def run(self) -> None:
        while not self.over.wait(0.1):
            children = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
            for pid in ("self", *children):
                self._highest[pid] = max(self._highest.get(pid, 0), _highest(pid))


def _highest(pid: str) -> int:
    """Kilobytes; 0 of a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
