"""Compute confidence intervals by resampling households; all rows of a household are drawn together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from riskml.evaluation.capacity import VisitList
from riskml.evaluation.predictions import FloatArray, IntArray, Prediction, TestRows
from riskml.evaluation.ranking import Ranking


def draw_household_weights(household: IntArray, resamples: int, seed: int) -> Iterator[FloatArray]:
    """Draw households with replacement and yield, for each resample, how often each row counts.

    Parameters
    ----------
    household : array of int64, shape (n,)
    resamples : int
    seed : int

    Yields
    ------
    array of float, shape (n,)
        Whole numbers, the same for all rows of a household.

    >>> for weight in draw_household_weights(np.array([7, 7, 9]), resamples=2, seed=0):
    ...     assert weight[0] == weight[1] and weight[0] + weight[2] == 2
    """
    known, code = np.unique(household, return_inverse=True)
    random = np.random.default_rng(seed)
    for _ in range(resamples):
        drawn = random.integers(0, len(known), size=len(known))
        yield np.bincount(drawn, minlength=len(known)).astype(np.float64)[code]


def resample(
    rows: TestRows, predictions: Mapping[str, Prediction], shares: Sequence[float], resamples: int, seed: int
) -> dict[str, dict[str, FloatArray]]:
    """Measure all models on the same resamples of households.

    Parameters
    ----------
    rows : TestRows
    predictions : dict of str to Prediction
    shares : sequence of float
        Visit capacities at which recall and precision are measured.
    resamples : int
    seed : int

    Returns
    -------
    dict of str to dict of str to array
        For each model, ``auc``, ``ap`` and ``brier``, each of shape (resamples,), and ``recall`` and ``precision``,
        each of shape (resamples, len(shares)). In a resample that contains only one class, ``auc`` and ``ap`` are NaN;
        in one without falls, so are ``recall`` and ``precision``. With fewer than two households, there are no
        resamples.
    """
    if len(np.unique(rows.household)) < 2:
        resamples = 0
    positive = rows.positive
    sorted_once = {
        name: (
            Ranking.from_scores(prediction.score, positive),
            VisitList.from_scores(prediction.score, rows.as_of, positive),
            (prediction.probability - positive) ** 2,
        )
        for name, prediction in predictions.items()
    }
    draws = {
        name: {
            **{measure: np.full(resamples, np.nan) for measure in ("auc", "ap", "brier")},
            **{measure: np.full((resamples, len(shares)), np.nan) for measure in ("recall", "precision")},
        }
        for name in predictions
    }
    for i, weight in enumerate(draw_household_weights(rows.household, resamples, seed)):
        for name, (ranking, visit_list, error) in sorted_once.items():
            draw = draws[name]
            draw["auc"][i], draw["ap"][i] = ranking.measure(weight)
            draw["recall"][i], draw["precision"][i] = visit_list.measure(shares, weight)
            draw["brier"][i] = (weight * error).sum() / weight.sum()
    return draws


def estimate_interval(draws: FloatArray, level: float = 0.95) -> list[float] | None:
    """Estimate the percentile interval over the resamples in which the measure is defined.

    Parameters
    ----------
    draws : array of float, shape (resamples,)
    level : float, default 0.95

    Returns
    -------
    list of two floats, or None
        The lower and upper end; None if the measure is defined in fewer than two resamples.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    >>> estimate_interval(np.array([1.0, 2.0, np.nan, 3.0]), level=0.5)
    [1.5, 2.5]
    >>> estimate_interval(np.array([np.nan, 1.0])) is None
    True
    """
    known = draws[~np.isnan(draws)]
    if len(known) < 2:
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return [float(low), float(high)]
