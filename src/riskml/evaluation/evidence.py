"""Compute evidence for the release checks: strength of features and attributes alone, drift and monotonicity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from riskml.evaluation.drift import compute_stability_index
from riskml.evaluation.predictions import BoolArray, FloatArray, IntArray
from riskml.evaluation.ranking import Ranking
from riskml.features.matrix import FeatureMatrix

_BINS = 10
_FEWEST_HOUSEHOLDS = 10
"""Minimum number of households that fell, and of households that did not, for a feature to be measured alone."""

_PRIOR_ROWS = 20
"""Number of rows with the mean share of falls added to each group of values, so that small groups do not stand out."""


def measure_feature_auc(matrix: FeatureMatrix, positive: BoolArray, household: IntArray) -> dict[str, float]:
    """Bound the area under the ROC curve for each numeric feature alone, over the rows in which it is known.

    Parameters
    ----------
    matrix : FeatureMatrix
        n rows.
    positive : array of bool, shape (n,)
    household : array of int, shape (n,)
        Household of each row.

    Returns
    -------
    dict of str to float
        For each feature, the end of the 95 % confidence interval of the area that is nearer to .5, or .5 if the
        interval contains it. Left out are features known for fewer than ten households that fell or fewer than ten
        that did not, which may separate them by chance, and categories, which have no order (see
        :func:`measure_attributes`).

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, doi:10.1148/radiology.143.1.7063747.
    """
    aucs = {}
    for i, column in enumerate(matrix.columns):
        if column.categorical:
            continue
        known = ~np.isnan(matrix.values[:, i])
        # The rows of one household are alike, so households are counted.
        falls, others = (len(np.unique(household[known & rows])) for rows in (positive, ~positive))
        if min(falls, others) < _FEWEST_HOUSEHOLDS:
            continue
        auc, _ = Ranking.from_scores(matrix.values[known, i], positive[known]).measure()
        margin = 1.96 * _compute_standard_error(max(auc, 1 - auc), falls, others)
        aucs[column.name] = max(auc - margin, 0.5) if auc >= 0.5 else min(auc + margin, 0.5)
    return aucs


def _compute_standard_error(auc: float, falls: int, others: int) -> float:
    """Compute the standard error of an area under the ROC curve by the formula of Hanley and McNeil."""
    two_falls, two_others = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    variance = auc * (1 - auc) + (falls - 1) * two_falls + (others - 1) * two_others
    return float(np.sqrt(max(variance, 0.0) / (falls * others)))


def measure_attributes(
    matrix: FeatureMatrix, positive: BoolArray, household: IntArray, recording: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Measure how well each attribute of the households, a number or a category, ranks the falls by itself.

    Parameters
    ----------
    matrix : FeatureMatrix
        n test rows.
    positive : array of bool, shape (n,)
    household : array of int, shape (n,)
        Household of each row.
    recording : dict of str to str
        How each attribute of the households was recorded.

    Returns
    -------
    dict of str to dict
        For each feature that is an attribute or its change: ``auc``, ``ap`` and ``recording``.

    Notes
    -----
    Values form groups: the levels of a category or the tenths of a number, and missing values. A row's score is the
    share of falls in its group among the other half of the households, so that a category with many levels does
    not seem strong by chance.
    """
    names = {f"attribute_{name}{end}": how for name, how in recording.items() for end in ("_change", "")}
    strength = {}
    for i, column in enumerate(matrix.columns):
        if column.name in names:
            score = _score_groups(_group_values(matrix.values[:, i], column.categorical), positive, household % 2)
            auc, ap = Ranking.from_scores(score, positive).measure()
            if not np.isnan(auc):
                strength[column.name] = {"auc": auc, "ap": ap, "recording": names[column.name]}
    return strength


def _group_values(values: FloatArray, categorical: bool) -> IntArray:
    """Number the groups of values from 0, which stands for missing values."""
    known = values[~np.isnan(values)]
    groups = values
    if not categorical and len(known):
        edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))
        # The sum of both sides separates values that equal an edge, such as those of a flag that is nearly always 0.
        groups = (np.searchsorted(edges, values) + np.searchsorted(edges, values, side="right")).astype(np.float64)
    return np.where(np.isnan(values), 0, groups + 1).astype(np.int64)


