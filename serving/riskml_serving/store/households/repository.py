"""SQL about where households live; every query is narrowed to a region."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from riskml_serving.base.clock import now
from riskml_serving.base.database.upserts import insert_missing, upsert
from riskml_serving.people.auth import within
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.repository import split_codes

__all__ = [
    "add_households",
    "close_household",
    "count_households",
    "find_household",
    "find_households",
    "list_codes",
    "update_households",
]


def _possible(household_id: str) -> bool:
    """Whether a code could be one: PostgreSQL refuses to look for a NUL."""
    return "\0" not in household_id


def find_household(connection: Connection, household_id: str, region: str) -> dict[str, Any] | None:
    """Find one household of a region, closed or not."""
    if not _possible(household_id):
        return None
    query = select(HOUSEHOLDS).where(
        HOUSEHOLDS.c.household_id == household_id, within(HOUSEHOLDS.c.region_code, region)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def find_households(
    connection: Connection, codes: Iterable[str], region: str, *, lock: bool = False
) -> dict[str, dict[str, Any]]:
    """Find those of the households that live in a region; ``lock`` keeps other writers from them until the end."""
    out: dict[str, dict[str, Any]] = {}
    for part in split_codes(sorted(filter(_possible, codes))):
        query = (
            select(HOUSEHOLDS)
            .where(HOUSEHOLDS.c.household_id.in_(part), within(HOUSEHOLDS.c.region_code, region))
            .order_by(HOUSEHOLDS.c.household_id)
        )
        rows = connection.execute(query.with_for_update() if lock else query).mappings().all()
        out |= {row["household_id"]: dict(row) for row in rows}
    return out


def list_codes(connection: Connection, region: str, after: str = "", limit: int | None = None) -> Sequence[str]:
    """Codes of the open households of a region, in their order, behind ``after``."""
    query = (
        select(HOUSEHOLDS.c.household_id)
        .where(
            within(HOUSEHOLDS.c.region_code, region),
            HOUSEHOLDS.c.closed_on.is_(None),
            HOUSEHOLDS.c.household_id > after,
        )
        .order_by(HOUSEHOLDS.c.household_id)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def count_households(connection: Connection, region: str) -> int:
    """Open households of a region."""
    query = select(func.count()).where(within(HOUSEHOLDS.c.region_code, region), HOUSEHOLDS.c.closed_on.is_(None))
    return int(connection.execute(query).scalar_one())


def add_households(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Register households; one that is there already stays as it is."""
    insert_missing(connection, HOUSEHOLDS, rows)


def update_households(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Change where households live, or which of their tables are known; rows have every column."""
    upsert(connection, HOUSEHOLDS, rows)


def close_household(
    connection: Connection, household_id: str, region: str, on: dt.date, because: str, followed_by: str
) -> None:
    """Close a household of a region, as received now."""
    connection.execute(
        update(HOUSEHOLDS)
        .where(HOUSEHOLDS.c.household_id == household_id, within(HOUSEHOLDS.c.region_code, region))
        .values(closed_on=on, closed_at=now(), closed_because=because, followed_by=followed_by)
    )
