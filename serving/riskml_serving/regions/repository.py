"""SQL about counts by region."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from riskml_serving.auth import listed_within, within
from riskml_serving.scoring.tables import CURRENT

__all__ = ["counts", "latest"]


def counts(connection: Connection, region: str, digits: int) -> list[dict[str, Any]]:
    """Count the current scores of a region by part of it, status, tier, signal and agreement.

    Parameters
    ----------
    connection : Connection
    region : str
        Prefix.
    digits : int
        Length of the parts' codes.
    """
    part = func.substr(CURRENT.c.region_code, 1, digits).label("part")
    kinds = (CURRENT.c.status, CURRENT.c.tier, CURRENT.c.signal, CURRENT.c.agreement)
    query = (
        select(part, *kinds, func.count().label("n"))
        .where(within(CURRENT.c.region_code, region))
        .group_by(part, *kinds)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def latest(connection: Connection, region: str) -> dict[str, Any]:
    """Date and time of the current scores of a region: those of its riskiest household stand for all."""
    query = (
        select(CURRENT.c.as_of, CURRENT.c.scored_at)
        .where(listed_within(CURRENT, region))
        .order_by(CURRENT.c.order_signal, CURRENT.c.order_rank, CURRENT.c.household_id)
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return dict(row) if row else {"as_of": None, "scored_at": None}
