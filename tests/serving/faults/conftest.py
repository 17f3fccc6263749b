"""Fixtures that run the service in separate processes, which tests can kill and restart."""

from __future__ import annotations

import contextlib
import datetime as dt
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import Engine

from riskml_serving.base.database import writing
from riskml_serving.people.auth.service import create_key

AS_OF = dt.date(2023, 6, 30)


FORKS = multiprocessing.get_context("forkserver")
"""Services are forked from a process that has already imported everything, because importing takes longer than most
tests."""

FORKS.set_forkserver_preload(
    ["riskml_serving.running.app", "riskml_serving.commands.cli", "uvicorn", "uvicorn.supervisors"]
)


COMMAND = """
import multiprocessing, os, pkgutil, signal, sys
from unittest import mock
import uvicorn._subprocess
uvicorn._subprocess.spawn = multiprocessing.get_context("fork")  # fork workers with everything imported
os.environ.clear()
os.environ.update(environment)
os.setpgid(0, 0)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def die_after(where, calls):
    original, left = pkgutil.resolve_name(where), iter(range(calls - 1, -1, -1))

    def dying(*values, **named):
        result = original(*values, **named)
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    mock.patch(where, dying).start()


if dies:
    die_after(*dies)
sys.argv = ["riskml", *arguments]
if arguments[0] == "serve":
    from riskml.cli.main import main
else:
    from riskml_serving.commands.cli import main
main()
"""
"""Code that runs a command as a shell would. It is a string, because that process cannot import this file."""


class Service:
    """A command in a separate process: the service, unless a test runs another command."""

    def __init__(self, process: Any, url: str) -> None:
        self.process, self.url = process, url

    def wait(self, seconds: float = 60) -> Service:
        """Wait until ``/healthz`` reports that the service runs; fail if the process ends first or the time is up."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process.is_alive(), "the service has ended"
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the service has not responded within {seconds} s")

    def end(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the service (SIGKILL also goes to its workers), and wait until it ends."""
        if self.process.is_alive():
            if number == signal.SIGKILL:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, number)
            os.kill(self.process.pid, number)
        self.process.join(30)
        assert self.process.exitcode is not None


@pytest.fixture(scope="session", autouse=True)
def _import_modules() -> None:
    """Import everything before the first test starts a service."""
    first = FORKS.Process(target=int)
    first.start()
    first.join()


@pytest.fixture
def county_engine(stored_county: None, engine: Engine) -> Engine:
    """Open a database with a small county that has not been scored yet."""
    return engine


@pytest.fixture
def headers(county_engine: Engine) -> dict[str, str]:
    """Return headers with a key for all regions."""
    with writing(county_engine) as connection:
        token = create_key(connection, "faults", "", ("score", "read", "write", "health-details"))
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def serve(database_url: str, bundle_path: Path, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service with the settings passed by keyword. All services share the database.

    ``dies`` names a function and a number ``n``: the service kills itself with SIGKILL after the ``n``-th call.
    """
    started: list[Service] = []

    def start(
        *arguments: str,
        port: int | None = None,
        command: str = "serve",
        dies: tuple[str, int] | None = None,
        **settings: Any,
    ) -> Service:
        if port is None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
        own = {
            "database_url": database_url,
            "bundle": bundle_path,
            "today": AS_OF,
            "port": port,
            "model_store": tmp_path / "models",
            "export_folder": tmp_path / "exports",
            "job_poll_seconds": 0.1,
            "job_lease_seconds": 1.0,
            "job_chunk": 20,
            "simulated": True,
            **settings,
        }
        environment = {**os.environ, **{f"RISKML_SERVING_{name.upper()}": str(value) for name, value in own.items()}}
        process = FORKS.Process(
            target=exec, args=(COMMAND, {"arguments": [command, *arguments], "environment": environment, "dies": dies})
        )
        process.start()
        started.append(Service(process, f"http://127.0.0.1:{port}"))
        return started[-1]

    yield start
    for service in started:
        service.end()
