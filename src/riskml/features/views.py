"""Quantities that several features share, computed once a panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskml.records.events import Events
from riskml.records.panel import BELOW, Panel, window_sum
from riskml.records.schema import SOURCES

__all__ = ["FLOOR", "Monthly", "log_line", "monthly", "months_since", "of_source", "per_panel", "ratio", "to_line"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
T = TypeVar("T")

FLOOR = -4.0
"""Least logarithm of income over the line: income may be nothing, or less."""


def per_panel(function: Callable[[Panel], T]) -> Callable[[Panel], T]:
    """Remember the result on the panel."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def remembered(panel: Panel) -> T:
        if name not in panel.memo:
            panel.memo[name] = function(panel)
        found: T = panel.memo[name]  # type: ignore[assignment]
        return found

    return remembered


def ratio(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, NaN where the whole is zero or not known."""
    return np.where(whole == 0, np.nan, part / whole)


def log_line(values: Floats) -> Floats:
    """Logarithm of multiples of the line, at least ``FLOOR``.

    >>> log_line(np.array([1.0, 0.0, -2.0, np.nan])).tolist()
    [0.0, -4.0, -4.0, nan]
    """
    return np.log(np.maximum(values, np.exp(FLOOR)))


class Monthly:
    """A monthly series in multiples of the line then, per head, times 12; index 0 is the last complete month.

    Parameters
    ----------
    values : array of float64, shape (T, n)
        0 where not known.
    known : array of bool, shape (T, n)
    """

    def __init__(self, values: Floats, known: Mask) -> None:
        self.values = values
        self.known = known
        self.sums: Floats = np.add.accumulate(values, axis=0)
        self.counts: Floats = np.add.accumulate(known, axis=0, dtype=np.float64)

    def mean(self, window: int) -> Floats:
        """Mean over the known months of the last ``window`` months, shape (n,); NaN where there is none."""
        return ratio(self.sums[window - 1], self.counts[window - 1])

    def mean_between(self, start: int, stop: int) -> Floats:
        """Mean over the known months from ``start`` (included) to ``stop`` months back."""
        part = slice(start, stop)
        return ratio(window_sum(self.values[part]), window_sum(self.known[part].astype(np.float64)))

    def share(self, mask: Mask, window: int) -> Floats:
        """Share of the known months of a window in which ``mask`` holds."""
        return ratio(window_sum((mask & self.known)[:window].astype(np.float64)), self.counts[window - 1])

    def change_on_year(self, window: int) -> Floats:
        """Mean difference to the same month a year before, over months known in both years."""
        both = self.known[:window] & self.known[12 : 12 + window]
        difference = np.where(both, self.values[:window] - self.values[12 : 12 + window], 0.0)
        return ratio(window_sum(difference), window_sum(both.astype(np.float64)))

    def slope(self, window: int) -> Floats:
        """Least-squares change a month over the known months of a window; NaN with fewer than three."""
        known, count = self.known[:window], self.counts[window - 1]
        time = -np.arange(window, dtype=np.float64)[:, None]
        centre = window_sum(np.where(known, time, 0.0)) / count
        away = np.where(known, time - centre, 0.0)
        slope = window_sum(away * self.values[:window]) / window_sum(away * away)
        return np.where(count >= 3, slope, np.nan)

    def deviation(self, window: int) -> Floats:
        """Sample standard deviation over the known months of a window; NaN with fewer than two."""
        count = self.counts[window - 1]
        away = np.where(self.known[:window], self.values[:window] - self.mean(window), 0.0)
        return np.where(count >= 2, np.sqrt(window_sum(away * away) / (count - 1)), np.nan)


@per_panel
def _unit(panel: Panel) -> Floats:
    """Yuan a month that make one multiple of the line, shape (T, n)."""
    return panel.size * panel.line / 12


def _series(panel: Panel, yuan: Floats, known: Mask) -> Monthly:
    relative = yuan / _unit(panel)
    known = known & ~np.isnan(relative)
    return Monthly(np.where(known, relative, 0.0), known)


@per_panel
def monthly(panel: Panel) -> Monthly:
    """Income of all sources by month."""
    return _series(panel, panel.total_or_zero, panel.reported)


def of_source(panel: Panel, source: str) -> Monthly:
    """Income of one source by month; 0 in months in which only other sources report, not known with ``total``."""
    name = f"source {source}"
    if name not in panel.memo:
        amount = panel.sources[list(SOURCES).index(source)]
        parts = panel.reported & np.isnan(panel.sources[-1])
        panel.memo[name] = _series(panel, np.where(np.isnan(amount), 0.0, amount), parts)
    found: Monthly = panel.memo[name]  # type: ignore[assignment]
    return found


@per_panel
def below(panel: Panel) -> Mask:
    """Months known to be below the line then, shape (T, n)."""
    income = monthly(panel)
    return income.known & (income.values < BELOW)


def to_line(panel: Panel, events: Events, yuan: Floats) -> Floats:
    """Amounts in multiples of the household's line for a year, as the line and the size were then, shape (E,)."""
    cell = (events["lag"], events.household)
    relative: Floats = yuan / (panel.line[cell] * panel.size[cell])
    return relative


def months_since(panel: Panel, events: Events, mask: Mask | None = None) -> Floats:
    """Days since the latest row, divided by 365.25 / 12, shape (n,); NaN where there is none in the look-back."""
    return (panel.as_of - events.largest(events["day"], mask)) / (365.25 / 12)
