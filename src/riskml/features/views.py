"""Intermediate results that several features use, computed once for each panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import numpy as np

from riskml.arrays import Floats, Mask
from riskml.features import kernels
from riskml.records.contract.calendar import subtract_months
from riskml.records.contract.schema import SOURCES, list_codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events
from riskml.records.panel.lines import BELOW
from riskml.records.panel.panel import Panel

T = TypeVar("T")

MONTHLY, YEARLY = map(list_codes("help", "per").index, ("month", "year"))

FLOOR = -4.0
"""Lowest logarithm of income relative to the line; it is needed because income may be zero or negative."""
_LOWEST = np.exp(FLOOR)


def cached_on_panel(function: Callable[[Panel], T]) -> Callable[[Panel], T]:
    """Make a function compute its result once for each panel, and keep it on the panel."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def cached(panel: Panel) -> T:
        if name not in panel.memo:
            panel.memo[name] = function(panel)
        return panel.memo[name]  # type: ignore[return-value]

    return cached


def sum_help(panel: Panel, rows: Events, months: int) -> Floats:
    """Sum the known amounts of help in the last ``months`` months, in yuan, shape (n,).

    A single amount counts if the measure started in these months. An amount per month or year counts for the days of
    these months on which the measure ran, if it started in the last 36 months; 30.4375 days are a month. The sum is NaN
    if measures count but none states an amount.
    """
    single = (rows["per"] != MONTHLY) & (rows["per"] != YEARLY)
    last = np.where(rows["ended_on"] == NO_DAY, panel.as_of, rows["ended_on"])
    days = last - np.maximum(rows["day"], subtract_months(panel.as_of, months) + 1) + 1.0
    share = np.where(single, 1.0, days / np.where(rows["per"] == MONTHLY, 30.4375, 365.25))
    counted = np.where(single, panel.within(rows, months), (days > 0) & panel.within(rows, 36))
    return rows.sum(rows["amount"] * share, counted)


def require_rows(table: str, panel: Panel) -> Events:
    """Return a table's rows; the table must be present, since features are computed only if their tables are."""
    rows: Events | None = getattr(panel, table)
    assert rows is not None, f"the feature must declare that it requires the table behind {table!r}"
    return rows


def divide(part: Floats, whole: Floats) -> Floats:
    """Divide ``part`` by ``whole``; NaN if ``whole`` is zero or unknown."""
    return np.where(whole == 0, np.nan, part / whole)


def take_log(values: Floats) -> Floats:
    """Take the logarithm of multiples of the line; the result is at least ``FLOOR``.

    >>> take_log(np.array([1.0, 0.0, -2.0, np.nan])).tolist()
    [0.0, -4.0, -4.0, nan]
    """
    return np.log(np.maximum(values, _LOWEST))


