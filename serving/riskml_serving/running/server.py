"""Runs the service until it is stopped."""

from __future__ import annotations

import gc
import os
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fastapi import FastAPI
from sqlalchemy.engine import make_url

from riskml.cli.terminal import say
from riskml_serving.base.settings import Settings

if TYPE_CHECKING:
    import uvicorn

STARTING = 120
"""Seconds for which a worker that is loading need not respond to its parent process."""


def build_application() -> FastAPI:
    """Build the application of one worker, with settings from the environment."""
    from riskml_serving.operations.logs import log_to
    from riskml_serving.running.app import create_app

    settings = Settings()
    log_to(level=settings.log_level)
    app = create_app(settings)
    gc.freeze()  # modules stay until the end; looking for garbage among them would hold up requests for 100 ms or more
    return app


def configure_server(settings: Settings, workers: int = 1) -> uvicorn.Config:
    """Configure the server; only the headers of trusted proxies say which client sent a request."""
    import uvicorn

    return uvicorn.Config(
        "riskml_serving.running.server:build_application",
        factory=True,
        http="riskml_serving.running.connections:LimitedProtocol",
        host=settings.host,
        port=settings.port,
        workers=workers,
        access_log=False,
        log_config=None,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=STARTING,
    )


def run(settings: Settings, workers: int = 1) -> None:
    """Serve until stopped; with several workers, SIGHUP restarts them one by one while the socket stays open."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from riskml_serving.base.database import open_database
    from riskml_serving.judging.model.source import require_bundle
    from riskml_serving.operations.metrics import SHARED
    from riskml_serving.running.app import build_state
    from riskml_serving.store.records.purpose import require_purpose

    if settings.model_source == "folder":
        require_bundle(settings.bundle_folder)
    build_state(settings).engine.dispose()  # a setting that cannot be used is reported here, not by every worker
    with open_database(settings.database_url) as engine:  # migrates an SQLite file before workers start
        require_purpose(engine, simulated=settings.simulated)
    os.environ.update(settings.to_environment())
    server = configure_server(settings, workers)
    database = make_url(settings.database_url).render_as_string(hide_password=True)
    say(
        "riskml is listening on http://{host}:{port} (database {database})",
        host=settings.host,
        port=settings.port,
        database=database,
    )
    if workers > 1:
        with TemporaryDirectory(prefix="riskml-metrics-") as shared:
            os.environ.setdefault(SHARED, shared)
            Multiprocess(server, [server.bind_socket()]).run()
    else:
        uvicorn.Server(server).run()
