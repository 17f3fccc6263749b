"""Aggregates of the training rows, stored with the model so that drift can be detected later."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskml.features.matrix import FeatureMatrix
from riskml.model.golden import round_significant
from riskml.model.schema import FloatArray

FEWEST_ROWS = 20


def build_reference(X: FeatureMatrix, probability: FloatArray) -> dict[str, Any]:
    """Describe the distribution of every feature and of the probability.

    Parameters
    ----------
    X : FeatureMatrix
        Training rows.
    probability : array, shape (n,)
        The model's probability for each row.

    Returns
    -------
    dict
        ``n``, the number of rows; ``probability``, its deciles; ``features``, for each name the share of missing values
        and either the deciles of a numeric feature or the share of each level of a category.

    Notes
    -----
    Deciles are interpolated and rounded to three digits, and levels with fewer than 20 rows are left out, so that
    nothing is revealed about any individual household.
    """
    features: dict[str, Any] = {}
    for j, column in enumerate(X.columns):
        x = X.values[:, j]
        entry: dict[str, Any] = {"missing": float(np.mean(np.isnan(x))) if len(x) else 1.0}
        if column.categorical:
            entry["shares"] = _compute_shares(x[~np.isnan(x)], X.levels[column.name], len(x))
        else:
            entry["deciles"] = _compute_deciles(x)
        features[column.name] = entry
    return {"n": len(X), "probability": _compute_deciles(probability), "features": features}


def _compute_deciles(x: FloatArray) -> list[float]:
    """Compute the deciles from 10 % to 90 %; return an empty list if fewer than 20 values are known."""
    known = x[np.isfinite(x)]
    if len(known) < FEWEST_ROWS:
        return []
    deciles: list[float] = round_significant(np.quantile(known, np.linspace(0.1, 0.9, 9))).tolist()
    return deciles


def _compute_shares(codes: FloatArray, levels: tuple[str, ...], n: int) -> dict[str, float]:
    rows = np.bincount(codes.astype(np.int64), minlength=len(levels))
    return {level: float(k / n) for level, k in zip(levels, rows, strict=True) if k >= FEWEST_ROWS}
