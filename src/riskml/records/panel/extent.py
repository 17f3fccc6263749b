"""How far the records of households reach, in one piece or merged from parts, and what a later date means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.as_of import AsOf
from riskml.records.contract.calendar import format_month, to_date, to_month
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.store import Records
from riskml.text import Joined, Text

_YEAR = 366
"""Number of days by which the last day of all records may exceed the day that a tenth of the households reach; beyond
that, the last day is considered an error."""

_NO_VERDICT = 24
"""No household's income can be compared with the line if this many months have passed since the last income."""


@dataclass(frozen=True)
class Extent:
    """How far the records of households reach.

    Parameters
    ----------
    first_month, last_month : int
        First and last month that any income period covers.
    last_day : int or None
        Last day that any row describes or was recorded on.
    last_days, income_days : array of int32, shape (H,)
        The same for each household, and the last day of its income; ``NO_DAY`` if there is none.
    simulated : bool
        Whether the records are from a simulated county.
    """

    first_month: int
    last_month: int
    last_day: int | None
    last_days: NDArray[np.int32]
    income_days: NDArray[np.int32]
    simulated: bool

    @classmethod
    def read(cls, records: Records) -> Extent:
        """Read the extent of records."""
        return cls(
            records.first_month,
            records.last_month,
            records.last_day,
            records.last_days,
            records.income.last_day,
            records.simulated,
        )

    def describe_end(self, as_of: int, lang: str) -> str:
        """Return a warning if a date lies outside the records or their income; otherwise return "".

        It names the last day of the records, and the last month with income (or the first one, if the date is earlier).
        A last day more than a year after those that the records of a tenth of the households reach does not count: one
        wrong date must not hide that all other records end earlier. Months with hardly any income do not count either.
        """
        day, reached = to_date(as_of), _find_day_reached(self.last_days)
        end = AsOf(day, None if self.last_day is None else to_date(self.last_day)).describe(lang)
        if reached and self.last_day and self.last_day - reached > _YEAR:
            template = "{day} is late: fewer than a tenth of the households have any record after {month}"
            few = Text(template, day=day, month=format_month(to_month(reached)))
            end = few.read(lang) if AsOf(day, to_date(reached)).describe(lang) else ""
        income = Text("")
        last_income = min(self.last_month, to_month(_find_day_reached(self.income_days)))
        if to_month(as_of) < self.first_month:
            income = Text("no income is recorded before {month}", month=format_month(self.first_month))
        elif end or to_month(as_of) > last_income + _NO_VERDICT:
            none, hardly = "no income is recorded after {month}", "hardly any income is recorded after {month}"
            income = Text(none if last_income == self.last_month else hardly, month=format_month(last_income))
        return Joined(filter(None, [end, income.read(lang)]), "; ", "；").read(lang)


def _find_day_reached(last_days: NDArray[np.int32]) -> int:
    """Find the latest day that the records of a tenth of the households reach; return 0 if none has a day."""
    days = np.sort(last_days[last_days != NO_DAY])
    return int(days[len(days) * 9 // 10]) if len(days) else 0


def merge_extents(parts: Sequence[Extent]) -> Extent:
    """Merge the extents of parts of the same records; parts without income state no month."""
    stated = [part for part in parts if part.last_month >= part.first_month] or parts
    days = [part.last_day for part in parts if part.last_day is not None]
    return Extent(
        min(part.first_month for part in stated),
        max(part.last_month for part in stated),
        max(days, default=None),
        np.concatenate([part.last_days for part in parts]),
        np.concatenate([part.income_days for part in parts]),
        parts[0].simulated,
    )
