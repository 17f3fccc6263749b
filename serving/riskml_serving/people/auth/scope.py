"""The region scope: conditions that restrict queries about households to a region."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, true

from riskml.vocabulary.regions import Level

_COLUMNS: dict[int, str] = {Level.COUNTY: "county", Level.TOWN: "town", Level.VILLAGE: "region_code"}
"""Columns that hold the code of a county, a town or a village, by the length of that code."""


def is_in_region(column: ColumnElement[str], region: str) -> ColumnElement[bool]:
    """Make the condition that a region code starts with a prefix; it is a range, so that an index can be used.

    Every query that a request makes about households is restricted by this condition or by :func:`is_row_in_region`, or
    uses only codes that such a query has returned.

    >>> from sqlalchemy import column
    >>> str(is_in_region(column("region_code"), "3701").compile(compile_kwargs={"literal_binds": True}))
    "region_code >= '3701' AND region_code < '3701:'"
    >>> str(is_in_region(column("region_code"), ""))
    'true'
    """
    if not region:
        return true()
    return and_(column >= region, column < region + ":")  # ":" follows "9" in ASCII


def is_row_in_region(table: Table, region: str) -> ColumnElement[bool]:
    """Make the condition of :func:`is_in_region` for a table with county and town columns.

    For a county, a town or a village, it is an equality, so that an index on that column can be used.
    """
    name = _COLUMNS.get(len(region))
    return is_in_region(table.c.region_code, region) if name is None else table.c[name] == region


def covers(region: str, code: str) -> bool:
    """Return whether a caller from one region may see another region.

    >>> covers("3701", "370112"), covers("370112", "3701"), covers("", "37")
    (True, False, True)
    """
    return code.startswith(region)
