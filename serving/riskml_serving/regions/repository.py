"""SQL about counts by region."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Select, cast, func, select

from riskml_serving.auth import listed_within, within
from riskml_serving.scoring.tables import CURRENT

__all__ = ["counts", "counts_query", "latest"]


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
    query = counts_query(region, digits)
    return [dict(row) for row in connection.execute(query).mappings()]


def counts_query(region: str, digits: int) -> Select[Any]:
    """Build the query of :func:`counts`.

    Villages are counted in the order of the index, without a look at the table, before they are added up: grouping a
    county by cut-off codes at once takes a third longer.
    """
    kinds = ("region_code", "status", "tier", "signal", "agreement")
    columns = [CURRENT.c[name] for name in kinds]
    villages = (
        select(*columns, func.count().label("n"))
        .where(within(CURRENT.c.region_code, region))
        .group_by(*columns)
        .subquery("villages")
    )
    part = func.substr(villages.c.region_code, 1, digits).label("part")
    same = [villages.c[name] for name in kinds[1:]]
    total = cast(func.sum(villages.c.n), Integer).label("n")
    return select(part, *same, total).group_by(part, *same)


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
