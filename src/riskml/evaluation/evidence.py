"""Compute evidence for the release checks: strength of individual features, drift and monotonicity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from riskml.evaluation.drift import compute_stability_index
from riskml.evaluation.predictions import BoolArray, FloatArray
from riskml.evaluation.ranking import Ranking
from riskml.features.matrix import FeatureMatrix

__all__ = ["measure_feature_auc", "measure_stability", "probe_monotonicity"]

_BINS = 10


def measure_feature_auc(matrix: FeatureMatrix, positive: BoolArray) -> dict[str, float]:
    """Measure the area under the ROC curve for each numeric feature alone, over the rows in which it is known.

    Parameters
    ----------
    matrix : FeatureMatrix
        n rows.
    positive : array of bool, shape (n,)

    Returns
    -------
    dict of str to float
        The area for each feature. Features known in only one class are left out, as are categories, which have no
        order.
    """
    aucs = {}
    for i, column in enumerate(matrix.columns):
        known = ~np.isnan(matrix.values[:, i])
        auc, _ = Ranking.from_scores(matrix.values[known, i], positive[known]).measure()
        if not column.categorical and not np.isnan(auc):
            aucs[column.name] = auc
    return aucs


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
