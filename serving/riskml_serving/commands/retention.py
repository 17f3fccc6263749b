"""``riskml-serving forget`` and ``riskml-serving retention``: delete one household's data, or data past its period."""

from __future__ import annotations

import typer

from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import connect
from riskml_serving.commands.options import Database, Household

__all__ = ["forget", "retention"]


def forget(household: Household, db: Database = None) -> None:
    """Delete all data of a household, except for a keyed hash in the audit log. Backups are not touched."""
    from riskml_serving.judging.jobs.exporting import drop_exports
    from riskml_serving.operations.retention import service

    with connect(db, write=True) as connection:
        deleted = service.forget(connection, household)
    drop_exports(Settings().export_folder)
    typer.echo("Forgotten: " + ", ".join(f"{name} {n}" for name, n in sorted(deleted.items())))


def retention(db: Database = None) -> None:
    """Delete data that is older than the retention_… settings allow; run this every night."""
    from riskml_serving.judging.jobs.exporting import drop_exports
    from riskml_serving.operations.retention import service

    settings = Settings()
    with connect(db, write=True) as connection:
        deleted = service.apply_retention(connection, settings)
    drop_exports(settings.export_folder)
    typer.echo("Deleted: " + ", ".join(f"{name} {n}" for name, n in deleted.items()))
