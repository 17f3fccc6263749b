"""SQL for the ranked list of households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, tuple_

from riskml_serving.casework.clues.repository import find_clued
from riskml_serving.judging.scores.tables import CURRENT, RANKING
from riskml_serving.people.auth import is_row_in_region

ORDER = (*RANKING, CURRENT.c.household_id)


def build_ranked_query(
    region: str, filters: Mapping[str, Sequence[Any]], after: Sequence[Any] | None, limit: int
) -> Select[Any]:
    """Build the query for one page of the ranked list.

    Parameters
    ----------
    region : str
        Prefix of the region codes.
    filters : dict of str to sequence
        Allowed values, by column.
    after : sequence, optional
        Values of the ``ORDER`` columns in the last row of the previous page.
    limit : int
    """
    query = select(CURRENT).where(is_row_in_region(CURRENT, region))
    for name, values in filters.items():
        query = query.where(CURRENT.c[name].in_(values))
    if after is not None:
        query = query.where(tuple_(*ORDER) > tuple_(*after))
    return query.order_by(*ORDER).limit(limit)


def read_ranked(
    connection: Connection, region: str, filters: Mapping[str, Sequence[Any]], after: Sequence[Any] | None, limit: int
) -> list[dict[str, Any]]:
    """Read one page of the ranked list; ``clued`` says whether a household has a clue that no visit has settled."""
    rows = connection.execute(build_ranked_query(region, filters, after, limit)).mappings().all()
    clued = find_clued(connection, [row["household_id"] for row in rows])
    return [{**row, "clued": row["household_id"] in clued} for row in rows]
