"""Which rows a part is fitted on and which it is judged on, when complexity and weights are chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import months_before

__all__ = ["Fold", "count_overlap", "count_spans", "plan_folds"]

IntArray = NDArray[np.int64]

FEWEST_POSITIVES = 25
"""A part fitted on fewer is no evidence of how it behaves later."""

MOST_PERIODS = 3
MOST_ROWS = 80_000
"""Complexity is told as well by a sample of households, and every fit on more takes longer."""


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


def plan_folds(
    y: NDArray[np.float64], household: IntArray, as_of: NDArray[np.int32], horizon: int, seed: int
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

    Returns
    -------
    list of Fold
        Folds of households (four up to 20,000 rows, three up to 60,000; beyond, one third is judged once), then of
        later periods, the earliest first. A side of more than 80,000 rows is a sample of its households.

    Notes
    -----
    A later period t is judged by parts fitted on the as_ofs with as_of + horizon <= t, so that no fitted label was
    decided after t (López de Prado 2018, ch. 7, calls it purging). Periods are put together into at most three
    groups, purged for the earliest of each. Groups whose past holds too few positives are left out.
    """
    rng = np.random.default_rng(seed)
    found = [*_split_by_household(household, rng), *_split_by_period(y, as_of, horizon)]
    thin = [
        Fold(_sample_households(f.fit, household, rng), _sample_households(f.judge, household, rng), f.later)
        for f in found
    ]
    return [fold for fold in thin if len(fold.judge) and 0 < y[fold.fit].sum() < len(fold.fit)]


def _split_by_household(household: IntArray, rng: np.random.Generator) -> list[Fold]:
    rows = len(household)
    parts, judged = (4, 4) if rows <= 20_000 else (3, 3) if rows <= 60_000 else (3, 1)
    groups, place = np.unique(household, return_inverse=True)
    part = (rng.permutation(len(groups)) % parts)[place]
    return [Fold(np.flatnonzero(part != k), np.flatnonzero(part == k), later=False) for k in range(judged)]


def _split_by_period(y: NDArray[np.float64], as_of: NDArray[np.int32], horizon: int) -> list[Fold]:
    days = np.unique(as_of)
    judged = [int(day) for day in days if months_before(int(day), horizon) >= days[0]]
    folds = []
    for group in np.array_split(np.array(judged, np.int32), min(MOST_PERIODS, max(len(judged), 1))):
        if not len(group):
            continue
        fit = np.flatnonzero(as_of <= months_before(int(group[0]), horizon))
        judge = np.flatnonzero(np.isin(as_of, group))
        if min(y[fit].sum(), y[judge].sum(), len(fit) - y[fit].sum()) >= FEWEST_POSITIVES:
            folds.append(Fold(fit, judge, later=True))
    return folds


def _sample_households(rows: IntArray, household: IntArray, rng: np.random.Generator) -> IntArray:
    """Rows of as many randomly drawn households as stay below the limit, in row order."""
    if len(rows) <= MOST_ROWS:
        return rows
    _, place, size = np.unique(household[rows], return_inverse=True, return_counts=True)
    order = rng.permutation(len(size))
    chosen = np.zeros(len(size), bool)
    chosen[order[np.cumsum(size[order]) <= MOST_ROWS]] = True
    return rows[chosen[place]]


def count_overlap(as_of: NDArray[np.int32], horizon: int) -> float:
    """Mean number of as_ofs whose horizons cover the same months; rows count one over it when evidence is weighed.

    >>> quarterly = np.array([0, 89, 180, 272], np.int32)  # ends of quarters
    >>> count_overlap(quarterly, 12), count_overlap(quarterly[:1], 12)
    (4.0, 1.0)
    """
    days = np.unique(as_of)
    if len(days) < 2:
        return 1.0
    step = _to_months(float(np.median(np.diff(days))))
    return float(np.clip(horizon / max(step, 1), 1.0, len(days)))


def count_spans(as_of: NDArray[np.int32], horizon: int) -> int:
    """Count the horizons that fit one after the other into the as_ofs: periods that tell of different times.

    >>> count_spans(np.array([0, 89, 180, 272, 364], np.int32), 12), count_spans(np.array([5], np.int32), 12)
    (2, 1)
    """
    return 1 + _to_months(float(as_of.max() - as_of.min())) // horizon


def _to_months(days: float) -> int:
    return round(days / (365.25 / 12))
