"""Compiled statistics of monthly series, computed for many households at a time.

Time is the first axis, with the latest month at index 0, and households are the second. Sums run backwards from the
latest month, so a household's result is the same, bit for bit, whether it is computed alone or with many others.
"""

from __future__ import annotations

import numpy as np

from riskml.arrays import Floats, Mask
from riskml.records.panel.kernels import Array, compiled

LEAST = 0.02
"""Lower limit for a level of income, in multiples of the line; without it, its logarithm could not be taken."""

RECENT = 6
"""Number of the latest months that do not count towards the usual level of income."""


@compiled
def scale(yuan: Array, stated: Array, unit: Array, months: int) -> tuple[Floats, Mask, Floats, Floats]:
    """Divide the amounts of the latest months by the unit of each month.

    Parameters
    ----------
    yuan : array of float64, shape (T, n)
        Amounts; a NaN counts as 0 in a month that is stated.
    stated : array of bool, shape (T, n)
        Whether the amount of each month is stated.
    unit : array of float64, shape (T, n)
        Divisor for the amounts of each month; NaN if it is not known.
    months : int
        How many of the T months to use, counted from the latest.

    Returns
    -------
    values, known : arrays, shape (months, n)
        The divided amounts, which are 0 if they are not known, and whether they are known.
    sums, counts : arrays of float64, shape (months + 1, n)
        Sum and number of the known months in each window, indexed by the length of the window.
    """
    n = yuan.shape[1]
    values, known = np.empty((months, n)), np.empty((months, n), np.bool_)
    sums, counts = np.zeros((months + 1, n)), np.zeros((months + 1, n))
    for t in range(months):
        for j in range(n):
            value = (0.0 if np.isnan(yuan[t, j]) else yuan[t, j]) / unit[t, j]
            is_known = stated[t, j] and not np.isnan(value)
            known[t, j] = is_known
            values[t, j] = value if is_known else 0.0
            sums[t + 1, j] = sums[t, j] + values[t, j]
            counts[t + 1, j] = counts[t, j] + (1.0 if is_known else 0.0)
    return values, known, sums, counts


@compiled
def sum_months(values: Array, start: int, stop: int) -> Floats:
    """Sum the months from ``start`` up to but not including ``stop``, shape (n,); for a mask, count its true months."""
    sums = np.zeros(values.shape[1])
    for t in range(start, stop):
        for j in range(values.shape[1]):
            sums[j] += values[t, j]
    return sums


@compiled
def sum_changes_on_year(values: Array, known: Array, window: int) -> tuple[Floats, Floats]:
    """Sum the differences from the same month a year before, and count the pairs of known months, shape (n,)."""
    sums, counts = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for t in range(window):
        for j in range(values.shape[1]):
            both = known[t, j] and known[t + 12, j]
            sums[j] += values[t, j] - values[t + 12, j] if both else 0.0
            counts[j] += 1.0 if both else 0.0
    return sums, counts


@compiled
def fit_slope(values: Array, known: Array, counts: Array, window: int) -> Floats:
    """Fit the least-squares change per month over the known months, shape (n,); NaN if there are fewer than three."""
    n = values.shape[1]
    centre, above, below = np.zeros(n), np.zeros(n), np.zeros(n)
    for t in range(window):
        for j in range(n):
            centre[j] += -float(t) if known[t, j] else 0.0
    for j in range(n):
        centre[j] /= counts[j]
    for t in range(window):
        for j in range(n):
            away = -float(t) - centre[j] if known[t, j] else 0.0
            above[j] += away * values[t, j]
            below[j] += away * away
    for j in range(n):
        above[j] = above[j] / below[j] if counts[j] >= 3 else np.nan
    return above


@compiled
def compute_deviation(values: Array, known: Array, mean: Array, counts: Array, window: int) -> Floats:
    """Compute the sample standard deviation of the known months, shape (n,); NaN if there are fewer than two."""
    n = values.shape[1]
    squares = np.zeros(n)
    for t in range(window):
        for j in range(n):
            away = values[t, j] - mean[j] if known[t, j] else 0.0
            squares[j] += away * away
    for j in range(n):
        squares[j] = np.sqrt(squares[j] / (counts[j] - 1)) if counts[j] >= 2 else np.nan
    return squares


@compiled
def find_lowest_ahead(values: Array, known: Array, level: Floats, window: int) -> Floats:
    """Find the lowest mean over ``window`` months that will occur if every future month is at ``level``, shape (n,).

    Each future month replaces the oldest month of the window, until all months are replaced. The result is NaN if the
    level is NaN.
    """
    n = values.shape[1]
    sums, counts, lowest = np.zeros(n), np.zeros(n), level.copy()
    for t in range(window - 1):
        ahead = window - 1 - t
        for j in range(n):
            sums[j] += values[t, j]
            counts[j] += 1.0 if known[t, j] else 0.0
            lowest[j] = min(lowest[j], (sums[j] + ahead * level[j]) / (counts[j] + ahead))
    return lowest


@compiled
def average_shortfall(values: Array, known: Array, counts: Array, window: int) -> Floats:
    """Average the shortfall below 1 over the known months, shape (n,); NaN if no month is known."""
    n = values.shape[1]
    gap = np.zeros(n)
    for t in range(window):
        for j in range(n):
            gap[j] += max(0.0, 1.0 - values[t, j]) if known[t, j] else 0.0
    for j in range(n):
        gap[j] = gap[j] / counts[j] if counts[j] > 0 else np.nan
    return gap


