"""Runs the arms in turn, so that a busy machine slows all of them."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from numpy.typing import NDArray

from riskml.errors import UsageError
from riskml.progress import Progress, Silent
from riskml_serving.base.database import open_engine, upgrade, writing
from riskml_serving.devtools.benchmark import household
from riskml_serving.devtools.benchmark.load import CONNECTIONS, build_request, load
from riskml_serving.devtools.benchmark.servers import run_mlflow, run_service
from riskml_serving.devtools.benchmark.targets import compare_with_targets
from riskml_serving.judging.model import Model, load_model
from riskml_serving.people.auth.service import create_key

__all__ = ["run"]

WARM_UP = 1.0
"""Seconds of load on each arm before anything counts."""

Arm = Callable[[float], tuple[float, list[float]]]


def run(bundle: Path, rounds: int = 5, seconds: float = 2.0, progress: Progress | None = None) -> dict[str, Any]:
    """Measure the service.

    Parameters
    ----------
    bundle : Path
    rounds : int, default 5
        Turns of each arm.
    seconds : float, default 2.0
        Load of an arm in one turn.
    progress : Progress, optional

    Returns
    -------
    dict
        Medians over the rounds, ``*_rps`` in answers a second over as many ``connections``; latencies of
        ``POST /v1/scores`` without reasons, asked over one connection, in milliseconds; ``targets`` with their ratios.
    """
    told = progress or Silent()
    model = load_model(bundle)
    names, values = household.build_ready_row(model)
    told.stage("Start the servers")
    with TemporaryDirectory(prefix="riskml-benchmark-") as name:
        folder = Path(name)
        url, key = _database(folder)
        booster = model.bundle.blend.trees.booster
        with run_service(folder, url, bundle.resolve()) as ours, run_mlflow(folder, booster) as theirs:
            _same_answer(theirs, names, values, np.asarray(booster.predict(values)))
            arms = {
                **_service_arms(ours, key),
                "core": _core(model, values),
                "mlflow": _mlflow_arm(theirs, names, values),
            }
            rates, latencies = _turns(arms, rounds, seconds, told)
    figures = {f"{arm}_rps": round(statistics.median(found), 1) for arm, found in rates.items()}
    del figures["alone_rps"]
    p50, p99 = np.percentile(latencies["alone"], (50, 99)) * 1000
    return {
        **figures,
        "score_p50_ms": round(float(p50), 2),
        "score_p99_ms": round(float(p99), 2),
        "connections": CONNECTIONS,
        "rounds": rounds,
        "seconds": seconds,
        "targets": compare_with_targets(figures),
    }


def _turns(
    arms: dict[str, Arm], rounds: int, seconds: float, told: Progress
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    rates: dict[str, list[float]] = {name: [] for name in arms}
    latencies: dict[str, list[float]] = {name: [] for name in arms}
    told.stage("Load the arms in turn", (rounds + 1) * len(arms))
    for turn in range(rounds + 1):
        for name, arm in arms.items():
            rate, taken = arm(seconds if turn else WARM_UP)
            if turn:
                rates[name].append(rate)
                latencies[name] += taken
            told.step()
    return rates, latencies


def _database(folder: Path) -> tuple[str, str]:
    """Make the database of the service and a key; an SQLite file, as by default."""
    url = f"sqlite:///{folder / 'service.db'}"
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        key = create_key(connection, "benchmark", "", ("score",))
    engine.dispose()
    return url, key


def _service_arms(url: str, key: str) -> dict[str, Arm]:
    headers = {"Authorization": f"Bearer {key}"}
    empty = build_request(f"{url}/healthz")
    plain = build_request(f"{url}/v1/scores", household.build_body(reasons=False), headers)
    reasons = build_request(f"{url}/v1/scores", household.build_body(reasons=True), headers)
    return {
        "empty": lambda seconds: load(url, empty, seconds),
        "score": lambda seconds: load(url, plain, seconds),
        "alone": lambda seconds: load(url, plain, seconds, connections=1),
        "score_reasons": lambda seconds: load(url, reasons, seconds),
    }


def _invocation(names: list[str], values: NDArray[np.float64]) -> bytes:
    """The ready row as MLflow's server takes it; Python's JSON writes and reads NaN."""
    return json.dumps({"dataframe_split": {"columns": names, "data": values.tolist()}}).encode()


def _mlflow_arm(url: str, names: list[str], values: NDArray[np.float64]) -> Arm:
    request = build_request(f"{url}/invocations", _invocation(names, values))
    return lambda seconds: load(url, request, seconds)


def _same_answer(url: str, names: list[str], values: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
    """Make sure that MLflow's server does the same work: its trees say the same of the row."""
    headers = {"Content-Type": "application/json"}
    asked = Request(f"{url}/invocations", _invocation(names, values), headers)  # noqa: S310 - on the loopback
    with urlopen(asked, timeout=60) as answer:  # noqa: S310
        found = json.load(answer)["predictions"]
    if not np.allclose(found, expected, rtol=1e-9, atol=0):
        raise UsageError("MLflow's server does not answer as the trees do.", f"{found} in place of {expected.tolist()}")


def _core(model: Model, values: NDArray[np.float64]) -> Arm:
    """The whole model (both parts, blended and calibrated) on the ready row, called in this process."""
    probability = model.bundle.predict_probability

    def arm(seconds: float) -> tuple[float, list[float]]:
        count, began = 0, time.perf_counter()
        while (at := time.perf_counter()) < began + seconds:
            probability(values)
            count += 1
        return count / (at - began), []

    return arm
