"""SQL for the verifications of households in a region."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, insert, select, update

from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.households.repository import narrow_to_region
from riskml_serving.store.households.tables import HOUSEHOLDS


def is_in_force(table: FromClause = VERIFICATIONS) -> ColumnElement[bool]:
    """Make the condition that a verification was not undone."""
    return table.c.undone_at.is_(None)


def add_verification(connection: Connection, row: dict[str, Any]) -> int:
    """Save a verification; return its number."""
    return int(connection.execute(insert(VERIFICATIONS).returning(VERIFICATIONS.c.verification_id), row).scalar_one())


def read_verifications(connection: Connection, household_id: str, region: str) -> list[dict[str, Any]]:
    """Read the verifications of a household in a region, latest first, without those that were undone."""
    query = select(VERIFICATIONS).where(VERIFICATIONS.c.household_id == household_id, is_in_force())
    query = narrow_to_region(query, VERIFICATIONS, region).order_by(VERIFICATIONS.c.verification_id.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def read_entries(connection: Connection, region: str, since: int, limit: int) -> list[dict[str, Any]]:
    """Read the verifications that take households in a region into monitoring; see :func:`is_entry`.

    They are returned in the order in which they were saved, starting after the number ``since``.
    """
    query = select(VERIFICATIONS).where(VERIFICATIONS.c.verification_id > since, is_entry())
    query = narrow_to_region(query, VERIFICATIONS, region).order_by(VERIFICATIONS.c.verification_id).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def is_entry() -> ColumnElement[bool]:
    """Make the condition that a verification takes the household into monitoring: confirmed, with a category.

    If several verifications of one household for the same visit date were saved on one day, only the last does, because
    the data contract forbids two versions of one entry on the same day.
    """
    later = VERIFICATIONS.alias()
    same = (later.c[name] == VERIFICATIONS.c[name] for name in ("household_id", "verified_on", "recorded_on"))
    replaced = exists().where(later.c.verification_id > VERIFICATIONS.c.verification_id, _takes_in(later), *same)
    return and_(_takes_in(VERIFICATIONS), ~replaced)


def _takes_in(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.outcome == "confirmed", is_in_force(table), table.c.category.is_not(None))


def change_verification(connection: Connection, verification_id: int, region: str, **values: Any) -> None:
    """Change columns of a verification of a household in a region."""
    in_region = select(HOUSEHOLDS.c.household_id).where(is_in_region(HOUSEHOLDS.c.region_code, region))
    own = (VERIFICATIONS.c.verification_id == verification_id, VERIFICATIONS.c.household_id.in_(in_region))
    connection.execute(update(VERIFICATIONS).where(*own).values(values))
