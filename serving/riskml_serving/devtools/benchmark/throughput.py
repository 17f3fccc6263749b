"""Measures the service, an empty endpoint and MLflow's server in turn, so that other load affects all of them alike."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
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
from riskml_serving.devtools.benchmark.servers import (
    run_bentoml,
    run_mlflow,
    run_pandas,
    run_service,
)
from riskml_serving.devtools.benchmark.targets import compare_with_targets
from riskml_serving.judging.model import Model, load_model

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
        ``*_rps`` are medians over the rounds: responses per second with as many connections as ``connections`` states
        (``core_rps``: calls per second in this process). ``score_p50_ms`` and ``score_p99_ms`` are percentiles, over
        the requests of all rounds, of the latency of ``POST /v1/scores`` without reasons over one connection.
        ``features_ms`` is the time from the household's records in memory to its features, in this process.
        ``bentoml_rps`` is left out if BentoML is not installed.
        ``targets`` compares ratios of the medians with their targets. ``rounds`` and ``seconds`` repeat the parameters.
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
        expected = np.asarray(booster.predict(values))
        with ExitStack() as stack:
            arms = _create_service_arms(stack.enter_context(run_service(folder, settings)), key)
            arms["core"] = partial(_call_model, model, values)
            mlflow = f"{stack.enter_context(run_mlflow(folder, booster))}/invocations"
            rows = json.dumps({"dataframe_split": {"columns": names, "data": values.tolist()}}).encode()
            arms["mlflow"] = _create_arm(mlflow, rows, expected, lambda response: response["predictions"])
            pandas = f"{stack.enter_context(run_pandas(folder, booster))}/v1/scores"
            arms["pandas"] = _create_arm(pandas, household.build_body(reasons=False))
            if find_spec("bentoml") is not None:
                bentoml = f"{stack.enter_context(run_bentoml(folder, booster))}/predict"
                rows = json.dumps({"data": values.tolist()}).encode()
                arms["bentoml"] = _create_arm(bentoml, rows, expected, lambda response: response)
            rates, latencies = _run_in_turn(arms, rounds, seconds, progress)
    figures = {f"{arm}_rps": round(statistics.median(rate), 1) for arm, rate in rates.items()}
    del figures["alone_rps"]  # with one connection, only the latencies count
    p50, p99 = np.percentile(latencies["alone"], (50, 99)) * 1000
    figures |= {"score_p50_ms": round(float(p50), 2), "score_p99_ms": round(float(p99), 2)}
    figures["features_ms"] = round(household.time_features(model), 4)
    return {
        **figures,
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
    progress.stage("Measure each alternative in turn", (rounds + 1) * len(arms))
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


def _create_arm(
    url: str,
    body: bytes,
    expected: NDArray[np.float64] | None = None,
    read: Callable[[Any], list[float]] = lambda response: response,
) -> Arm:
    """Create an arm for another server, after checking that its predictions for the row are the expected ones."""
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - on the loopback
    with urlopen(request, timeout=60) as response:  # noqa: S310
        answer = json.load(response)
    if expected is not None and not np.allclose(predictions := read(answer), expected, rtol=1e-9, atol=0):
        raise UsageError(
            "{url} and LightGBM predict different values.",
            "{predictions}, not {expected}",
            url=url,
            predictions=predictions,
            expected=expected.tolist(),
        )
    return partial(load, url, build_request(url, body))


def _call_model(model: Model, values: NDArray[np.float64], seconds: float) -> tuple[float, list[float]]:
    """Call the whole model (linear part and trees, blended and calibrated) on the row of features, in this process."""
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        model.bundle.predict_probability(values)
        count += 1
    return count / (now - began), []
