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

    from riskml_serving.base.database import open_database
    from riskml_serving.judging.model import RULE_LINE_ONLY
    from riskml_serving.judging.model.source import is_simulated, require_bundle
    from riskml_serving.operations.metrics import SHARED
    from riskml_serving.store.records.purpose import require_purpose

    if settings.model_source == "folder":
        require_bundle(settings.bundle_folder)
    with open_database(settings.database_url) as engine:  # migrates an SQLite file before workers start
        require_purpose(engine, simulated=settings.simulated)
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
    typer.echo(f"riskml is listening on http://{settings.host}:{settings.port} (database {database})")
    if settings.model_source == "folder" and not settings.simulated and is_simulated(settings.bundle_folder):
        typer.echo(f"{RULE_LINE_ONLY['zh']}。{RULE_LINE_ONLY['en']}. To try the service, use --trial.")
    if workers > 1:
        with TemporaryDirectory(prefix="riskml-metrics-") as shared:
            os.environ.setdefault(SHARED, shared)
            Multiprocess(server, [server.bind_socket()]).run()
    else:
        uvicorn.Server(server).run()
