"""Folds for choosing the model's complexity and weights, each with rows to fit on and rows to predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import subtract_months

IntArray = NDArray[np.int64]

FEWEST_POSITIVES = 25
"""Minimum number of positives on each side of a fold by later period; with fewer, the fold would show nothing."""

MOST_PERIODS = 3
MOST_ROWS = 80_000
"""Maximum number of rows on each side of a fold; a sample is enough to choose the complexity, and faster."""


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to predict.

    Parameters
    ----------
    fit, judge : arrays of int
        Positions in the training rows; unless ``later``, no household is on both sides.
    later : bool
        Whether the predicted rows are from a later period, which begins once all horizons of the fitted rows are over.
    """

    fit: IntArray
    judge: IntArray
    later: bool


def plan_folds(
    y: NDArray[np.float64],
    household: IntArray,
    as_of: NDArray[np.int32],
    horizon: int,
    seed: int,
    whole: NDArray[np.bool_] | None = None,
) -> list[Fold]:
    """Plan folds by household and by later period.

    Parameters
    ----------
    y : array of 0 and 1, shape (n,)
    household : array of int, shape (n,)
    as_of : array of int32 day, shape (n,)
    horizon : int
        Months over which the outcome was observed.
    seed : int
    whole : array of bool, shape (n,), optional
        Rows of which the whole horizon is known; the others are fitted in folds by household and never predicted.

    Returns
    -------
    list of Fold
        The folds by household come first: four for up to 20,000 rows, three for up to 60,000, otherwise one in which a
        third of the households are predicted. The folds by later period follow, the earliest first. If one side of a
        fold has more than 80,000 rows, a sample of its households is used.

    Notes
    -----
    A later period t is predicted by parts fitted on the as-of dates with as_of + horizon <= t, so that no fitted label
    was decided after t (purging, López de Prado 2018, ch. 7). Periods are merged into at most three groups, each purged
    for its earliest period. A group is left out if it, or the rows fitted for it, have too few positives.
    """
    rng = np.random.default_rng(seed)
    whole = np.ones(len(y), bool) if whole is None else whole
    folds = [*_split_by_household(household, whole, rng), *_split_by_period(y, as_of, horizon, whole)]
    thin = [
        Fold(_sample_households(f.fit, household, rng), _sample_households(f.judge, household, rng), f.later)
        for f in folds
    ]
    return [fold for fold in thin if len(fold.judge) and 0 < y[fold.fit].sum() < len(fold.fit)]


def _split_by_household(household: IntArray, whole: NDArray[np.bool_], rng: np.random.Generator) -> list[Fold]:
    rows = len(household)
    parts, used = (4, 4) if rows <= 20_000 else (3, 3) if rows <= 60_000 else (3, 1)
    groups, position = np.unique(household, return_inverse=True)
    part = (rng.permutation(len(groups)) % parts)[position]
    return [Fold(np.flatnonzero(part != k), np.flatnonzero((part == k) & whole), later=False) for k in range(used)]


def _split_by_period(
    y: NDArray[np.float64], as_of: NDArray[np.int32], horizon: int, whole: NDArray[np.bool_]
) -> list[Fold]:
    days = np.unique(as_of[whole])
    later = [int(day) for day in days if subtract_months(int(day), horizon) >= days[0]]
    folds = []
    for group in np.array_split(np.array(later, np.int32), min(MOST_PERIODS, max(len(later), 1))):
        if not len(group):
            continue
        fit = np.flatnonzero(whole & (as_of <= subtract_months(int(group[0]), horizon)))
        judge = np.flatnonzero(whole & np.isin(as_of, group))
        if min(y[fit].sum(), y[judge].sum(), len(fit) - y[fit].sum()) >= FEWEST_POSITIVES:
            folds.append(Fold(fit, judge, later=True))
    return folds


def _sample_households(rows: IntArray, household: IntArray, rng: np.random.Generator) -> IntArray:
    """Draw households at random until their rows reach the limit, and return those rows in order."""
    if len(rows) <= MOST_ROWS:
        return rows
    _, position, size = np.unique(household[rows], return_inverse=True, return_counts=True)
    order = rng.permutation(len(size))
    chosen = np.zeros(len(size), bool)
    chosen[order[np.cumsum(size[order]) <= MOST_ROWS]] = True
    return rows[chosen[position]]


def count_overlap(as_of: NDArray[np.int32], horizon: int) -> float:
    """Count the as-of dates whose horizons cover the same month, on average; the inverse is the weight of a row.

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
    """Count the independent periods: one, plus one for each full horizon between the first and the last as-of date.

    The count is at most the number of as-of dates, since years without a survey add no evidence.

    >>> count_spans(np.array([0, 89, 180, 272, 364], np.int32), 12), count_spans(np.array([5], np.int32), 12)
    (2, 1)
    >>> count_spans(np.array([0, 3653], np.int32), 12)  # two dates, ten years apart
    2
    """
    return min(1 + _to_months(float(as_of.max() - as_of.min())) // horizon, len(np.unique(as_of)))


def _to_months(days: float) -> int:
    return round(days / (365.25 / 12))
