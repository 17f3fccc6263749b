"""Keeps the records of a trial and those of a real county in different databases.

The first records that a database receives fix its purpose, in the same transaction. From then on, no writer can add
records for the other purpose, and a service for the other purpose neither starts nor continues to respond.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from riskml.errors import UsageError
from riskml_serving.base.database import guard, reading
from riskml_serving.base.problems import Problem
from riskml_serving.store.records import repository


def require_purpose(engine: Engine, *, simulated: bool) -> None:
    """Require that a database holds no records, or only records for the purpose that ``simulated`` states.

    Parameters
    ----------
    engine : Engine
    simulated : bool
        Whether the records count as simulated: the setting of the service, or of the import.

    Raises
    ------
    UsageError
        If the records in it were delivered for the other purpose: a trial would present real households as simulated,
        and a service in production would present simulated ones as real. Records without a stated purpose may be real.
    """
    with reading(engine) as connection:
        kept = repository.read_purpose(connection)
        if kept is None and repository.holds_records(connection):
            kept = False
    if kept is None or kept == simulated:
        return
    address = engine.url.render_as_string(hide_password=True)
    if simulated:
        raise UsageError(
            "The database {address} holds records that were delivered without --trial: they may be real.",
            "Start without --trial, or name another database with --db for the trial.",
            address=address,
        )
    raise UsageError(
        "The database {address} holds records of a trial: they are not the county's.",
        "Start with --trial, or name another database with --db for the county's own records.",
        address=address,
    )


def claim_purpose(connection: Connection, *, simulated: bool) -> None:
    """Fix the purpose of a database within the transaction that adds records, unless it is fixed already.

    Of two transactions that add the first records at the same time, the second waits for the first and then finds the
    purpose that the first has set.

    Raises
    ------
    Problem
        ``other-purpose`` if the database holds records for the other purpose.
    """
    if repository.read_purpose(connection) is None:
        repository.add_purpose(connection, simulated=simulated)
    refuse_purpose(connection, simulated=simulated)


def refuse_purpose(connection: Connection, *, simulated: bool) -> None:
    """Refuse a database whose purpose is fixed and is not the one that ``simulated`` states.

    Raises
    ------
    Problem
        ``other-purpose``.
    """
    if repository.read_purpose(connection) not in (None, simulated):
        raise Problem("other-purpose")


def guard_purpose(engine: Engine, *, simulated: bool) -> None:
    """Refuse every transaction of a running service once its database holds records for the other purpose.

    The purpose is read in each transaction until it is fixed; then it never changes again.
    """
    fixed = False

    def check(connection: Connection) -> None:
        nonlocal fixed
        if not fixed:
            refuse_purpose(connection, simulated=simulated)
            fixed = repository.read_purpose(connection) is not None

    guard(engine, check)
