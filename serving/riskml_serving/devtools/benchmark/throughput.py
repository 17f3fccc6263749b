"""Measures the service, an empty endpoint and MLflow's server in turn, so that other load affects all of them alike."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from numpy.typing import NDArray

from riskml.errors import UsageError
from riskml.progress import Progress
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.benchmark import household
from riskml_serving.devtools.benchmark.counties import prepare_database
from riskml_serving.devtools.benchmark.load import CONNECTIONS, build_request, load
from riskml_serving.devtools.benchmark.servers import run_mlflow, run_service
from riskml_serving.devtools.benchmark.targets import compare_with_targets
from riskml_serving.judging.model import Model, load_model

__all__ = ["measure_throughput"]

WARM_UP = 1.0
"""Seconds of warm-up load on each arm. An arm is one of the alternatives that the benchmark compares."""

Arm = Callable[[float], tuple[float, list[float]]]


def measure_throughput(bundle: Path, rounds: int, seconds: float, progress: Progress) -> dict[str, Any]:
    """Measure requests per second for one household.

    Parameters
    ----------
    bundle : Path
    rounds : int
        Number of turns for each arm.
    seconds : float
        Duration of the load on an arm in one turn.
    progress : Progress

    Returns
    -------
    dict
        Medians over the rounds: ``*_rps`` in responses per second over ``connections``, and latencies in milliseconds
        for ``POST /v1/scores`` without reasons over one connection; also ``targets`` with their ratios.
    """
    model = load_model(bundle, trial=True)
    names, values = household.build_features(model)
    progress.stage("Start the servers")
    with TemporaryDirectory(prefix="riskml-benchmark-") as name:
        folder = Path(name)
        settings = Settings(database_url=f"sqlite:///{folder / 'service.db'}", bundle=bundle)
        engine, key = prepare_database(settings.database_url, ("score",))
        engine.dispose()
        booster = model.bundle.blend.trees.booster
        with run_service(folder, settings) as ours, run_mlflow(folder, booster) as theirs:
            invocation = json.dumps({"dataframe_split": {"columns": names, "data": values.tolist()}}).encode()
            _require_equal_predictions(theirs, invocation, np.asarray(booster.predict(values)))
            arms: dict[str, Arm] = {
                **_create_service_arms(ours, key),
                "core": partial(_call_model, model, values),
                "mlflow": partial(load, theirs, build_request(f"{theirs}/invocations", invocation)),
            }
            rates, latencies = _run_in_turn(arms, rounds, seconds, progress)
    figures = {f"{arm}_rps": round(statistics.median(rate), 1) for arm, rate in rates.items()}
    del figures["alone_rps"]  # with one connection, only the latencies count
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


def _run_in_turn(
    arms: dict[str, Arm], rounds: int, seconds: float, progress: Progress
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    rates: dict[str, list[float]] = {name: [] for name in arms}
    latencies: dict[str, list[float]] = {name: [] for name in arms}
    progress.stage("Load the arms in turn", (rounds + 1) * len(arms))
    for turn in range(rounds + 1):
        for name, arm in arms.items():
            rate, times = arm(seconds if turn else WARM_UP)
            if turn:
                rates[name].append(rate)
                latencies[name] += times
            progress.step()
    return rates, latencies


def _create_service_arms(url: str, key: str) -> dict[str, Arm]:
    headers = {"Authorization": f"Bearer {key}"}
    empty = build_request(f"{url}/healthz")
    plain = build_request(f"{url}/v1/scores", household.build_body(reasons=False), headers)
    reasons = build_request(f"{url}/v1/scores", household.build_body(reasons=True), headers)
    return {
        "empty": partial(load, url, empty),
        "score": partial(load, url, plain),
        "alone": partial(load, url, plain, connections=1),
        "score_reasons": partial(load, url, reasons),
    }


def _require_equal_predictions(url: str, invocation: bytes, expected: NDArray[np.float64]) -> None:
    """Check that MLflow's server does the same work: its trees make the same prediction for the row."""
    headers = {"Content-Type": "application/json"}
    request = Request(f"{url}/invocations", invocation, headers)  # noqa: S310 - on the loopback
    with urlopen(request, timeout=60) as response:  # noqa: S310
        predictions = json.load(response)["predictions"]
    if not np.allclose(predictions, expected, rtol=1e-9, atol=0):
        raise UsageError("MLflow's server and the trees disagree.", f"{predictions}, not {expected.tolist()}")


def _call_model(model: Model, values: NDArray[np.float64], seconds: float) -> tuple[float, list[float]]:
    """Call the whole model (both parts, blended and calibrated) on the row of features, in this process."""
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        model.bundle.predict_probability(values)
        count += 1
    return count / (now - began), []
