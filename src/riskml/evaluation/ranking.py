"""Measure the quality of a ranking with ties and weights: area under the ROC curve and average precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from riskml.evaluation.predictions import FloatArray, IntArray


def find_ties(*keys: ArrayLike) -> IntArray:
    """Find where each group of equal rows starts in sorted rows.

    Parameters
    ----------
    *keys : array, shape (n,)
        Sorted keys; two rows are equal if all their keys are equal.

    Returns
    -------
    array of int64, shape (groups,)

    >>> find_ties([5.0, 5.0, 3.0, 1.0]).tolist()
    [0, 2, 3]
    """
    columns = [np.asarray(key) for key in keys]
    first = np.ones(len(columns[0]), dtype=np.bool_)
    if len(first):
        first[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.flatnonzero(first)


@dataclass(frozen=True)
class SortedRows:
    """Rows sorted once, the riskiest first, so that they can be measured with any weights.

    Parameters
    ----------
    order : array of int64, shape (n,)
        Row at each position.
    positive : array of float, shape (n,)
        1 if the row at that position fell.
    starts : array of int64, shape (groups,)
        First position of each group of equal rows.
    """

    order: IntArray
    positive: FloatArray
    starts: IntArray

    def sum_groups(self, weight: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        """Sum the rows and the falls of each group, shape (groups,) each; without weights, each row counts once."""
        rows = np.ones(len(self.order)) if weight is None else weight[self.order]
        fallen = rows * self.positive
        if len(self.starts) < len(self.order):
            rows, fallen = np.add.reduceat(rows, self.starts), np.add.reduceat(fallen, self.starts)
        return rows, fallen


class Ranking(SortedRows):
    """Rows sorted by score; rows with equal scores form a group."""

    @classmethod
    def from_scores(cls, score: ArrayLike, positive: ArrayLike) -> Ranking:
        """Sort rows by score, the highest first."""
        score = np.asarray(score, dtype=np.float64)
        order = np.argsort(-score, kind="stable")
        return cls(order, np.asarray(positive, dtype=np.float64)[order], find_ties(score[order]))

    def measure(self, weight: FloatArray | None = None) -> tuple[float, float]:
        """Measure the area under the ROC curve and the average precision.

        Parameters
        ----------
        weight : array of float, shape (n,), optional
            How often each row counts; an integer weight is the same as that many copies of the row.

        Returns
        -------
        auc : float
            Share of pairs of a household that fell and one that did not in which the former has the higher score; a tie
            counts as half.
        ap : float
            Sum over distinct scores of (recall gained at the score) × (precision down to the score).
            Like ``auc``, it is NaN if there are no falls, or only falls.

        Notes
        -----
        A group of equal scores counts as one threshold, so neither measure depends on the order within it.

        References
        ----------
        Fawcett (2006), An introduction to ROC analysis, doi:10.1016/j.patrec.2005.10.010.
        Davis and Goadrich (2006), precision and recall are not interpolated, doi:10.1145/1143844.1143874.

        Examples
        --------
        If all scores are equal, the AUC is that of a coin toss and the average precision is the share of falls:

        >>> Ranking.from_scores([1, 1, 1, 1], [1, 0, 0, 0]).measure()
        (0.5, 0.25)
        >>> Ranking.from_scores([3, 2, 1], [0, 0, 0]).measure()
        (nan, nan)
        """
        if not len(self.starts):
            return np.nan, np.nan
        all_rows, fallen = self.sum_groups(weight)
        true, taken = np.cumsum(fallen), np.cumsum(all_rows)
        positives, negatives = true[-1], taken[-1] - true[-1]
        if positives == 0 or negatives == 0:
            return np.nan, np.nan
        # Each fall beats every non-fall further down, and half of those with the same score.
        below = negatives - (taken - true) + (all_rows - fallen) / 2
        precision = np.divide(true, taken, out=np.zeros_like(true), where=taken > 0)
        auc, ap = (fallen * below).sum() / (positives * negatives), (fallen * precision).sum() / positives
        return float(auc), float(ap)
