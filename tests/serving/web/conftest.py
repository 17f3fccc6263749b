"""Fixtures that serve the staff pages on a local port for a real browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import uvicorn

from riskml_serving.base.settings import Settings
from riskml_serving.judging.model import Model
from riskml_serving.running.app import create_app


@dataclass
class Served:
    """The service on a local port."""

    address: str
    server: uvicorn.Server


@pytest.fixture
def served(make_settings: Callable[..., Settings], model: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Run the service in a thread and serve it on a real port."""
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(make_settings(port=port))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Served(f"http://127.0.0.1:{port}", server)
    server.should_exit = True
    thread.join(10)
