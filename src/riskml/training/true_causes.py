"""Rank the causes of falls with a classifier trained on true causes, as a yardstick for the reasons."""

from __future__ import annotations

from collections.abc import Sequence

import lightgbm as lgb
import numpy as np

from riskml.arrays import Floats

FEWEST_FALLS = 200
"""Minimum number of falls with a known true cause from which the classifier is learned."""

ROUNDS = 60
PARAMETERS = {
    "objective": "multiclass",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 10,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 0,
    "verbose": -1,
}


def rank_causes(X: Floats, causes: Sequence[str], X_test: Floats) -> list[str] | None:
    """Learn the true causes of falls from features, and rank the causes of other falls.

    In a real county, the true causes are not known, so no model can learn from them. The classifier shows how well the
    features can tell the cause at best.

    Parameters
    ----------
    X : array of float64, shape (n, F)
        Features of the training rows that fell, at their as-of dates.
    causes : sequence of str, length n
        The true cause of each fall.
    X_test : array of float64, shape (m, F)

    Returns
    -------
    list of str, length m, or None
        Cause codes joined by ``;``, the most probable first; None if there are fewer than ``FEWEST_FALLS`` training
        rows, or if all have the same cause.
    """
    codes = sorted(set(causes))
    if len(causes) < FEWEST_FALLS or len(codes) < 2:
        return None
    data = lgb.Dataset(X, [codes.index(cause) for cause in causes])
    booster = lgb.train(PARAMETERS | {"num_class": len(codes)}, data, ROUNDS)
    order = np.argsort(-np.asarray(booster.predict(X_test)), axis=1, kind="stable")
    return [";".join(codes[k] for k in row) for row in order.tolist()]
