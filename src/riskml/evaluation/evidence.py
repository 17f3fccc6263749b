"""Evidence for the checks that needs the features: single-feature strength, drift and monotonicity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from riskml.evaluation.checks.base import MonotoneProbe
from riskml.evaluation.predictions import BoolArray, FloatArray
from riskml.evaluation.ranking import Ranking
from riskml.features.matrix import FeatureMatrix

__all__ = ["measure_feature_auc", "measure_stability", "probe_monotonicity"]

_BINS = 10


def measure_feature_auc(matrix: FeatureMatrix, positive: BoolArray) -> dict[str, float]:
    """Area under the ROC curve of every quantity by itself, over the rows in which it is known.

    Parameters
    ----------
    matrix : FeatureMatrix
        n rows.
    positive : array of bool, shape (n,)

    Returns
    -------
    dict of str to float
        Features that hold one class only are left out, and so are categories, which have no order.
    """
    found = {}
    for i, column in enumerate(matrix.columns):
        known = ~np.isnan(matrix.values[:, i])
        auc, _ = Ranking.from_scores(matrix.values[known, i], positive[known]).measure()
        if not column.categorical and not np.isnan(auc):
            found[column.name] = auc
    return found


def measure_stability(train: FeatureMatrix, test: FeatureMatrix) -> dict[str, float]:
    """Population stability index of every feature between training and test rows.

    Parameters
    ----------
    train, test : FeatureMatrix
        Of the same schema.

    Returns
    -------
    dict of str to float
        0 for equal distributions; missing values are a bin of their own. Empty without rows on both sides.

    Notes
    -----
    Sum over bins of (share in test - share in training) × log of their ratio, over the ten quantile bins of the
    training rows, or the levels of a category; half a row is added to every bin so that an empty one is finite.

    References
    ----------
    Yurdakul (2018), Statistical properties of the population stability index, Western Michigan University.
    """
    if not len(train) or not len(test):
        return {}
    test = test.recode(train.columns, train.levels)
    found = {}
    for i, column in enumerate(train.columns):
        before, after = train.values[:, i], test.values[:, i]
        known = before[~np.isnan(before)]
        if column.categorical:
            edges = np.arange(1.0, len(train.levels[column.name]))
        else:
            edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
        shares = [_count_shares(values, edges) for values in (before, after)]
        found[column.name] = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    return found


def _count_shares(values: FloatArray, edges: FloatArray) -> FloatArray:
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    counts = np.bincount(bins, minlength=len(edges) + 2) + 0.5
    return np.asarray(counts / counts.sum())


def probe_monotonicity(
    margin: Callable[[FeatureMatrix], FloatArray], matrix: FeatureMatrix, rows: int = 40, steps: int = 16
) -> list[MonotoneProbe]:
    """Raise every feature with a demanded direction over its range and watch the margin.

    Parameters
    ----------
    margin : callable
        Margin of every row of a feature matrix, shape (n,).
    matrix : FeatureMatrix
        Rows to sample from.
    rows : int, default 40
        Rows sampled evenly over the matrix, so that the same rows are probed every time.
    steps : int, default 16
        Quantiles of the feature's known values at which the margin is taken.

    Returns
    -------
    list of MonotoneProbe
        One for each feature with a direction that takes at least two values.
    """
    if not len(matrix):
        return []
    sample = matrix.take(np.unique(np.linspace(0, len(matrix) - 1, min(rows, len(matrix))).astype(np.int64)))
    found = []
    for i, column in enumerate(matrix.columns):
        known = matrix.values[~np.isnan(matrix.values[:, i]), i]
        if not column.direction or not len(known) or known.min() == known.max():
            continue
        grid = np.unique(np.quantile(known, np.linspace(0, 1, steps)))
        repeated = sample.take(np.repeat(np.arange(len(sample)), len(grid)))
        values = repeated.values.copy()
        values[:, i] = np.tile(grid, len(sample))
        moves = np.diff(margin(replace(repeated, values=values)).reshape(len(sample), len(grid)), axis=1)
        worst = float(np.maximum(0.0, (-int(column.direction) * moves).max()))  # a NaN stays one, and is found
        found.append(MonotoneProbe(column.name, int(column.direction), worst))
    return found
