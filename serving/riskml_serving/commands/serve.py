"""``riskml serve``: start the service."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml_serving.commands.options import BundleFolder, Database


def serve(
    bundle: BundleFolder = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; default 8000.")] = None,
    db: Database = None,
    trial: Annotated[
        bool, typer.Option("--trial", help="Count all records as simulated, so that any model shows its verdicts.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Number of processes that answer requests.")] = 1,
) -> None:
    """Start the scoring service.

    By default it listens on 127.0.0.1:8000 and keeps an SQLite file in the working folder. Every other setting comes
    from RISKML_SERVING_* in the environment or from the TOML file that RISKML_SERVING_FILE names. `riskml-serving
    keys create` creates the first API key. The OpenAPI description is at /openapi.json. For guidance only, not a
    basis for any decision.
    """
    from riskml_serving.base.settings import Settings
    from riskml_serving.running.server import run

    options = {"bundle": bundle, "host": host, "port": port, "database_url": db, "simulated": trial or None}
    run(Settings.with_options(**options), workers)
