"""Compare two models on the same test rows."""

from __future__ import annotations

from typing import Any

from riskml.errors import UsageError
from riskml.evaluation import Prediction, evaluate
from riskml.model import Bundle
from riskml.policy import Policy
from riskml.progress import SILENT, Progress
from riskml.records.panel.store import Records
from riskml.text import shorten_list
from riskml.training.holdout import collect_holdout, holdout_rows, predict_all


def require_same_outcome(first: Bundle, second: Bundle) -> None:
    """Refuse two models that predict different outcomes.

    Raises
    ------
    UsageError
    """
    for name, one in first.settings.fall.items():
        other = second.settings.fall[name]
        if one != other:
            raise UsageError(
                "The bundles predict different outcomes ({name} is {one} and {other}) and cannot be compared.",
                "Train both with the same --window, --horizon, --outcome and --hardship.",
                name=name,
                one=one,
                other=other,
            )


def compare_stored(first: Bundle, second: Bundle) -> dict[str, Any]:
    """Compare two models, using the figures stored in their bundles.

    Returns
    -------
    dict
        A dictionary like ``evaluation.json``, in which the models are named by version and the baselines come from the
        first bundle.

    Raises
    ------
    UsageError
        If the bundles were not evaluated on the same test rows.
    """
    if differing := first.find_differences(second):
        raise UsageError(
            "The bundles were tested on different rows ({differing} differ) and cannot be compared.",
            "Give --records, so that both models are scored on the test rows of the first.",
            differing=shorten_list(differing),
        )
    models = {bundle.model_version: bundle.evaluation["models"]["riskml"] for bundle in (first, second)}
    models |= {name: figures for name, figures in first.evaluation["models"].items() if name != "riskml"}
    return {**first.evaluation, "models": models}


def compare_on(
    records: Records, first: Bundle, second: Bundle, policy: Policy, progress: Progress = SILENT
) -> dict[str, Any]:
    """Score two models on the test rows that the first bundle's split selects from these records.

    Returns
    -------
    dict
        A dictionary like ``evaluation.json``; ``auc_difference``, ``ap_difference`` and ``brier_difference`` are the
        first model's figures minus those of each other model, with intervals over the same resamples.

    Notes
    -----
    All models are measured by the outcome of the first bundle, even if the second one was trained for another outcome.
    """
    holdout = collect_holdout(records, first, policy, "compare on", progress)
    rows = holdout_rows(records, holdout, first.settings, policy, progress)
    progress.stage("comparison")
    baselines, features = predict_all(first.blend, first.baselines, holdout), holdout.cohort.features
    models = {
        first.model_version: baselines.pop("riskml"),
        second.model_version: Prediction(second.predict_margin(features), second.predict_probability(features)),
        **baselines,
    }
    return evaluate(rows, models, capacity=policy.visit_capacity, model=first.model_version)
