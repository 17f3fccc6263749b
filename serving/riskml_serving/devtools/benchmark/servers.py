"""Servers to measure, each in its own process on the loopback interface."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import lightgbm as lgb

from riskml.errors import UsageError
from riskml.text import Text
from riskml_serving.base.settings import Settings

OPPONENTS = "riskml_serving.devtools.benchmark.opponents"

START_SECONDS = 180
"""How long a server may take to start."""


def run_service(folder: Path, settings: Settings) -> AbstractContextManager[str]:
    """Run ``riskml serve`` without a rate limit, writing its files into a folder; yield its address."""
    folders = {"model_store": folder / "models", "export_folder": folder / "exports"}
    own = {"bundle": settings.bundle_folder.resolve(), "rate_per_minute": 0, "log_level": "warning", "simulated": True}
    environment = settings.model_copy(update={**folders, **own}).to_environment()
    command = [sys.executable, "-c", "from riskml.cli.main import main; main()", "serve"]
    return _run_server(command, environment, folder / "service.log", "/readyz")


def run_mlflow(folder: Path, booster: lgb.Booster) -> AbstractContextManager[str]:
    """Run ``mlflow models serve`` on the trees, saved in MLflow's LightGBM flavour; yield its address."""
    import mlflow.lightgbm

    mlflow.lightgbm.save_model(booster, str(folder / "mlflow-model"), pip_requirements=["lightgbm"])
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder / "mlflow-model")]
    command += ["--env-manager", "local", "--host", "127.0.0.1"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {"PATH": path, "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return _run_server(command, own, folder / "mlflow.log", "/ping")


def run_bentoml(folder: Path, booster: lgb.Booster) -> AbstractContextManager[str]:
    """Run ``bentoml serve`` on the trees; yield its address."""
    command = [sys.executable, "-m", "bentoml", "serve", f"{OPPONENTS}.bentoml_service:Trees", "--host", "127.0.0.1"]
    own = {
        "TREES": _save_trees(folder, booster),
        "BENTOML_DO_NOT_TRACK": "true",
        "BENTOML_HOME": str(folder / "bentoml"),
    }
    return _run_server(command, own, folder / "bentoml.log", "/readyz")


def run_pandas(folder: Path, booster: lgb.Booster) -> AbstractContextManager[str]:
    """Run the service that computes features with pandas; yield its address."""
    command = [sys.executable, "-m", "uvicorn", f"{OPPONENTS}.pandas_service:app", "--log-level", "warning"]
    return _run_server(command, {"TREES": _save_trees(folder, booster)}, folder / "pandas.log", "/openapi.json")


def _save_trees(folder: Path, booster: lgb.Booster) -> str:
    path = folder / "trees.txt"
    booster.save_model(path)
    return str(path)


@contextmanager
def _run_server(command: list[str], environment: dict[str, str], log: Path, ready: str) -> Iterator[str]:
    """Run a command on a free port until the block ends; yield its address once the path ``ready`` answers."""
    port = _find_free_port()
    url, command = f"http://127.0.0.1:{port}", [*command, "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - commands of this module
            command, env={**os.environ, **environment}, stdout=out, stderr=out, cwd=log.parent, start_new_session=True
        )
        try:
            _wait(process, url + ready, log)
            yield url
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(URLError, OSError), urlopen(url, timeout=5) as response:  # noqa: S310 - on the loopback
            if response.status == 200:
                return
        time.sleep(0.2)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
    raise UsageError("A server to be measured did not start.", "{log}", log=last or Text("Its log is empty."))


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
