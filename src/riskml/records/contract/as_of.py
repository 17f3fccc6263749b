"""An as-of date and how far the records reach: nothing is known about the time after their last day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

_TOLERATED_DAYS = 31
"""Records of the current month often arrive in the next: they reach an as-of date that is at most this much later."""


@dataclass(frozen=True)
class AsOf:
    """A date as of which records are read, and the last day of these records.

    Parameters
    ----------
    day : date
    last_day : date or None
        Last day that any of the records describes or was recorded on; None if none of them has a day.

    Examples
    --------
    >>> late = AsOf(dt.date(2024, 12, 31), dt.date(2024, 6, 30))
    >>> late.records_end
    datetime.date(2024, 6, 30)
    >>> AsOf(dt.date(2024, 7, 31), late.last_day).describe("en")
    ''
    """

    day: dt.date
    last_day: dt.date | None

    @property
    def records_end(self) -> dt.date | None:
        """Last day of the records if ``day`` is later; None if the records reach ``day``, or if none has a day."""
        return self.last_day if self.last_day is not None and self.last_day < self.day else None

    def describe(self, lang: str) -> str:
        """Warn that nothing is known about the days after the last record; return "" if these are at most 31."""
        if self.records_end is None or (self.day - self.records_end).days <= _TOLERATED_DAYS:
            return ""
        if lang == "zh":
            return f"研判日 {self.day} 晚于最后一次记录（{self.records_end}），其间情况不详"
        return (
            f"{self.day} is after {self.records_end}, the last day that any record describes or was recorded on;"
            " nothing is known about the days in between"
        )
