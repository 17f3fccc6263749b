"""Working days in the Chinese calendar, with its holidays and the working weekends that make up for them."""

from __future__ import annotations

import datetime as dt

import chinese_calendar

ONE = dt.timedelta(days=1)


def has_announced_holidays(day: dt.date) -> bool:
    """Return whether the holidays of a date's year are known; they are announced late in the previous year."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def _is_workday(day: dt.date) -> bool:
    return bool(chinese_calendar.is_workday(day)) if has_announced_holidays(day) else day.weekday() < 5


def add_working_days(day: dt.date, n: int) -> dt.date:
    """Return the n-th working day after a day.

    >>> add_working_days(dt.date(2024, 9, 30), 1)  # a week of holidays follows
    datetime.date(2024, 10, 8)
    >>> add_working_days(dt.date(2024, 10, 11), 1)  # Saturday the 12th is a working day
    datetime.date(2024, 10, 12)
    """
    while n > 0:
        day += ONE
        n -= _is_workday(day)
    return day


def find_last_overdue_start(today: dt.date, n: int) -> dt.date:
    """Return the latest start day whose deadline, the n-th working day after it, was before today.

    >>> day = find_last_overdue_start(dt.date(2024, 10, 9), 1)
    >>> add_working_days(day, 1) < dt.date(2024, 10, 9) <= add_working_days(day + ONE, 1)
    True
    """
    day = today - ONE
    while add_working_days(day, n) >= today:
        day -= ONE
    return day
