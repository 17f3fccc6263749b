"""Keeps the records of a trial and those of a real county in different databases."""

from __future__ import annotations

from sqlalchemy import Engine

from riskml.errors import UsageError
from riskml_serving.base.database import writing
from riskml_serving.store.records import repository

__all__ = ["require_purpose"]


def require_purpose(engine: Engine, *, simulated: bool) -> None:
    """Require a database that holds no records, or only records that were delivered for the same purpose.

    Parameters
    ----------
    engine : Engine
    simulated : bool
        Whether the records count as simulated: the setting of the service, or of the import.

    Raises
    ------
    UsageError
        If its records were delivered for the other purpose: a trial would present real households as simulated, and a
        service in production would present simulated ones as real.
    """
    with writing(engine) as connection:
        kept = repository.read_purpose(connection)
        if not repository.holds_records(connection):
            if kept != simulated:
                repository.write_purpose(connection, simulated=simulated)
            return
    address = engine.url.render_as_string(hide_password=True)
    if simulated and not kept:
        raise UsageError(
            f"The database {address} holds records that were delivered without --trial: they may be real.",
            "Start without --trial, or name another database with --db for the trial.",
        )
    if kept and not simulated:
        raise UsageError(
            f"The database {address} holds records of a trial: they are not the county's.",
            "Start with --trial, or name another database with --db for the county's own records.",
        )
