"""Assess calibration: whether, of 100 households with a probability of N %, about N fall."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from riskml.evaluation.numbers import Z95
from riskml.evaluation.predictions import FloatArray, IntArray, Prediction, TestRows

BINS = 10
_EDGE = 1e-9
_CONVERGED = 1e-6


def assess_calibration(rows: TestRows, prediction: Prediction) -> dict[str, Any]:
    """Compare probabilities with outcomes.

    Parameters
    ----------
    rows : TestRows, not empty
    prediction : Prediction

    Returns
    -------
    dict
        - ``slope`` and ``intercept`` of the logistic regression of the label on the logit of the probability: 1 and 0
          if calibrated; None if all probabilities are equal, if the labels are separated or all the same, or if the fit
          does not converge.
        - ``bins``: at most ten bins of about equal size, each with its mean probability ``p``, the share ``observed``
          of rows that fell, and its number of rows ``n``; ``ece``: the mean distance between ``observed`` and ``p``.
        - ``mean_probability``, ``observed_rate`` and ``observed_over_expected``.
        - ``slope_ci``, ``intercept_ci`` and ``observed_over_expected_ci``: 95 % intervals by the sandwich formula, with
          households as clusters.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression, doi:10.1093/biomet/45.3-4.562.
    Van Calster et al. (2019), Calibration: the Achilles heel, doi:10.1186/s12916-019-1466-7.
    """
    probability, label = prediction.probability, rows.positive.astype(np.float64)
    bins = assign_bins(probability)
    n = np.bincount(bins)
    mean, share = np.bincount(bins, probability) / n, np.bincount(bins, label) / n
    expected = float(probability.sum())
    optional = ("slope", "intercept", "observed_over_expected")
    result: dict[str, Any] = {
        **dict.fromkeys(optional),
        **dict.fromkeys(f"{name}_ci" for name in optional),
        "ece": float((n * np.abs(share - mean)).sum() / n.sum()),
        "mean_probability": expected / len(rows),
        "observed_rate": float(label.mean()),
        "bins": [
            {"p": float(p), "observed": float(observed), "n": int(size)}
            for p, observed, size in zip(mean, share, n, strict=True)
        ],
    }
    _, cluster = np.unique(rows.household, return_inverse=True)
    if expected > 0:
        spread = Z95 * float(np.sqrt((np.bincount(cluster, label - probability) ** 2).sum()))
        observed_total = float(label.sum())
        result["observed_over_expected"] = observed_total / expected
        result["observed_over_expected_ci"] = [
            max(0.0, observed_total - spread) / expected,
            (observed_total + spread) / expected,
        ]
    for name, (estimate, error) in _recalibrate(probability, label, cluster).items():
        result |= {name: estimate, f"{name}_ci": [estimate - Z95 * error, estimate + Z95 * error]}
    return result


def assign_bins(probability: FloatArray, bins: int = BINS) -> IntArray:
    """Assign rows to at most ``bins`` bins of about equal size; rows with equal probabilities share a bin.

    Parameters
    ----------
    probability : array of float, shape (n,)
    bins : int, default 10

    Returns
    -------
    array of int64, shape (n,)
        Bin number of each row; the numbers have no gaps, and bin 0 has the lowest probabilities.

    >>> assign_bins(np.array([0.4, 0.1, 0.2, 0.3]), bins=2).tolist()
    [1, 0, 0, 1]
    >>> assign_bins(np.full(5, 0.2)).tolist()
    [0, 0, 0, 0, 0]
    """
    _, position, count = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    bin_of_value = np.minimum(bins - 1, np.floor(bins * middle / len(probability)))
    return np.asarray(np.unique(bin_of_value[position], return_inverse=True)[1], dtype=np.int64)


def _recalibrate(probability: FloatArray, label: FloatArray, cluster: IntArray) -> dict[str, tuple[float, float]]:
    """Regress the label on logit(probability).

    Return the intercept and the slope with their clustered standard errors, or an empty dictionary if the fit fails.
    """
    bounded = np.clip(probability, _EDGE, 1 - _EDGE)
    logit = np.log(bounded) - np.log1p(-bounded)
    if label.min() == label.max() or np.ptp(logit) < _EDGE or _are_separated(logit, label):
        return {}
    from sklearn.linear_model import LogisticRegression  # slow to import, and a service evaluates nothing

    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=200)
    with warnings.catch_warnings():
        # The gradient computed below shows whether the fit has converged.
        warnings.simplefilter("ignore")
        model.fit(logit[:, None], label)
    fitted = model.predict_proba(logit[:, None])[:, 1]
    design = np.column_stack([np.ones_like(logit), logit])
    score = design * (label - fitted)[:, None]
    information = (design * (fitted * (1 - fitted))[:, None]).T @ design
    if np.abs(score.mean(axis=0)).max() > _CONVERGED or np.linalg.cond(information) > 1 / _EDGE:
        return {}
    clustered = np.column_stack([np.bincount(cluster, score[:, j]) for j in range(2)])
    inverse = np.linalg.inv(information)
    error = np.sqrt(np.diag(inverse @ (clustered.T @ clustered) @ inverse))
    return {
        "intercept": (float(model.intercept_[0]), float(error[0])),
        "slope": (float(model.coef_[0, 0]), float(error[1])),
    }


def _are_separated(logit: FloatArray, label: FloatArray) -> bool:
    """Return whether a threshold separates the classes, so that no finite slope is optimal."""
    positive, negative = logit[label == 1], logit[label == 0]
    return bool(positive.min() >= negative.max() or positive.max() <= negative.min())
