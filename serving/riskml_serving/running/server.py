"""Runs the service until it is stopped."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

import typer
from fastapi import FastAPI
from sqlalchemy.engine import make_url

from riskml_serving.base.settings import Settings

__all__ = ["build_application", "run"]

STARTING = 120
"""Seconds for which a worker that is loading need not respond to its parent process."""


def build_application() -> FastAPI:
    """Build the application of one worker, with settings from the environment."""
    from riskml_serving.operations.logs import log_to
    from riskml_serving.running.app import create_app

    settings = Settings()
    log_to(level=settings.log_level)
    return create_app(settings)


def run(settings: Settings, workers: int = 1) -> None:
    """Serve until stopped; with several workers, SIGHUP restarts them one by one while the socket stays open."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from riskml_serving.base.database import open_engine
    from riskml_serving.base.database.migrate import require_current
    from riskml_serving.judging.model.source import require_bundle
    from riskml_serving.operations.metrics import SHARED

    if settings.model_source == "folder":
        require_bundle(settings.bundle_folder)
    engine = open_engine(settings.database_url)
    require_current(engine)  # here, so that two workers do not both migrate a file
    engine.dispose()
    os.environ.update(settings.to_environment())
    server = uvicorn.Config(
        "riskml_serving.running.server:build_application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=STARTING,
    )
    database = make_url(settings.database_url).render_as_string(hide_password=True)
    typer.echo(f"riskml is serving on http://{settings.host}:{settings.port} (database {database})")
    if workers > 1:
        with TemporaryDirectory(prefix="riskml-metrics-") as shared:
            os.environ.setdefault(SHARED, shared)
            Multiprocess(server, [server.bind_socket()]).run()
    else:
        uvicorn.Server(server).run()
