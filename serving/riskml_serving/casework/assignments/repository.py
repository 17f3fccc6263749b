"""SQL for assignments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from riskml_serving.casework.assignments.tables import ASSIGNMENTS
from riskml_serving.store.households.repository import narrow_to_region


def add_assignment(connection: Connection, row: dict[str, Any]) -> None:
    """Save an assignment; the calling code must have checked that the household is in the caller's region."""
    connection.execute(insert(ASSIGNMENTS).values(**row))


def read_assignments(connection: Connection, household_id: str, region: str) -> list[dict[str, Any]]:
    """Read the assignments of a household in a region, latest first."""
    query = select(ASSIGNMENTS).where(ASSIGNMENTS.c.household_id == household_id)
    query = narrow_to_region(query, ASSIGNMENTS, region).order_by(ASSIGNMENTS.c.assignment_id.desc())
    return [dict(row) for row in connection.execute(query).mappings()]