class Monthly:
    """A monthly per-head series, times 12 and divided by each month's line; index 0 is the latest month.

    Parameters
    ----------
    yuan : array of float64, shape (T, n)
        Amounts; a NaN counts as 0 in a month that is stated.
    stated : array of bool, shape (T, n)
        Whether the amount of each month is stated.
    unit : array of float64, shape (T, n)
        Yuan per month for a household exactly at the line; NaN if it is not known.
    months : int
        How many of the T months to use, counted from the latest.

    Attributes
    ----------
    values : array of float64, shape (months, n)
        The series, with 0 in months that are not known.
    known : array of bool, shape (months, n)
        Whether each month is known.
    sums, counts : array of float64, shape (months + 1, n)
        Sum and number of the known months in each window, indexed by the length of the window.
    """

    def __init__(self, yuan: Floats, stated: Mask, unit: Floats, months: int) -> None:
        self.values, self.known, self.sums, self.counts = kernels.scale(yuan, stated, unit, months)

    def count(self, window: int) -> Floats:
        """Count the known months among the last ``window`` months, shape (n,)."""
        count: Floats = self.counts[window]
        return count

    def mean(self, window: int) -> Floats:
        """Average the known months among the last ``window`` months, shape (n,); NaN if there are none."""
        mean: Floats = self.sums[window] / self.counts[window]  # 0 / 0 is NaN, which means that no month is known
        return mean

    def mean_between(self, start: int, stop: int) -> Floats:
        """Average the known months from ``start`` up to but not including ``stop`` months back."""
        return kernels.sum_months(self.values, start, stop) / kernels.sum_months(self.known, start, stop)

    def share(self, mask: Mask, window: int) -> Floats:
        """Return the fraction of a window's known months in which ``mask`` is true.

        The mask must be false in months that are not known.
        """
        return kernels.sum_months(mask, 0, window) / self.count(window)

    def change_on_year(self, window: int) -> Floats:
        """Average the differences from the same month a year before, over the months that are known in both years."""
        sums, counts = kernels.sum_changes_on_year(self.values, self.known, window)
        return sums / counts

    def slope(self, window: int) -> Floats:
        """Fit the least-squares change per month over a window's known months; NaN if there are fewer than three."""
        return kernels.fit_slope(self.values, self.known, self.count(window), window)

    def deviation(self, window: int) -> Floats:
        """Compute the sample standard deviation of a window's known months; NaN if there are fewer than two."""
        return kernels.compute_deviation(self.values, self.known, self.mean(window), self.count(window), window)


@cached_on_panel
def _compute_unit(panel: Panel) -> Floats:
    """Compute the yuan per month of a household exactly at the line, shape (T, n)."""
    return panel.size * panel.line / 12


@cached_on_panel
def read_income_to_date(panel: Panel) -> Monthly:
    """Read the monthly income from all sources, counted back from the last complete month."""
    return Monthly(panel.total_or_zero, panel.reported, _compute_unit(panel), panel.months)


def read_income(panel: Panel) -> Monthly:
    """Read the monthly income from all sources, counted back from the end of each household's income window."""
    return read_income_to_date(panel.at_income_end)


@cached_on_panel
def _find_months_by_source(panel: Panel) -> Mask:
    """Find the months that are reported by source, shape (T, n)."""
    by_source: Mask = panel.reported & np.isnan(panel.sources[-1])
    return by_source


def read_source(panel: Panel, source: str) -> Monthly:
    """Read the monthly income from one source in the last two years.

    It is 0 in months in which only other sources are reported, and unknown in months in which ``total`` is reported.
    Months are counted back as in :func:`read_income`.
    """
    panel = panel.at_income_end
    name = f"source {source}"
    if name not in panel.memo:
        amount = panel.sources[list(SOURCES).index(source)]
        panel.memo[name] = Monthly(amount, _find_months_by_source(panel), _compute_unit(panel), 24)
    series: Monthly = panel.memo[name]  # type: ignore[assignment]
    return series


@cached_on_panel
def find_months_below_to_date(panel: Panel) -> Mask:
    """Find the months in which income was below the line, counted back from the last complete one, shape (T, n)."""
    income = read_income_to_date(panel)
    return income.known & (income.values < BELOW)


def find_months_below(panel: Panel) -> Mask:
    """Find the months in which income was below the line, counted back as in :func:`read_income`, shape (T, n)."""
    return find_months_below_to_date(panel.at_income_end)


def divide_by_line(panel: Panel, events: Events, yuan: Floats) -> Floats:
    """Divide amounts by the line times the household's size, both as they were at the time; one value for each row."""
    cell = (events["lag"], events.household)
    relative: Floats = yuan / (panel.line[cell] * panel.size[cell])
    return relative


def count_months_since(panel: Panel, events: Events, mask: Mask | None = None) -> Floats:
    """Count the months of 365.25 / 12 days since the latest row, shape (n,); NaN if there is none."""
    return (panel.as_of - events.max(events["day"], mask)) / (365.25 / 12)
