"""The region scope, in one place: every query about households is narrowed here."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, true

__all__ = ["LEVELS", "covers", "listed_within", "within"]

LEVELS = (2, 4, 6, 9, 12)
"""Digits of a province, city, county, town and village."""

_BY_LEVEL = {6: "county", 9: "town", 12: "region_code"}


def within(column: ColumnElement[str], region: str) -> ColumnElement[bool]:
    """Condition that a region code starts with a prefix; a range, so that an index serves it.

    Every query that reads or changes something of a household passes its caller's region through here or through
    :func:`listed_within`.

    >>> from sqlalchemy import column
    >>> str(within(column("region_code"), "3701").compile(compile_kwargs={"literal_binds": True}))
    "region_code >= '3701' AND region_code < '3701:'"
    >>> str(within(column("region_code"), ""))
    'true'
    """
    if not region:
        return true()
    return and_(column >= region, column < region + ":")  # ":" stands right behind "9"


def listed_within(table: Table, region: str) -> ColumnElement[bool]:
    """Condition on a table with a column for county, town and village, so that the index of its order serves too."""
    name = _BY_LEVEL.get(len(region))
    return within(table.c.region_code, region) if name is None else table.c[name] == region


def covers(region: str, code: str) -> bool:
    """Whether a caller of a region may see what lies in another.

    >>> covers("3701", "370112"), covers("370112", "3701"), covers("", "37")
    (True, False, True)
    """
    return code.startswith(region)
