"""SQL for the register of households; every query that reads it is limited to a region."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, delete, func, select, update

from riskml_serving.base.clock import now
from riskml_serving.base.database.upserts import insert_missing, upsert
from riskml_serving.base.problems import Problem
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.repository import change_in, read_in


def find_households(
    connection: Connection, codes: Iterable[str], region: str, *, lock: bool = False
) -> dict[str, dict[str, Any]]:
    """Find the households that live in a region, by code; ``lock`` locks them, in code order, until commit."""
    code = HOUSEHOLDS.c.household_id
    query = select(HOUSEHOLDS).where(is_in_region(HOUSEHOLDS.c.region_code, region)).order_by(code)
    sound = (one for one in codes if "\0" not in one)  # PostgreSQL refuses a NUL in a parameter
    rows = read_in(connection, query.with_for_update() if lock else query, code, sound)
    return {row["household_id"]: row for row in rows}


def require_household(connection: Connection, household_id: str, region: str, *, lock: bool = False) -> dict[str, Any]:
    """Find a household that lives in a region, closed or not.

    Raises
    ------
    Problem
        ``household-not-found``, whether the household does not exist or lives elsewhere.
    """
    row = find_households(connection, [household_id], region, lock=lock).get(household_id)
    if row is None:
        raise Problem("household-not-found")
    return row


def require_open(connection: Connection, household_id: str, region: str) -> dict[str, Any]:
    """Find a household that lives in a region and is not closed, and lock it until commit.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``.
    """
    row = require_household(connection, household_id, region, lock=True)
    if row["closed_on"] is not None:
        raise Problem("household-closed")
    return row


def find_predecessors(connection: Connection, household_id: str, region: str) -> list[str]:
    """Find the households in a region that were split, or merged, into this one."""
    query = select(HOUSEHOLDS.c.household_id, HOUSEHOLDS.c.followed_by).where(
        is_in_region(HOUSEHOLDS.c.region_code, region),
        HOUSEHOLDS.c.followed_by.contains(join_followers([household_id]), autoescape=True),
    )
    rows = connection.execute(query.order_by(HOUSEHOLDS.c.household_id)).all()
    return [code for code, followed_by in rows if household_id in split_followers(followed_by)]


def list_followers(connection: Connection, household_ids: Iterable[str]) -> dict[str, list[str]]:
    """List the codes of the households that follow closed ones, by the code of the closed one, in all regions."""
    query = select(HOUSEHOLDS.c.household_id, HOUSEHOLDS.c.followed_by)
    rows = read_in(connection, query, HOUSEHOLDS.c.household_id, household_ids)
    return {row["household_id"]: split_followers(row["followed_by"]) for row in rows}


def join_followers(codes: Iterable[str]) -> str:
    """Join the codes of successors for the register.

    >>> split_followers(join_followers(["a;1", "b%3B"]))
    ['a;1', 'b%3B']
    """
    return ";".join(code.replace("%", "%25").replace(";", "%3B") for code in codes)


def split_followers(joined: str | None) -> list[str]:
    """Split the codes of successors, as :func:`join_followers` joins them."""
    return [code.replace("%3B", ";").replace("%25", "%") for code in joined.split(";")] if joined else []


def narrow_to_region(query: Select[Any], table: FromClause, region: str) -> Select[Any]:
    """Narrow a query on a table with the column ``household_id`` to the households in a region."""
    joined = query.join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == table.c.household_id)
    return joined.where(is_in_region(HOUSEHOLDS.c.region_code, region))


def is_open() -> ColumnElement[bool]:
    """Make the condition that a household in the register is not closed."""
    return HOUSEHOLDS.c.closed_on.is_(None)


def list_codes(connection: Connection, region: str, after: str = "", limit: int | None = None) -> Sequence[str]:
    """List the codes of the open households in a region, in code order, starting after ``after``."""
    query = (
        select(HOUSEHOLDS.c.household_id)
        .where(
            is_in_region(HOUSEHOLDS.c.region_code, region),
            is_open(),
            HOUSEHOLDS.c.household_id > after,
        )
        .order_by(HOUSEHOLDS.c.household_id)
        .limit(limit)
    )
    return connection.execute(query).scalars().all()


def count_households(connection: Connection, region: str) -> int:
    """Count the open households in a region."""
    query = select(func.count()).where(is_in_region(HOUSEHOLDS.c.region_code, region), is_open())
    return int(connection.execute(query).scalar_one())


def add_households(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Register households; a household that is already registered stays as it is."""
    insert_missing(connection, HOUSEHOLDS, rows)


def update_households(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Change where households live, or which of their tables are known; each row must have every column."""
    upsert(connection, HOUSEHOLDS, rows)


def delete_households(connection: Connection, codes: Sequence[str]) -> None:
    """Remove households from the register."""
    change_in(connection, delete(HOUSEHOLDS), HOUSEHOLDS.c.household_id, codes)


def close_household(
    connection: Connection, household_id: str, region: str, on: dt.date, because: str, followed_by: str
) -> None:
    """Close a household in a region and record when the closure was received."""
    connection.execute(
        update(HOUSEHOLDS)
        .where(HOUSEHOLDS.c.household_id == household_id, is_in_region(HOUSEHOLDS.c.region_code, region))
        .values(closed_on=on, closed_at=now(), closed_because=because, followed_by=followed_by)
    )


def search_codes(connection: Connection, region: str, text: str, limit: int) -> Sequence[str]:
    """Search the open households in a region for those whose code contains a text; the code itself comes alone."""
    code = HOUSEHOLDS.c.household_id
    query = select(code).where(is_in_region(HOUSEHOLDS.c.region_code, region), is_open()).order_by(code).limit(limit)
    exact = connection.execute(query.where(code == text)).scalars().all()
    return exact or connection.execute(query.where(code.contains(text, autoescape=True))).scalars().all()


def list_villages(connection: Connection, region: str) -> Sequence[str]:
    """List the codes of the villages in a region that have open households."""
    village = HOUSEHOLDS.c.region_code
    query = select(village).where(is_in_region(village, region), is_open()).distinct().order_by(village)
    return connection.execute(query).scalars().all()
