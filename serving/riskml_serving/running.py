"""Runs the service until it is stopped."""

from __future__ import annotations

import typer
from sqlalchemy.engine import make_url

from riskml_serving.settings import Settings

__all__ = ["run"]


def run(settings: Settings) -> None:
    """Serve until stopped."""
    import uvicorn

    from riskml_serving.app import create_app
    from riskml_serving.database.migrate import require_current
    from riskml_serving.model.source import require_bundle
    from riskml_serving.operations.logs import log_to

    if settings.model_source == "folder":
        require_bundle(settings.bundle_folder)
    log_to(level=settings.log_level)
    application = create_app(settings)
    require_current(application.state.engine)
    server = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    database = make_url(settings.database_url).render_as_string(hide_password=True)
    typer.echo(f"riskml serves on http://{settings.host}:{settings.port} (database {database})")
    uvicorn.Server(server).run()
