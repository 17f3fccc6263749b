"""SQL about who looks after a household."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from riskml_serving.casework.assignments.tables import ASSIGNMENTS
from riskml_serving.people.auth import within
from riskml_serving.store.households.tables import HOUSEHOLDS

__all__ = ["add", "of_household"]


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Keep an assignment; the caller has held the household against a region."""
    connection.execute(insert(ASSIGNMENTS).values(**row))


def of_household(connection: Connection, household_id: str, region: str) -> list[dict[str, Any]]:
    """Assignments of a household of a region, the latest first."""
    query = (
        select(ASSIGNMENTS)
        .join(HOUSEHOLDS, HOUSEHOLDS.c.household_id == ASSIGNMENTS.c.household_id)
        .where(ASSIGNMENTS.c.household_id == household_id, within(HOUSEHOLDS.c.region_code, region))
        .order_by(ASSIGNMENTS.c.assignment_id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]
