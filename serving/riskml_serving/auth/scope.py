"""The region scope, in one place: every query about households is narrowed by :func:`within`."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, true

__all__ = ["LEVELS", "covers", "within"]

LEVELS = (2, 4, 6, 9, 12)
"""Digits of a province, city, county, town and village."""


def within(column: ColumnElement[str], region: str) -> ColumnElement[bool]:
    """Condition that a region code starts with a prefix; a range, so that an index serves it.

    Every query that reads or changes something of a household passes its caller's region through here.

    >>> from sqlalchemy import column
    >>> str(within(column("region_code"), "3701").compile(compile_kwargs={"literal_binds": True}))
    "region_code >= '3701' AND region_code < '3701:'"
    >>> str(within(column("region_code"), ""))
    'true'
    """
    if not region:
        return true()
    return and_(column >= region, column < region + ":")  # ":" stands right behind "9"


def covers(region: str, code: str) -> bool:
    """Whether a caller of a region may see what lies in another.

    >>> covers("3701", "370112"), covers("370112", "3701"), covers("", "37")
    (True, False, True)
    """
    return code.startswith(region)
