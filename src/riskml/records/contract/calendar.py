"""Days and months as integers.

A *day* is the number of days since 1970-01-01 (calendar days in the time zone Asia/Shanghai), and a *month* is the
number of months since 1970-01. Both are ``int`` values or ``int32`` arrays, so the start of a window is found by
subtraction.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

LOOK_BACK = 36
"""Number of months of history that a panel holds."""

STATEMENT_DELAY = 5
"""A statement without ``recorded_on`` is assumed to become known this many months after the end of its period."""

IntArray = NDArray[np.int32]


def to_day(date: str | dt.date | np.datetime64) -> int:
    """Convert a date to its day number.

    >>> to_day("1970-01-02"), to_day(dt.date(2024, 2, 29))
    (1, 19782)
    """
    return int(np.datetime64(str(date), "D").astype(np.int64))


def to_date(day: int) -> dt.date:
    """Convert a day number to its date.

    >>> to_date(19782)
    datetime.date(2024, 2, 29)
    """
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


@overload
def to_month(day: int) -> int: ...
@overload
def to_month(day: NDArray[np.generic]) -> IntArray: ...
def to_month(day: int | NDArray[np.generic]) -> int | IntArray:
    """Return the number of the month that contains a day.

    >>> to_month(to_day("1970-02-28"))
    1
    """
    if isinstance(day, np.ndarray):
        return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    date = to_date(day)
    return (date.year - 1970) * 12 + date.month - 1


@overload
def to_month_end(month: int) -> int: ...
@overload
def to_month_end(month: NDArray[np.generic]) -> IntArray: ...
def to_month_end(month: int | NDArray[np.generic]) -> int | IntArray:
    """Return the last day of a month.

    >>> to_date(to_month_end(to_month(to_day("2024-02-01"))))
    datetime.date(2024, 2, 29)
    """
    if isinstance(month, np.ndarray):
        low, high = (int(month.min()), int(month.max())) if month.size else (0, 0)
        if high - low < month.size:  # each month is converted only once
            return _convert_months(np.arange(low, high + 1))[month.astype(np.int64) - low]
        return _convert_months(month.astype(np.int64))
    years, rest = divmod(int(month) + 1, 12)
    return (dt.date(1970 + years, rest + 1, 1) - dt.date(1970, 1, 1)).days - 1


def _convert_months(month: NDArray[np.int64]) -> IntArray:
    days = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return (days - 1).astype(np.int32)


def is_month_end(day: int) -> bool:
    """Return whether a day is the last of its month.

    >>> is_month_end(to_day("2023-02-28")), is_month_end(to_day("2024-02-28"))
    (True, False)
    """
    return to_month_end(to_month(day)) == day


@lru_cache(maxsize=1024)
def find_last_complete_month(day: int) -> int:
    """Find the latest month that has ended by the end of ``day``.

    >>> find_last_complete_month(to_day("1970-02-28")), find_last_complete_month(to_day("1970-02-27"))
    (1, 0)
    """
    return to_month(day) if is_month_end(day) else to_month(day) - 1


@lru_cache(maxsize=1024)
def subtract_months(day: int, months: int) -> int:
    """Return the day that is ``months`` calendar months before ``day``.

    A window of that many months contains every day after the returned day, up to and including ``day``. If ``day`` is
    the last day of a month, so is the returned day. Otherwise it has the same day of the month as ``day``, or is the
    last day of its month if the month is shorter.

    >>> to_date(subtract_months(to_day("2024-04-30"), 1))
    datetime.date(2024, 3, 31)
    >>> to_date(subtract_months(to_day("2024-03-30"), 1))
    datetime.date(2024, 2, 29)
    """
    end = to_month_end(to_month(day) - months)
    if is_month_end(day):
        return end
    start = to_month_end(to_month(day) - months - 1)
    return min(start + (day - to_month_end(to_month(day) - 1)), end)


def to_year(day: int) -> int:
    """Return the calendar year of a day.

    >>> to_year(to_day("2024-12-31"))
    2024
    """
    return to_date(day).year


def format_month(month: int) -> str:
    """Write a month as year and month.

    >>> format_month(to_month(to_day("2024-03-05")))
    '2024-03'
    """
    return f"{to_date(to_month_end(month)):%Y-%m}"


@lru_cache(maxsize=1024)
def list_month_ends(month: int, months: int) -> IntArray:
    """List the last days of the ``months`` months up to ``month``, the latest first."""
    ends = to_month_end(np.arange(month, month - months, -1, dtype=np.int32))
    ends.flags.writeable = False
    return ends