@compiled
def average_weighted(logs: Array, known: Array, weight: Array) -> Floats:
    """Compute the weighted mean of the known months, shape (n,); NaN if no month is known."""
    n = logs.shape[1]
    sums, weights = np.zeros(n), np.zeros(n)
    for t in range(len(weight)):
        for j in range(n):
            sums[j] += weight[t] * logs[t, j] if known[t, j] else 0.0
            weights[j] += weight[t] if known[t, j] else 0.0
    for j in range(n):
        sums[j] = sums[j] / weights[j] if weights[j] > 0 else np.nan
    return sums


@compiled
def measure_run_below(known: Array, below: Array) -> Floats:
    """Count the consecutive months below the line up to the latest known month, shape (n,); NaN if none is known."""
    months, n = known.shape
    length = np.full(n, np.nan)
    for j in range(n):
        t = 0
        while t < months and not known[t, j]:
            t += 1
        start = t
        while t < months and below[t, j]:
            t += 1
        if start < months:
            length[j] = t - start
    return length


@compiled
def sum_rows_by_month(household: Array, lag: Array, values: Array, mask: Array, months: int, n: int) -> Floats:
    """Sum the known values of each household's rows by month, in the order of the rows, shape (months, n)."""
    sums = np.zeros((months, n))
    for i in range(len(household)):
        if mask[i] and not np.isnan(values[i]):
            sums[lag[i], household[i]] += values[i]
    return sums


@compiled
def find_levels(values: Array, known: Array, line: Array) -> tuple[Floats, Floats, Floats]:
    """Find the latest and the usual level of income, and the growth of the line.

    Parameters
    ----------
    values, known : arrays, shape (T, n)
        Income in multiples of the line of each month, and whether it is known.
    line : array of float64, shape (T, n)
        Line of each month.

    Returns
    -------
    latest, usual : arrays of float64, shape (n,)
        Latest known income and mean of the known incomes before the last 6 months, each multiplied by the growth of the
        line since its month, in multiples of the latest line, and at least 0.02. If all known incomes are from the last
        6 months, the usual level equals the latest; if no income is known, both are NaN.
    growth : array of float64, shape (n,)
        Factor by which the line grows in a month; 1 if the line of 12 months ago is unknown.
    """
    months, n = values.shape
    growth, rate, latest = np.empty(n), np.ones(n), np.full(n, np.nan)
    usual, count = np.zeros(n), np.zeros(n)
    last_ratio, last_root = 1.0, 1.0  # most households have the same line, and computing a root is slow
    for j in range(n):
        ratio = line[0, j] / line[12, j]
        ratio = 1.0 if np.isnan(ratio) else ratio
        if ratio != last_ratio:
            last_ratio, last_root = ratio, ratio ** (1.0 / 12.0)
        growth[j] = last_root
    for t in range(months):
        for j in range(n):
            grown = values[t, j] * line[t, j] * rate[j]
            latest[j] = grown if known[t, j] and np.isnan(latest[j]) else latest[j]
            rate[j] *= growth[j]
            if t >= RECENT:
                usual[j] += grown if known[t, j] else 0.0
                count[j] += 1.0 if known[t, j] else 0.0
    for j in range(n):
        mean = usual[j] / count[j] if count[j] > 0 else latest[j]
        latest[j] = max(latest[j] / line[0, j], LEAST) if not np.isnan(latest[j]) else np.nan
        usual[j] = max(mean / line[0, j], LEAST) if not np.isnan(mean) else np.nan
    return latest, usual, growth


@compiled
def project_lowest(
    values: Array,
    known: Array,
    line: Array,
    usual: Array,
    away: Array,
    growth: Array,
    size: Array,
    paid: Array,
    fees: Array,
    regular: Array,
) -> Floats:
    """Project the lowest yearly income after spending in the next 12 months, as a multiple of its month's line.

    Parameters
    ----------
    values, known, line : arrays, shape (T, n)
        As in :func:`find_levels`.
    usual, growth : arrays of float64, shape (n,)
        As :func:`find_levels` returns them.
    away : array of float64, shape (12, n)
        Income of each of the next 12 months before growth, in multiples of the usual level.
    size : array of float64, shape (n,)
    paid : array of float64, shape (12, n)
        Spending of the household in each of the last 12 months, yuan.
    fees, regular : arrays of float64, shape (n,)
        Spending that recurs once a year, and 3 months of spending that continues at the same rate, in yuan; a NaN
        counts as 0.

    Returns
    -------
    array of float64, shape (n,)
        The lowest income in multiples of the line; NaN if the usual level is NaN.
    """
    n = values.shape[1]
    future, rate = np.zeros((13, n)), np.ones(n)  # sums of the next 0 to 12 months
    for h in range(12):
        for j in range(n):
            rate[j] *= growth[j]
            future[h + 1, j] = future[h, j] + usual[j] * line[0, j] * away[h, j] * rate[j]
    income, count, lowest = np.zeros(n), np.zeros(n), np.full(n, np.inf)
    spent, monthly, share, yearly = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for j in range(n):
        share[j], yearly[j] = 1.0 / size[j], line[0, j] / line[12, j]  # division is slow
        spent[j] = 0.0 if np.isnan(fees[j]) else fees[j] * share[j]
        monthly[j] = 0.0 if np.isnan(regular[j]) else regular[j] * share[j] / 3
    for t in range(12):  # the year consists of t past months and h projected ones
        h = 12 - t
        for j in range(n):
            mean = (income[j] + future[h, j]) / (count[j] + h)
            then = line[t, j] * yearly[j]
            left = (mean - spent[j] - h * monthly[j]) / (line[0, j] if np.isnan(then) else then)
            lowest[j] = lowest[j] if lowest[j] <= left else left
            income[j] += values[t, j] * line[t, j] if known[t, j] else 0.0
            count[j] += 1.0 if known[t, j] else 0.0
            spent[j] += paid[t, j] * share[j]
    return lowest
