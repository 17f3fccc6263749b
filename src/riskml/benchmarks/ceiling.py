"""Measure how much of the oracle's average precision any model could reach with the features of a simulated county.

The oracle ranks households by their true probabilities. Two learners are fitted on the true probabilities of another
county, which say far more than the falls from which a model learns, and are tested on the falls of the first county.
The better of them is the ceiling: no model is expected to learn more from these features.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from riskml.arrays import Floats, Ints, Mask
from riskml.errors import UsageError
from riskml.evaluation import Prediction, evaluate
from riskml.features import FeatureMatrix
from riskml.model import Bundle
from riskml.model.linear import LinearProblem
from riskml.model.ridge import compute_log_loss, solve
from riskml.model.schema import Schema
from riskml.model.trees import TreeSettings
from riskml.policy import Policy
from riskml.progress import SILENT, Progress
from riskml.records.panel.store import Records
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import collect_holdout, find_origin, holdout_rows, predict_all
from riskml.training.oracle import join_truth

HELD_OUT = 5
"""One in this many households is held out, for early stopping and for choosing penalties and weights."""

STRENGTHS = (0.01, 0.003, 0.03, 0.1)
TREES = (
    TreeSettings(depth=5, leaves=16, min_rows=200, learning_rate=0.03),
    TreeSettings(depth=3, leaves=8, min_rows=200, learning_rate=0.03),
    TreeSettings(depth=5, leaves=31, min_rows=100, learning_rate=0.06),
)
"""The candidates that the model had when the ceiling was first measured. They stay as they are when the model's
candidates change, so that a change of the model does not move its ceiling."""

LARGE = {
    "objective": "cross_entropy",
    "learning_rate": 0.03,
    "num_leaves": 63,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.5,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "seed": 0,
    "verbosity": -1,
}
MOST_ROUNDS, PATIENCE = 3000, 50


def measure_ceiling(
    bundle: Bundle,
    records: Records,
    folder: Path,
    other: Records,
    other_folder: Path,
    policy: Policy,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Measure the precision of the bundle on its test rows, and that of learners trained on the true probabilities.

    Parameters
    ----------
    bundle : Bundle
        A model trained on ``records``.
    records, other : Records
        Two simulated counties of the same kind, from different seeds.
    folder, other_folder : Path
        Their folders, which hold the truth.
    policy : Policy
    progress : Progress, optional

    Returns
    -------
    dict
        ``models``: AUC, AP and Brier score of the bundle, its baselines, the oracle and both learners (``learner`` has
        the kinds of parts that the model has, with fixed settings; ``large_trees`` is a large LightGBM); ``ceiling``:
        the larger AP of the two learners; ``ceiling_of_oracle``, ``model_of_oracle``, ``model_of_ceiling``: average
        precision of the one as a share of the other's.

    Raises
    ------
    UsageError
        If the truth of either county does not cover the rows.
    """
    settings = bundle.settings
    holdout = collect_holdout(records, bundle, policy, "measure on", progress)
    rows = holdout_rows(records, holdout, settings, policy, progress)
    truth = _look_up(folder, rows.household_code, rows.as_of, bundle)
    if np.isnan(truth).any():
        raise UsageError(
            "The truth of {folder} lacks {missing} of the {rows} test rows.",
            folder=folder.name,
            missing=int(np.isnan(truth).sum()),
            rows=len(truth),
        )
    progress.stage("features of the other county")
    cohort = collect_cohort(other, find_origin(other, bundle)[1].test, settings, policy, progress)
    probability = _look_up(other_folder, other.household_id[cohort.household], cohort.as_of, bundle)
    known = ~np.isnan(probability)
    if known.mean() < 0.5:
        raise UsageError(
            "The truth of {folder} covers only {share:.0%} of its rows.", folder=other_folder.name, share=known.mean()
        )
    shown = _drop_categories(cohort.features.take(known)).drop_repeated()
    learners = _fit(shown, probability[known], cohort.household[known], _drop_categories(holdout.cohort.features))
    predictions = predict_all(bundle.blend, bundle.baselines, holdout)
    predictions["oracle"] = Prediction(truth, truth)
    for name, margin in learners.items():
        predictions[name] = Prediction(margin, np.asarray(expit(margin)))
    progress.stage("comparison")
    figures = evaluate(rows, predictions, capacity=policy.visit_capacity)["models"]
    ap = {name: model["ap"] for name, model in figures.items()}
    ceiling = max(ap[name] for name in learners)
    return {
        "rows": {"test": len(rows.label), "falls": int(rows.positive.sum()), "shown": int(known.sum())},
        "models": {name: {key: model[key] for key in ("auc", "ap", "brier")} for name, model in figures.items()},
        "ceiling": ceiling,
        "ceiling_of_oracle": ceiling / ap["oracle"],
        "model_of_oracle": ap["riskml"] / ap["oracle"],
        "model_of_ceiling": ap["riskml"] / ceiling,
    }


