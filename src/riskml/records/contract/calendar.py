"""Days and months as integers.

A *day* is the number of days since 1970-01-01 (Asia/Shanghai calendar days), a *month* the number of months
since 1970-01. Both are plain ``int`` or ``int32`` arrays, so windows are subtractions.
"""

from __future__ import annotations

import datetime as dt
from typing import overload

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LOOK_BACK",
    "date_of",
    "day_of",
    "is_month_end",
    "last_complete_month",
    "month_end",
    "month_of",
    "months_before",
    "year_of",
]

LOOK_BACK = 36
"""Months of history a panel holds."""

IntArray = NDArray[np.int32]


def day_of(date: str | dt.date | np.datetime64) -> int:
    """Day number of a date.

    >>> day_of("1970-01-02"), day_of(dt.date(2024, 2, 29))
    (1, 19782)
    """
    return int(np.datetime64(str(date), "D").astype(np.int64))


def date_of(day: int) -> dt.date:
    """Date of a day number.

    >>> date_of(19782)
    datetime.date(2024, 2, 29)
    """
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


@overload
def month_of(day: int) -> int: ...
@overload
def month_of(day: NDArray[np.generic]) -> IntArray: ...
def month_of(day: int | NDArray[np.generic]) -> int | IntArray:
    """Month number in which a day lies.

    >>> month_of(day_of("1970-02-28"))
    1
    """
    if isinstance(day, np.ndarray):
        return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    date = date_of(day)
    return (date.year - 1970) * 12 + date.month - 1


@overload
def month_end(month: int) -> int: ...
@overload
def month_end(month: NDArray[np.generic]) -> IntArray: ...
def month_end(month: int | NDArray[np.generic]) -> int | IntArray:
    """Last day of a month.

    >>> date_of(month_end(month_of(day_of("2024-02-01"))))
    datetime.date(2024, 2, 29)
    """
    if isinstance(month, np.ndarray):
        return (
            (month.astype(np.int64) + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1
        ).astype(np.int32)
    years, rest = divmod(int(month) + 1, 12)
    return (dt.date(1970 + years, rest + 1, 1) - dt.date(1970, 1, 1)).days - 1


def is_month_end(day: int) -> bool:
    """Whether a day is the last of its month.

    >>> is_month_end(day_of("2023-02-28")), is_month_end(day_of("2024-02-28"))
    (True, False)
    """
    return month_end(month_of(day)) == day


def last_complete_month(day: int) -> int:
    """Latest month that has ended by the end of ``day``.

    >>> last_complete_month(day_of("1970-02-28")), last_complete_month(day_of("1970-02-27"))
    (1, 0)
    """
    return month_of(day) if is_month_end(day) else month_of(day) - 1


def months_before(day: int, months: int) -> int:
    """Day that lies ``months`` calendar months before ``day``.

    A window of that many months is every day after it up to ``day``. From a month's end the answer is a month's
    end; otherwise the same day of the month, or the month's last day where it is shorter.

    >>> date_of(months_before(day_of("2024-04-30"), 1))
    datetime.date(2024, 3, 31)
    >>> date_of(months_before(day_of("2024-03-30"), 1))
    datetime.date(2024, 2, 29)
    """
    end = month_end(month_of(day) - months)
    if is_month_end(day):
        return end
    start = month_end(month_of(day) - months - 1)
    return min(start + (day - month_end(month_of(day) - 1)), end)


def year_of(day: int) -> int:
    """Calendar year of a day.

    >>> year_of(day_of("2024-12-31"))
    2024
    """
    return date_of(day).year
