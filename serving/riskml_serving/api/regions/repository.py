"""SQL that counts households by region."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Select, cast, func, select

from riskml_serving.judging.scores.tables import COUNTED, CURRENT, LATEST
from riskml_serving.people.auth import is_in_region


def count_scores(connection: Connection, region: str, digits: int) -> list[dict[str, Any]]:
    """Count the current scores in a region by subregion, status, tier, signal, section and agreement.

    Parameters
    ----------
    connection : Connection
    region : str
        Prefix of the region codes.
    digits : int
        Length of the subregions' codes.
    """
    return [dict(row) for row in connection.execute(build_count_query(region, digits)).mappings()]


def build_count_query(region: str, digits: int) -> Select[Any]:
    """Build the query for :func:`count_scores`.

    The query counts the scores in each village from the index alone, in index order, and then sums the counts for
    each subregion. Grouping a county's scores directly by shortened codes takes a third longer.
    """
    kinds = ("region_code", *COUNTED)
    columns = [CURRENT.c[name] for name in kinds]
    newest = [func.max(value).label(name) for name, value in LATEST.items()]
    villages = (
        select(*columns, func.count().label("n"), *newest)
        .where(is_in_region(CURRENT.c.region_code, region))
        .group_by(*columns)
        .subquery("villages")
    )
    part = func.substr(villages.c.region_code, 1, digits).label("part")
    same = [villages.c[name] for name in kinds[1:]]
    total = cast(func.sum(villages.c.n), Integer).label("n")
    newest = [func.max(villages.c[name]).label(name) for name in LATEST]
    return select(part, *same, total, *newest).group_by(part, *same)
