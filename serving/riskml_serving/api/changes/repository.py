"""SQL for the list of changes to stored scores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, not_, or_, select

from riskml_serving.judging.scores.tables import SCORES
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.households.tables import HOUSEHOLDS


def read_changes(connection: Connection, region: str, since: int, limit: int) -> list[dict[str, Any]]:
    """Read the changes numbered above ``since``, oldest first, for households that live in a region or have left it.

    For a household that has left, only the move itself is read, with the score at that time; for one that left the
    register with a withdrawn import, only that it did.
    """
    lives = func.coalesce(HOUSEHOLDS.c.region_code, SCORES.c.moved_from)
    here = is_in_region(lives, region)
    left = is_in_region(SCORES.c.moved_from, region) & not_(here)
    query = (
        select(SCORES, lives.label("region_code"))
        .outerjoin(HOUSEHOLDS, HOUSEHOLDS.c.household_id == SCORES.c.household_id)
        .where(SCORES.c.seq > since, lives.is_not(None), or_(here, left))
        .order_by(SCORES.c.seq)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