def _score_groups(group: IntArray, positive: BoolArray, half: IntArray) -> FloatArray:
    """Score every row with the share of falls in its group among the rows of the other half."""
    score, groups = np.zeros(len(group)), int(group.max(initial=0)) + 1
    for rows, others in ((half == 0, half == 1), (half == 1, half == 0)):
        mean = positive[others].mean() if others.any() else 0.0
        falls = np.bincount(group[others], weights=positive[others], minlength=groups) + _PRIOR_ROWS * mean
        score[rows] = (falls / (np.bincount(group[others], minlength=groups) + _PRIOR_ROWS))[group[rows]]
    return score


def measure_stability(train: FeatureMatrix, test: FeatureMatrix) -> dict[str, float]:
    """Measure the population stability index of every feature between training and test rows.

    Parameters
    ----------
    train, test : FeatureMatrix
        Rows with the same schema.

    Returns
    -------
    dict of str to float
        The index for each feature, which is 0 for equal distributions; missing values form a separate bin. The result
        is empty unless there are both training and test rows.

    Notes
    -----
    The index is the sum over bins of (share in test - share in training) × log(share in test / share in training). The
    bins are the ten quantile bins of the training rows, or the levels of a category.

    References
    ----------
    Yurdakul (2018), Statistical properties of the population stability index, Western Michigan University.
    """
    if not len(train) or not len(test):
        return {}
    test = test.recode(train.columns, train.levels)
    indices = {}
    for i, column in enumerate(train.columns):
        before, after = train.values[:, i], test.values[:, i]
        known = before[~np.isnan(before)]
        if column.categorical:
            edges = np.arange(1.0, len(train.levels[column.name]))
        else:
            edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
        indices[column.name] = compute_stability_index(_count_bins(before, edges), _count_bins(after, edges))
    return indices


def _count_bins(values: FloatArray, edges: FloatArray) -> FloatArray:
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)


def probe_monotonicity(
    margin: Callable[[FeatureMatrix], FloatArray], matrix: FeatureMatrix, rows: int = 40, steps: int = 16
) -> list[dict[str, Any]]:
    """Raise every feature with a required direction over its range and record how the margin moves.

    Parameters
    ----------
    margin : callable
        Function that predicts the margin for every row of a feature matrix, shape (n,).
    matrix : FeatureMatrix
        Rows to sample from.
    rows : int, default 40
        Number of rows; they are spread evenly over the matrix, so that the same rows are probed every time.
    steps : int, default 16
        Number of quantiles of the known values at which the margin is evaluated.

    Returns
    -------
    list of dict
        One entry for each feature with a required direction and at least two values: its name ``feature``; its
        ``direction``, 1 if a higher value may only raise the risk, -1 if it may only lower it; and ``worst``, the
        largest move of the margin against that direction, or 0 if there was none.
    """
    if not len(matrix):
        return []
    sample = matrix.take(np.unique(np.linspace(0, len(matrix) - 1, min(rows, len(matrix))).astype(np.int64)))
    probes = []
    for i, column in enumerate(matrix.columns):
        known = matrix.values[~np.isnan(matrix.values[:, i]), i]
        if not column.direction or not len(known) or known.min() == known.max():
            continue
        grid = np.unique(np.quantile(known, np.linspace(0, 1, steps)))
        repeated = sample.take(np.repeat(np.arange(len(sample)), len(grid)))
        values = repeated.values.copy()
        values[:, i] = np.tile(grid, len(sample))
        moves = np.diff(margin(replace(repeated, values=values)).reshape(len(sample), len(grid)), axis=1)
        worst = float(np.maximum(0.0, (-int(column.direction) * moves).max()))  # NaN stays NaN, for the check to report
        probes.append({"feature": column.name, "direction": int(column.direction), "worst": worst})
    return probes
