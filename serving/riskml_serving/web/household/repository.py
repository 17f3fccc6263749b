"""SQL that finds out how recent a household's records are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from riskml.records.contract.calendar import to_date, to_day, to_month, to_month_end
from riskml.records.contract.schema import TABLES
from riskml_serving.store.households.repository import narrow_to_region
from riskml_serving.store.records.repository import is_not_superseded
from riskml_serving.store.records.tables import RECORDS

DAYS = {name: table.day for name, table in TABLES.items() if table.day and name != "income"}
"""Column that says when something happened, by table; income is left out, since its period is used instead."""


def read_freshness(
    connection: Connection, household_id: str, region: str, as_of: dt.date
) -> dict[str, tuple[dt.date, dt.date | None]]:
    """Read, for each source, the latest day (for income, the end of a period) and the latest day of recording.

    Returns
    -------
    dict of str to (date, date or None)
        The keys are tables, and ``income.<source>`` for income; a source without records has no entry.
    """
    out: dict[str, tuple[dt.date, dt.date | None]] = {}
    income = RECORDS["income"]
    columns = (income.c.source, income.c.period_start, income.c.months, income.c.recorded_on)
    query = _narrow(select(*columns), "income", household_id, region, as_of).where(income.c.period_start <= as_of)
    for source, start, months, recorded in connection.execute(query):
        name, end = f"income.{source}", to_date(to_month_end(to_month(to_day(start)) + (months or 1) - 1))
        latest, known = out.get(name, (end, recorded))
        out[name] = (max(latest, end), max(filter(None, (known, recorded)), default=None))
    for name, day in DAYS.items():
        table = RECORDS[name]
        latest_days = select(func.max(table.c[day]), func.max(table.c.recorded_on))
        query = _narrow(latest_days, name, household_id, region, as_of)
        latest, recorded = connection.execute(query.where(table.c[day] <= as_of)).one()
        if latest is not None:
            out[name] = (latest, recorded)
    return out


def _narrow(query: Select[Any], name: str, household_id: str, region: str, as_of: dt.date) -> Select[Any]:
    """Narrow a query to the rows about a household in a region that are known as of a day."""
    table = RECORDS[name]
    return narrow_to_region(query, table, region).where(
        table.c.household_id == household_id,
        is_not_superseded(table),
        or_(table.c.recorded_on.is_(None), table.c.recorded_on <= as_of),
    )
