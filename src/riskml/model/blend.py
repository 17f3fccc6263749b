"""The model: a margin (log odds) that is the weighted sum of a linear part and a tree part, and its calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.errors import ModelError
from riskml.features.matrix import FeatureMatrix
from riskml.model.calibration import Calibration
from riskml.model.choice import (
    DEFAULT,
    ROUNDS,
    STRENGTHS,
    TREES,
    Candidates,
    Pick,
    choose,
    fit_past_income,
    predict_unseen,
)
from riskml.model.folds import Fold, count_overlap, count_spans, plan_folds
from riskml.model.linear import Linear, LinearProblem
from riskml.model.ridge import compute_log_loss
from riskml.model.schema import FloatArray, Schema
from riskml.model.trees import TreeProblem, Trees, TreeSettings


@dataclass(frozen=True)
class Weights:
    """Weights of the linear part and of the trees.

    Parameters
    ----------
    intercept, linear, trees : float
        ``margin = intercept + linear · (linear margin) + trees · (tree margin)``; ``linear`` and ``trees`` are never
        negative.
    """

    intercept: float
    linear: float
    trees: float


@dataclass(frozen=True)
class Blend:
    """A fitted model.

    Parameters
    ----------
    schema : Schema
    linear : Linear
    trees : Trees
    weights : Weights
    calibration : Calibration
    choice : dict
        The chosen complexity and the out-of-sample figures that led to it.
    """

    schema: Schema
    linear: Linear
    trees: Trees
    weights: Weights
    calibration: Calibration
    choice: dict[str, Any] = field(default_factory=dict)

    def predict_margin(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Predict the log odds before calibration, shape (n,).

        Parameters
        ----------
        X : FeatureMatrix, or array of shape (n, F) in this model's schema
            A matrix with other columns or levels is aligned first; features that it lacks count as missing.
        """
        values, w = self.align(X), self.weights
        return w.intercept + w.linear * self.linear.predict_margin(values) + w.trees * self.trees.predict_margin(values)

    def predict_probability(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Predict the calibrated probability of the outcome, shape (n,)."""
        return self.calibration.predict_probability(self.predict_margin(X))

    def align(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Align values with this model's schema, as a contiguous array of shape (n, F)."""
        values = self.schema.align(X) if isinstance(X, FeatureMatrix) else np.asarray(X, np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.schema.columns):
            raise ModelError(
                "The model takes {count} features; got an array of shape {shape}.",
                "Pass a FeatureMatrix, or an array in the model's schema.",
                count=len(self.schema.columns),
                shape=values.shape,
            )
        return np.ascontiguousarray(values)


def fit_blend(
    X: FeatureMatrix,
    y: FloatArray,
    household: NDArray[np.int64],
    as_of: NDArray[np.int32],
    horizon: int,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
    offset: FloatArray | None = None,
) -> Blend:
    """Choose the complexity and the weights out of sample, then fit both parts on all rows.

    Parameters
    ----------
    X : FeatureMatrix, n rows
    y : array of 0 and 1, shape (n,)
    household : array of int, shape (n,)
        Household of each row; in folds by household, no household is both fitted and predicted.
    as_of : array of int32 day, shape (n,)
    horizon : int
        Months over which the outcome was observed.
    seed : int, default 0
    progress : callable, optional
        Called with a short text at each stage.
    offset : array, shape (n,), optional
        Log odds by which the outcome of a row is less frequent because only a part of the horizon has passed, negative
        for such rows and 0 for the others. Complexity, weights and calibration are chosen on the others alone.

    Returns
    -------
    Blend

    Raises
    ------
    ModelError
        If there are no rows, if the lengths differ, if a label is neither 0 nor 1, or if there is only one class.
    """
    X = X.drop_repeated()
    schema = Schema.from_matrix(X)
    y = np.asarray(y, np.float64)
    _check_rows(X, y, household, as_of)
    folds = plan_folds(y, np.asarray(household), as_of, horizon, seed, None if offset is None else offset == 0)
    weight = 1.0 / count_overlap(as_of, horizon)
    pick, calibration, figures = Pick(), Calibration(), {}
    if sum(y[fold.judge].sum() for fold in folds) > 0:
        unseen = predict_unseen(schema, X.values, y, household, as_of, folds, seed, weight, progress, offset)
        pick = choose(unseen, weight)
        calibration = _fit_calibration(unseen, pick, horizon, weight)
        figures = _summarize_unseen(unseen, pick, calibration, folds)
    settings = replace(TREES[pick.tree], rounds=ROUNDS[pick.stop])
    linear_weight = pick.linear + pick.past
    choice = {
        "strength": STRENGTHS[pick.strength] * weight,
        "past_income": pick.past / linear_weight if linear_weight else 0.0,
        "trees": vars(settings),
        "default": (pick.strength, pick.tree, pick.stop) == DEFAULT,
        "evidence": pick.evidence,
        "out_of_sample": figures,
        "seed": seed,
    }
    linear, trees = _fit_parts(schema, X.values, y, choice, seed, progress, offset)
    return Blend(schema, linear, trees, Weights(pick.intercept, linear_weight, pick.trees), calibration, choice)


def refit_blend(
    blend: Blend, X: FeatureMatrix, y: FloatArray, seed: int = 0, offset: FloatArray | None = None
) -> Blend:
    """Fit both parts on new rows, keeping the complexity, weights and calibration that were chosen out of sample.

    Parameters
    ----------
    blend : Blend
    X : FeatureMatrix, n rows
    y : array of 0 and 1, shape (n,)
    seed : int, default 0
    offset : array, shape (n,), optional
        As for :func:`fit_blend`.
    """
    X = X.drop_repeated()
    schema = Schema.from_matrix(X)
    linear, trees = _fit_parts(schema, X.values, y, blend.choice, seed, offset=offset)
    return replace(blend, schema=schema, linear=linear, trees=trees)


def _fit_parts(
    schema: Schema,
    values: FloatArray,
    y: FloatArray,
    choice: dict[str, Any],
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
    offset: FloatArray | None = None,
) -> tuple[Linear, Trees]:
    """Fit the linear part, which includes the part that uses past income alone, and the trees."""
    progress("fitting the linear part on all rows")
    problem = LinearProblem(schema, values, y, offset=offset)
    linear = problem.solve(choice["strength"])
    linear = linear.average(fit_past_income(problem, choice["strength"]), choice["past_income"])
    progress("fitting the trees on all rows")
    return linear, TreeProblem(schema, values, y, offset=offset).solve(TreeSettings(**choice["trees"]), seed)


def _fit_calibration(unseen: Candidates, pick: Pick, horizon: int, weight: float) -> Calibration:
    """Fit the calibration on later periods; if there are none, return one that leaves the margin unchanged."""
    rows = unseen.later
    if not rows.any():
        return Calibration()
    periods = count_spans(unseen.as_of[rows], horizon)
    return Calibration.fit(pick.predict_margin(unseen)[rows], unseen.y[rows], periods, weight)


def _summarize_unseen(unseen: Candidates, pick: Pick, calibration: Calibration, folds: list[Fold]) -> dict[str, Any]:
    """Summarize the out-of-sample results for each kind of fold: unseen households, and later periods.

    The summary has the number of folds, rows and positives, and the mean log loss of the linear part, the trees, the
    part that uses past income alone, the blend, and the calibrated blend.
    """
    margin = pick.predict_margin(unseen)
    margins = {
        "linear": unseen.linear[:, pick.strength],
        "trees": unseen.trees[:, pick.tree, pick.stop],
        "past_income": unseen.past,
        "blend": margin,
        "calibrated": calibration.shift + calibration.slope * margin,
    }
    summary: dict[str, Any] = {}
    for name, later in (("households", False), ("periods", True)):
        rows = unseen.later == later
        if rows.any():
            y = unseen.y[rows]
            summary[name] = {
                "folds": sum(fold.later == later for fold in folds),
                "rows": int(rows.sum()),
                "positives": int(y.sum()),
                "log_loss": {part: float(compute_log_loss(m[rows], y).mean()) for part, m in margins.items()},
            }
    return summary


def _check_rows(X: FeatureMatrix, y: FloatArray, household: NDArray[np.int64], as_of: NDArray[np.int32]) -> None:
    if not len(X) == len(y) == len(household) == len(as_of):
        raise ModelError(
            "Rows differ: {features} features, {labels} labels, {households} households.",
            features=len(X),
            labels=len(y),
            households=len(household),
        )
    if not len(X):
        raise ModelError("There are no training rows.", "Check the cohort and the split.")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ModelError(
            "{count} labels are neither 0 nor 1.",
            "Drop rows with missing labels.",
            count=int((~np.isin(y, (0.0, 1.0))).sum()),
        )
    if not 0 < y.sum() < len(y):
        raise ModelError.one_class(len(y))
