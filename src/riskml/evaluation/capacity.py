"""Visits: who is on the list when a share of the households can be visited, and whom the list finds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from riskml.evaluation.predictions import BoolArray, FloatArray, IntArray
from riskml.evaluation.ranking import find_ties

__all__ = ["VisitList", "count_visits", "mark_visits"]

_ROUNDING = 1e-9


def count_visits(share: float, n: int) -> int:
    """Households that can be visited out of ``n``: ``share × n``, rounded up.

    >>> count_visits(0.1, 11)
    2

    A product that is whole but for floating point is whole (0.07 × 100 is 7.000000000000001):

    >>> count_visits(0.07, 100)
    7
    """
    return math.ceil(share * n - _ROUNDING)


def mark_visits(score: ArrayLike, as_of: ArrayLike, household_code: ArrayLike, share: float) -> BoolArray:
    """Mark the households on the visit list of each as_of: the riskiest share, ties by household code.

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
    score, as_of = np.asarray(score), np.asarray(as_of)
    order = np.lexsort((np.asarray(household_code), -score, as_of))
    listed = np.zeros(len(score), dtype=np.bool_)
    bounds = np.append(find_ties(as_of[order]), len(order))
    for start, end in pairwise(bounds.tolist()):
        listed[order[start : start + count_visits(share, end - start)]] = True
    return listed


@dataclass(frozen=True)
class VisitList:
    """Rows sorted once by as_of and risk, measured at any capacity under any weights.

    Where capacity ends within a group of equal scores, every row of the group is visited with the same
    probability, so figures are expectations over the order of ties.

    Parameters
    ----------
    order : array of int64, shape (n,)
        Row at each place.
    positive : array of float, shape (n,)
        1 where the row at that place fell.
    starts : array of int64, shape (groups,)
        First place of each group of one as_of and one score.
    dates : array of int64, shape (dates + 1,)
        First group of each as_of, and the number of groups.
    """

    order: IntArray
    positive: FloatArray
    starts: IntArray
    dates: IntArray

    @classmethod
    def from_scores(cls, score: ArrayLike, as_of: ArrayLike, positive: ArrayLike) -> VisitList:
        """Sort rows by as_of, then by score with the highest first."""
        score, as_of = np.asarray(score, dtype=np.float64), np.asarray(as_of)
        order = np.lexsort((-score, as_of))
        starts = find_ties(as_of[order], score[order])
        dates = np.append(find_ties(as_of[order][starts]), len(starts))
        return cls(order, np.asarray(positive, dtype=np.float64)[order], starts, dates)

    def measure(self, shares: Sequence[float], weight: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Recall and precision of the visits at each capacity, pooled over the as_ofs.

        Parameters
        ----------
        shares : sequence of float
            Capacities; the visits of an as_of are the share of its rows, rounded up.
        weight : array of float, shape (n,), optional
            How often each row counts (whole numbers).

        Returns
        -------
        recall, precision : array of float, shape (len(shares),)
            NaN without a fallen row, or without rows.

        Examples
        --------
        One visit among two equal scores finds the faller half the time:

        >>> VisitList.from_scores([2, 2, 1, 1], [0] * 4, [1, 0, 0, 0]).measure([0.25])
        (array([0.5]), array([0.5]))
        """
        taken, true = self._sums(weight)
        if not len(self.starts):
            return np.full(len(shares), np.nan), np.full(len(shares), np.nan)
        first, last = self.dates[:-1], self.dates[1:]
        before, rows = taken[first], taken[last] - taken[first]
        budget = np.ceil(np.multiply.outer(shares, rows) - _ROUNDING)
        target = before + budget
        # The group in which capacity ends: the first with enough rows down to its own end.
        group = np.clip(np.searchsorted(taken[1:], target), first, last - 1)
        size = taken[group + 1] - taken[group]
        part = np.divide(target - taken[group], size, out=np.zeros_like(target), where=size > 0)
        hits = true[group] - true[first] + part * (true[group + 1] - true[group])
        visited, positives = budget.sum(axis=1), true[-1]
        if positives == 0:
            return np.full(len(shares), np.nan), np.full(len(shares), np.nan)
        return hits.sum(axis=1) / positives, hits.sum(axis=1) / visited

    def estimate_chances(self, share: float) -> FloatArray:
        """Probability of each row to be visited at a capacity, shape (n,), in the order of the rows given.

        >>> VisitList.from_scores([2, 2, 1, 1], [0] * 4, [1, 0, 0, 0]).estimate_chances(0.25).tolist()
        [0.5, 0.5, 0.0, 0.0]
        """
        ends = np.append(self.starts[1:], len(self.order))
        size = ends - self.starts
        date = np.repeat(np.arange(len(self.dates) - 1), np.diff(self.dates))
        opens = self.starts[self.dates[:-1]] if len(self.starts) else self.starts
        rows = np.append(opens[1:], len(self.order)) - opens
        budget = np.array([count_visits(share, n) for n in rows.tolist()], dtype=np.float64)
        left = budget[date] - (self.starts - opens[date])
        chance = np.empty(len(self.order))
        chance[self.order] = np.repeat(np.clip(left / size, 0.0, 1.0), size)
        return chance

    def _sums(self, weight: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        """Rows, and fallen rows, before each group and after the last, shape (groups + 1,) each."""
        rows = np.ones(len(self.order)) if weight is None else weight[self.order]
        fallen = rows * self.positive
        if len(self.starts) < len(self.order):
            rows, fallen = np.add.reduceat(rows, self.starts), np.add.reduceat(fallen, self.starts)
        return np.append(0.0, np.cumsum(rows)), np.append(0.0, np.cumsum(fallen))
