"""What happens in the months after an as_of date (its *span*): low income, entries into monitoring, emergency help."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Mask
from riskml.outcomes.cohort import is_below_line
from riskml.policy import Policy
from riskml.policy.case import SPENDING
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events
from riskml.records.panel.kernels import sum_window
from riskml.records.panel.panel import Panel
from riskml.splits import Settings

FOLLOW_UP = 3
"""Number of months at the end of a span that count for follow-up: income must be reported in at least one of them."""

YEAR = 12
"""Number of calendar months whose unavoidable spending is subtracted from income."""


def build_pair_keys(events: Events) -> Ints:
    """Combine the household and the day of each row into one number."""
    keys: Ints = events.household.astype(np.int64) << 32 | events["day"].astype(np.int64)
    return keys


def find_first_day(events: Events, after: int, until: int, mask: Mask | None = None) -> NDArray[np.int32]:
    """Find the day of each household's first row, shape (n,); ``NO_DAY`` if there is none.

    Only rows with a day after ``after`` and up to ``until`` are considered.
    """
    use = (events["day"] > after) & (events["day"] <= until)
    if mask is not None:
        use &= mask
    # Rows are sorted by household, then by day, so a household's first row is its earliest.
    households, rows = np.unique(events.household[use], return_index=True)
    out = np.full(events.n, NO_DAY)
    out[households] = events["day"][use][rows]
    return out


@dataclass(frozen=True)
class After:
    """What happens to the same households in the spans after several as_ofs.

    Parameters
    ----------
    panel : Panel
        Panel at the end of the last span, with enough months of history for the window of ``first_month`` and for the
        unavoidable spending of the year up to it.
    first_month : int
        First month of the earliest span.
    settings : Settings
    policy : Policy
        Determines which spending counts as unavoidable.
    """

    panel: Panel
    first_month: int
    settings: Settings
    policy: Policy

    @cached_property
    def _verdicts(self) -> tuple[Mask, Mask, Mask]:
        """Whether each household is below the line at the end of each month; three arrays of shape (months, n).

        They say whether income is below the line, whether it is below the line only after unavoidable spending, and
        whether income and line are known.
        """
        ends = self.panel.month - self.first_month + 1
        below, after_spending, known = (np.zeros((ends, self.panel.n), bool) for _ in range(3))
        spending = self._spending
        for month in range(ends):
            lag = ends - 1 - month
            income = self.panel.income_per_head(self.settings.window, lag=lag, complete=self.settings.outcome == "end")
            line = self.panel.line[lag]
            below[month] = is_below_line(income, line)
            known[month] = ~(np.isnan(income) | np.isnan(line))
            if spending is not None:
                left = income - sum_window(spending[lag : lag + YEAR]) / self.panel.size[lag]
                after_spending[month] = is_below_line(left, line) & ~below[month]
        return below, after_spending, known

    @cached_property
    def _spending(self) -> Floats | None:
        """Unavoidable spending in each month, yuan, the latest first, shape (T, n); None if there is none to count.

        An unknown amount adds nothing.
        """
        if self.settings.hardship == "ignore":
            return None
        months, n = self.panel.months, self.panel.n
        spent = np.zeros(months * n)
        rows = [item.select(self.panel) for code, item in SPENDING.items() if self.policy.spending[code].counts]
        for events, amounts in filter(None, rows):
            cell = events["lag"].astype(np.int64) * n + events.household
            spent += np.bincount(cell, np.where(np.isnan(amounts), 0.0, amounts), minlength=months * n)
        return spent.reshape(months, n) if spent.any() else None

    @cached_property
    def _reported(self) -> Mask:
        """Whether income is reported for each month from ``first_month`` on, shape (months, n)."""
        return self.panel.reported[: self.panel.month - self.first_month + 1][::-1]

    def find_falls(self, month: int) -> dict[str, NDArray[np.int32]]:
        """For each kind of fall, count the months from ``month`` to the first fall in the span after it, shape (n,).

        The count is 0 if there is no fall.
        """
        below, after_spending, _ = self._verdicts
        return {"income": self._find_first(below, month), "spending": self._find_first(after_spending, month)}

    def _find_first(self, fell: Mask, month: int) -> NDArray[np.int32]:
        horizon = self.settings.horizon
        span = fell[month + 1 - self.first_month :][:horizon]
        if self.settings.outcome == "end":
            return np.where(span[-1], horizon, 0).astype(np.int32)
        return np.where(span.any(axis=0), span.argmax(axis=0) + 1, 0).astype(np.int32)

    def mark_followed_up(self, month: int) -> Mask:
        """Mark households that are followed up to the end of the span after a month, shape (n,).

        Their income is reported in one of the span's last three months (or in any month, if the span is shorter), and
        income per head and the line are known at the end of one of these months (with the outcome ``end``, at the end
        of the last one).
        """
        span = slice(month + 1 - self.first_month, month + 1 - self.first_month + self.settings.horizon)
        last = min(FOLLOW_UP, self.settings.horizon)
        verdict_in = 1 if self.settings.outcome == "end" else last
        seen, known = self._reported[span][-last:], self._verdicts[2][span][-verdict_in:]
        return np.asarray(seen.any(axis=0) & known.any(axis=0))
