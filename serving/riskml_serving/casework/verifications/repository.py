"""SQL about verifications; households are held against a region by a join."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, exists, insert, select, update

from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.people.auth import within
from riskml_serving.store.households.tables import HOUSEHOLDS

__all__ = ["add", "of_household", "of_region", "undo"]


def add(connection: Connection, row: dict[str, Any]) -> int:
    """Keep a verification; return its number."""
    return int(connection.execute(insert(VERIFICATIONS).returning(VERIFICATIONS.c.verification_id), row).scalar_one())


def of_household(connection: Connection, household_id: str, region: str) -> list[dict[str, Any]]:
    """Verifications of a household of a region, the latest first."""
    query = (
        select(VERIFICATIONS)
        .join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == VERIFICATIONS.c.household_id)
        .where(
            VERIFICATIONS.c.household_id == household_id,
            VERIFICATIONS.c.undone_at.is_(None),
            within(HOUSEHOLDS.c.region_code, region),
        )
        .order_by(VERIFICATIONS.c.verification_id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def of_region(connection: Connection, region: str, since: int, limit: int) -> list[dict[str, Any]]:
    """Confirmed verifications with a category in a region, in the order in which they came, behind a number.

    Of those of one household for one day that were kept on the same day the last one counts: the contract calls two
    versions of a key on one day a fault.
    """
    later = VERIFICATIONS.alias()
    same = (later.c[name] == VERIFICATIONS.c[name] for name in ("household_id", "verified_on", "recorded_on"))
    replaced = exists().where(later.c.verification_id > VERIFICATIONS.c.verification_id, *_entered(later), *same)
    query = (
        select(VERIFICATIONS)
        .join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == VERIFICATIONS.c.household_id)
        .where(
            VERIFICATIONS.c.verification_id > since,
            *_entered(VERIFICATIONS),
            ~replaced,
            within(HOUSEHOLDS.c.region_code, region),
        )
        .order_by(VERIFICATIONS.c.verification_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _entered(table: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Conditions that a verification takes the household into monitoring."""
    return table.c.outcome == "confirmed", table.c.undone_at.is_(None), table.c.category.is_not(None)


def undo(
    connection: Connection,
    household_id: str,
    verification_id: int,
    created_by: str,
    region: str,
    today: dt.date,
    at: dt.datetime,
) -> bool:
    """Mark a verification of today as taken back; false where there is none by this person in the region."""
    there = select(HOUSEHOLDS.c.household_id).where(within(HOUSEHOLDS.c.region_code, region))
    found = connection.execute(
        update(VERIFICATIONS)
        .where(
            VERIFICATIONS.c.verification_id == verification_id,
            VERIFICATIONS.c.household_id == household_id,
            VERIFICATIONS.c.created_by == created_by,
            VERIFICATIONS.c.recorded_on == today,
            VERIFICATIONS.c.undone_at.is_(None),
            VERIFICATIONS.c.household_id.in_(there),
        )
        .values(undone_at=at)
    )
    return bool(found.rowcount)
