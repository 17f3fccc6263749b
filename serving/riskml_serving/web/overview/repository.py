"""SQL for a region's history: signals by month, findings of visits, households in monitoring."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, Integer, String, cast, func, or_, select

from riskml_serving.casework.verifications.repository import is_in_force
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.casework.worklist.repository import is_entry_known, is_entry_open
from riskml_serving.judging.scores.tables import SCORES
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.households.repository import is_open
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.tables import RECORDS


def count_signal_changes(connection: Connection, region: str) -> list[dict[str, Any]]:
    """Count, by month, the households whose signal changed from ``before`` (null: not scored before) to ``signal``.

    The history holds only changes: the number of households with a signal in a month is the sum of all changes so far.
    """
    month = func.substr(cast(SCORES.c.as_of, String), 1, 7).label("month")
    before = func.lag(SCORES.c.signal).over(partition_by=SCORES.c.household_id, order_by=SCORES.c.seq).label("before")
    moves = (
        select(month, SCORES.c.signal, before)
        .join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == SCORES.c.household_id)
        .where(is_in_region(HOUSEHOLDS.c.region_code, region), is_open())
        .subquery()
    )
    same = (moves.c.month, moves.c.signal, moves.c.before)
    query = (
        select(*same, cast(func.count(), Integer).label("n"))
        .where(or_(moves.c.before.is_(None), moves.c.before != moves.c.signal))
        .group_by(*same)
        .order_by(moves.c.month)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def count_visits(connection: Connection, region: str) -> list[dict[str, Any]]:
    """Count verifications by the agreement saved with them, by whether there was a prediction, and by finding."""
    predicted = VERIFICATIONS.c.probability.is_not(None).label("predicted")
    same = (VERIFICATIONS.c.agreement, predicted, VERIFICATIONS.c.outcome)
    query = (
        select(*same, cast(func.count(), Integer).label("n"))
        .join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == VERIFICATIONS.c.household_id)
        .where(is_in_region(HOUSEHOLDS.c.region_code, region), is_in_force())
        .group_by(*same)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def read_monitoring(connection: Connection, region: str, today: dt.date) -> list[dict[str, Any]]:
    """Read a region's entries into monitoring as known on a day, and whether each is still ``open``."""
    table = RECORDS["monitoring"]
    query = (
        select(table.c.category, table.c.entered_on, table.c.causes, is_entry_open(today).label("open"))
        .join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == table.c.household_id)
        .where(is_in_region(HOUSEHOLDS.c.region_code, region), is_open(), is_entry_known(today))
        .order_by(table.c.household_id, table.c.entered_on)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