def _look_up(folder: Path, household_id: NDArray[np.str_], as_of: NDArray[np.int32], bundle: Bundle) -> Floats:
    """Look up the true probability of each row; NaN if the truth does not cover it."""
    probability = join_truth(folder, household_id, as_of, bundle.settings)
    if probability is None:
        raise UsageError(
            "{folder} has no truth for this outcome.",
            "Use two folders that `riskml simulate` wrote, and a bundle with the default outcome.",
            folder=folder.name,
        )
    return probability


def _drop_categories(X: FeatureMatrix) -> FeatureMatrix:
    """Drop the categorical columns, because two counties do not have the same regions."""
    return X.recode(tuple(column for column in X.columns if not column.categorical), {})


def _fit(X: FeatureMatrix, probability: Floats, household: Ints, test: FeatureMatrix) -> dict[str, Floats]:
    """Fit both learners, and predict the margins of the test rows."""
    schema, values = Schema.from_matrix(X), X.values
    judged = household % HELD_OUT == 0
    fitted = ~judged
    target = schema.align(test)

    linear = LinearProblem(schema, values[fitted], probability[fitted])
    lines = [linear.solve(strength) for strength in STRENGTHS]
    small = [
        {**settings.to_parameters(int(fitted.sum()), len(schema.columns), 0), "objective": "cross_entropy"}
        for settings in TREES
    ]
    monotone = {"monotone_constraints": schema.directions.tolist(), "num_threads": 2}
    trees = [_boost(values, probability, fitted, {**parameters, **monotone}) for parameters in small]
    line = max(lines, key=lambda part: _score(part.predict_margin(values[judged]), probability[judged]))
    tree = max(trees, key=lambda part: _score(part.predict(values[judged], raw_score=True), probability[judged]))
    parts = np.column_stack([line.predict_margin(values[judged]), tree.predict(values[judged], raw_score=True)])
    design = np.column_stack([parts, np.ones(len(parts))])
    weights = solve(design, probability[judged], np.array([1e-6, 1e-6, 0.0]), lower=np.array([0.0, 0.0, -np.inf]))
    margin = line.predict_margin(target) * weights[0] + tree.predict(target, raw_score=True) * weights[1] + weights[2]
    large = _boost(values, probability, fitted, LARGE).predict(target, raw_score=True)
    return {"learner": np.asarray(margin), "large_trees": np.asarray(large)}


def _boost(values: Floats, probability: Floats, fitted: Mask, parameters: dict[str, Any]) -> lgb.Booster:
    """Fit trees on the true probabilities until they no longer improve on the held-out households."""
    data = lgb.Dataset(values[fitted], probability[fitted], params=parameters)
    held_out = lgb.Dataset(values[~fitted], probability[~fitted], reference=data)
    stop = lgb.early_stopping(PATIENCE, verbose=False)
    return lgb.train(parameters, data, MOST_ROUNDS, valid_sets=[held_out], callbacks=[stop])


def _score(margin: Any, probability: Floats) -> float:
    """Return the mean log likelihood of the true probabilities."""
    return -float(compute_log_loss(np.asarray(margin), probability).mean())
