"""Which rows a part is fitted on and which it is judged on, when complexity and weights are chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.calendar import months_before

__all__ = ["Fold", "folds_of", "overlap"]

IntArray = NDArray[np.int64]

FEWEST_POSITIVES = 25
"""A part fitted on fewer is no evidence of how it behaves later."""


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to judge on.

    Parameters
    ----------
    fit, judge : arrays of int
        Positions in the training rows; no household of a ``later = False`` fold is on both sides.
    later : bool
        Whether the judged rows are of a later period: every fitted row's horizon has ended by then.
    """

    fit: IntArray
    judge: IntArray
    later: bool


def folds_of(
    y: NDArray[np.float64], household: IntArray, as_of: NDArray[np.int32], horizon: int, seed: int, *, parts: int
) -> list[Fold]:
    """Plan folds of households and of later periods.

    Parameters
    ----------
    y : array of 0 and 1, shape (n,)
    household : array of int, shape (n,)
    as_of : array of int32 day, shape (n,)
    horizon : int
        Months.
    seed : int
    parts : int
        Number of folds of households; 1 fits on two thirds and judges a third once.

    Returns
    -------
    list of Fold
        Folds of households, then of later periods, the earliest first.

    Notes
    -----
    A later period t is judged by parts fitted on the as_ofs with as_of + horizon <= t, so that no fitted label was
    decided after t (López de Prado 2018, ch. 7, calls it purging). Periods whose past holds too few positives are
    left out.
    """
    return [*_by_household(household, seed, parts), *_by_period(y, as_of, horizon)]


def _by_household(household: IntArray, seed: int, parts: int) -> list[Fold]:
    groups, place = np.unique(household, return_inverse=True)
    count = max(parts, 3)
    drawn = np.random.default_rng(seed).permutation(len(groups)) % count
    part = drawn[place]
    return [Fold(np.flatnonzero(part != k), np.flatnonzero(part == k), later=False) for k in range(parts)]


def _by_period(y: NDArray[np.float64], as_of: NDArray[np.int32], horizon: int) -> list[Fold]:
    found: dict[int, list[int]] = {}
    days = [int(day) for day in np.unique(as_of)]
    for day in days:
        past = [d for d in days if d <= months_before(day, horizon)]
        if past:
            found.setdefault(past[-1], []).append(day)
    folds = []
    for last, judged in found.items():
        fit = np.flatnonzero(as_of <= last)
        judge = np.flatnonzero(np.isin(as_of, judged))
        if min(y[fit].sum(), y[judge].sum(), len(fit) - y[fit].sum()) >= FEWEST_POSITIVES:
            folds.append(Fold(fit, judge, later=True))
    return folds


def overlap(as_of: NDArray[np.int32], horizon: int) -> float:
    """Mean number of as_ofs whose horizons cover the same months; rows count one over it when evidence is weighed.

    >>> quarterly = np.array([0, 89, 180, 272], np.int32)  # ends of quarters
    >>> overlap(quarterly, 12), overlap(quarterly[:1], 12)
    (4.0, 1.0)
    """
    days = np.unique(as_of)
    if len(days) < 2:
        return 1.0
    step = float(np.median(np.diff(days))) / (365.25 / 12)
    return float(np.clip(horizon / max(round(step), 1), 1.0, len(days)))
