"""``riskml-serving forget`` and ``retention``: delete one household's data, or data whose retention period is over."""

from __future__ import annotations

from riskml.cli.terminal import say
from riskml.text import Joined
from riskml_serving.base.settings import Settings
from riskml_serving.commands.connections import connect
from riskml_serving.commands.options import Database, Household


def forget(household: Household, db: Database = None) -> None:
    """Delete all data of a household.

    Only entries of the audit log remain, with a keyed hash of its code. Backups are not touched.
    """
    from riskml_serving.judging.jobs.exporting import drop_exports
    from riskml_serving.operations.retention import service

    with connect(db, write=True) as connection:
        deleted = service.forget(connection, household)
    drop_exports(Settings().export_folder)
    say("Forgotten: {counts}", counts=Joined(f"{name} {n}" for name, n in sorted(deleted.items())))


def retention(db: Database = None) -> None:
    """Delete data past its retention period.

    The settings retention_… state the periods. Run this command every night.
    """
    from riskml_serving.judging.jobs.exporting import drop_exports
    from riskml_serving.operations.retention import service

    settings = Settings()
    with connect(db, write=True) as connection:
        deleted = service.apply_retention(connection, settings)
    drop_exports(settings.export_folder)
    say("Deleted: {counts}", counts=Joined(f"{name} {n}" for name, n in deleted.items()))
