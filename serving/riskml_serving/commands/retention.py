"""``riskml-serving forget`` and ``riskml-serving retention``."""

from __future__ import annotations

from typing import Annotated

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.options import Database

__all__ = ["forget", "retention"]


def forget(household: Annotated[str, typer.Argument(help="Code of the household.")], db: Database = None) -> None:
    """Delete everything that is kept of a household, but for a keyed hash in the audit. Backups are not touched."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.judging.jobs.exporting import drop_exports
    from riskml_serving.operations.retention import service

    settings = Settings()
    with open_database(db or settings.database_url) as engine, writing(engine) as connection:
        gone = service.forget(connection, household)
    drop_exports(settings.export_folder)
    typer.echo("Forgotten: " + ", ".join(f"{name} {n}" for name, n in sorted(gone.items())))


def retention(db: Database = None) -> None:
    """Delete what the settings retention_… keep no longer; run it every night."""
    from riskml_serving.base.database import open_database, writing
    from riskml_serving.judging.jobs.exporting import drop_exports
    from riskml_serving.operations.retention import service

    settings = Settings()
    with open_database(db or settings.database_url) as engine, writing(engine) as connection:
        gone = service.apply_retention(connection, settings)
    drop_exports(settings.export_folder)
    typer.echo("Deleted: " + ", ".join(f"{name} {n}" for name, n in gone.items()))
