"""``riskml serve``: start the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from riskml_serving.commands.options import Database

__all__ = ["serve"]


def serve(
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Bundle folder; by default the released bundle in models/.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; default 8000.")] = None,
    db: Database = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that answer requests.")] = 1,
) -> None:
    """Start the scoring service, by default on 127.0.0.1:8000 with an SQLite file in the working folder.

    Every other setting comes from RISKML_SERVING_* in the environment or from the TOML file that RISKML_SERVING_FILE
    names. `riskml-serving keys create` makes the first API key. The OpenAPI description stands at /openapi.json.
    For reference in study and judgement only, not a basis for a decision.
    """
    from riskml_serving.base.settings import Settings
    from riskml_serving.running.server import run

    given: dict[str, Any] = {"bundle": bundle, "host": host, "port": port, "database_url": db}
    run(Settings(**{name: value for name, value in given.items() if value is not None}), workers)
