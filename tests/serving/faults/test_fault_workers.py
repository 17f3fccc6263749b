"""If two worker processes share a port, the metrics of either cover both, even after one was killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from riskml_serving.devtools.benchmark import household
from riskml_serving.devtools.benchmark.load import build_request, load

SERVE = "from riskml.cli.main import main; main()"


def list_workers(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.fixture
def service(database_url, bundle_path, tmp_path):
    """Start a service whose processes each import everything themselves, as in production."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"DATABASE_URL": database_url, "BUNDLE": bundle_path, "MODEL_STORE": tmp_path / "models"}
    own |= {"METRICS_OPEN": "true", "JOB_WORKER": "false", "RATE_PER_MINUTE": "0", "LOG_LEVEL": "error"}
    own["SIMULATED"] = "true"  # like the records in the database
    environment = {**os.environ, **{f"RISKML_SERVING_{name}": str(value) for name, value in own.items()}}
    command = [sys.executable, "-c", SERVE, "serve", "--workers", "2", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: scrape_sum(url, "riskml_model_swaps_total") == 2)
    yield process, url
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.1)


def scrape_sum(url, name, **labels):
    """Read the sum of a metric, on a new connection each time, so that either worker may respond."""
    try:
        text = httpx.get(f"{url}/metrics", timeout=30).text
    except httpx.TransportError:
        return None
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    wanted = labels.items()
    return sum(sample.value for sample in samples if sample.name == name and wanted <= sample.labels.items())


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_cover_both_workers_even_after_one_is_killed(service, headers):
    process, url = service
    request = build_request(f"{url}/v1/scores", household.build_body(reasons=False), headers)
    _, taken = load(url, request, 1.0, connections=8)

    def counted():
        answered = scrape_sum(url, "riskml_request_seconds_count", route="/v1/scores", status="200")
        return answered, scrape_sum(url, "riskml_scores_total")

    assert {counted() for _ in range(12)} == {(len(taken), len(taken))}

    def go_on():
        with contextlib.suppress(OSError):
            load(url, request, 1.5, connections=8)

    going = threading.Thread(target=go_on)
    going.start()
    time.sleep(0.5)
    os.kill(max(list_workers(process)), signal.SIGKILL)
    going.join()
    answered, scored = counted()
    assert answered > len(taken), "counts still include the killed worker"
    assert scored >= answered
    assert scrape_sum(url, "riskml_requests_in_progress") == 1, "the killed worker has no requests in progress"
