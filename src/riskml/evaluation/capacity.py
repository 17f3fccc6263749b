"""Choose which households to visit when only a share can be visited, and measure how many falls the visits find."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from riskml.evaluation.predictions import BoolArray, FloatArray, IntArray
from riskml.evaluation.ranking import SortedRows, find_ties

_ROUNDING = 1e-9


def count_visits(share: float, n: int) -> int:
    """Count how many of ``n`` households can be visited: ``share × n``, rounded up.

    >>> count_visits(0.1, 11)
    2

    Rounding errors are ignored (0.07 × 100 is 7.000000000000001):

    >>> count_visits(0.07, 100)
    7
    """
    return math.ceil(share * n - _ROUNDING)


def make_visit_key(score: Any, household_code: Any) -> tuple[Any, Any]:
    """Make the key that sorts households for visits: the highest score first, ties by household code.

    The arguments are those of one household, or arrays.

    >>> make_visit_key(2.0, "b") < make_visit_key(1.0, "a") < make_visit_key(1.0, "b")
    True
    """
    return -score, household_code


def rank_by_risk(score: ArrayLike, household_code: ArrayLike) -> IntArray:
    """Return the positions of the rows in visiting order: the highest score first, ties broken by household code.

    >>> rank_by_risk([1.0, 2.0, 1.0], ["b", "c", "a"]).tolist()
    [1, 2, 0]
    """
    return np.lexsort(make_visit_key(np.asarray(score), np.asarray(household_code))[::-1])


def mark_visits(score: ArrayLike, as_of: ArrayLike, household_code: ArrayLike, share: float) -> BoolArray:
    """Mark the households on the visit list of each as-of date: the riskiest share, ties broken by household code.

    Parameters
    ----------
    score : array, shape (n,)
        Higher is riskier.
    as_of : array, shape (n,)
    household_code : array of str, shape (n,)
    share : float
        Visit capacity.

    Returns
    -------
    array of bool, shape (n,)

    >>> mark_visits([1.0, 1.0, 0.0], [0, 0, 0], ["b", "a", "c"], share=0.1).tolist()
    [False, True, False]
    """
    as_of, order = np.asarray(as_of), rank_by_risk(score, household_code)
    order = order[np.argsort(as_of[order], kind="stable")]
    visited = np.zeros(len(order), dtype=np.bool_)
    bounds = np.append(find_ties(as_of[order]), len(order))
    for start, end in pairwise(bounds.tolist()):
        visited[order[start : start + count_visits(share, end - start)]] = True
    return visited


@dataclass(frozen=True)
class VisitList(SortedRows):
    """Rows sorted by as-of date and score, to be measured at any capacity.

    Rows with the same date and score form a group. If capacity runs out within a group, all its rows are visited with
    the same probability, so the figures are averages over all possible orders of these rows.

    Parameters
    ----------
    dates : array of int64, shape (dates + 1,)
        Position of each as-of date's first group, followed by the number of groups.
    """

    dates: IntArray

    @classmethod
    def from_scores(cls, score: ArrayLike, as_of: ArrayLike, positive: ArrayLike) -> VisitList:
        """Sort rows by as-of date, then by score, the highest first."""
        score, as_of = np.asarray(score, dtype=np.float64), np.asarray(as_of)
        order = np.lexsort((-score, as_of))
        starts = find_ties(as_of[order], score[order])
        dates = np.append(find_ties(as_of[order][starts]), len(starts))
        return cls(order, np.asarray(positive, dtype=np.float64)[order], starts, dates)

    def measure(self, shares: Sequence[float], weight: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Measure recall and precision of the visits at each capacity, pooled over the as-of dates.

        Parameters
        ----------
        shares : sequence of float
            Capacities. At each as-of date, this share of the rows is visited, rounded up.
        weight : array of float, shape (n,), optional
            How often each row counts (whole numbers).

        Returns
        -------
        recall, precision : array of float, shape (len(shares),)
            Both are NaN if there are no falls.

        Examples
        --------
        If two rows have equal scores and only one is visited, the fall is caught half the time:

        >>> VisitList.from_scores([2, 2, 1, 1], [0] * 4, [1, 0, 0, 0]).measure([0.25])
        (array([0.5]), array([0.5]))
        """
        # Number of rows and falls before each group, followed by the totals.
        taken, true = (np.append(0.0, np.cumsum(sums)) for sums in self.sum_groups(weight))
        first, last = self.dates[:-1], self.dates[1:]
        before, rows = taken[first], taken[last] - taken[first]
        budget = np.ceil(np.multiply.outer(shares, rows) - _ROUNDING)
        target = before + budget
        # Capacity runs out in the first group with enough rows up to its end.
        group = np.clip(np.searchsorted(taken[1:], target), first, last - 1)
        size = taken[group + 1] - taken[group]
        part = np.divide(target - taken[group], size, out=np.zeros_like(target), where=size > 0)
        hits = true[group] - true[first] + part * (true[group + 1] - true[group])
        visited, positives = budget.sum(axis=1), true[-1]
        if positives == 0:
            return np.full(len(shares), np.nan), np.full(len(shares), np.nan)
        return hits.sum(axis=1) / positives, hits.sum(axis=1) / visited

    def estimate_chances(self, share: float) -> FloatArray:
        """Estimate the probability that each row is visited at a capacity, shape (n,), in the original order.

        >>> VisitList.from_scores([2, 2, 1, 1], [0] * 4, [1, 0, 0, 0]).estimate_chances(0.25).tolist()
        [0.5, 0.5, 0.0, 0.0]
        """
        ends = np.append(self.starts[1:], len(self.order))
        size = ends - self.starts
        date = np.repeat(np.arange(len(self.dates) - 1), np.diff(self.dates))
        first = self.starts[self.dates[:-1]]
        rows = np.append(first[1:], len(self.order)) - first
        budget = np.array([count_visits(share, n) for n in rows.tolist()], dtype=np.float64)
        left = budget[date] - (self.starts - first[date])
        chance = np.empty(len(self.order))
        chance[self.order] = np.repeat(np.clip(left / size, 0.0, 1.0), size)
        return chance
