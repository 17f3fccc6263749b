"""Two models on the same test rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from riskml.errors import UsageError, shorten_list
from riskml.evaluation import Prediction, evaluate
from riskml.model import Bundle
from riskml.policy import Policy
from riskml.progress import Progress, Silent
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.splits import Settings, grid, origins
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import holdout_rows, label_rows, predict_all

__all__ = ["compare_on", "compare_stored"]


def compare_stored(one: Bundle, other: Bundle) -> dict[str, Any]:
    """Put the figures that two bundles carry beside one another.

    Returns
    -------
    dict
        Like ``evaluation.json``, the models named after the bundles' versions, the baselines those of the first.

    Raises
    ------
    UsageError
        If the bundles were not evaluated on the same test rows.
    """
    differing = one.find_differences(other)
    if differing:
        raise UsageError(
            f"The bundles were tested on different rows ({shorten_list(differing)} differ) and cannot be compared.",
            "Name the records with --records: both models are then scored on the test rows of the first.",
        )
    rest = {name: figures for name, figures in one.evaluation["models"].items() if name != "riskml"}
    figures = {_name(one): one.evaluation["models"]["riskml"], _name(other): other.evaluation["models"]["riskml"]}
    return {**one.evaluation, "models": {**figures, **rest}}


def compare_on(
    records: Records, one: Bundle, other: Bundle, policy: Policy, progress: Progress | None = None
) -> dict[str, Any]:
    """Score two models on the test rows that the first bundle's split names, taken from these records.

    Returns
    -------
    dict
        Like ``evaluation.json``; ``ap_difference`` holds the first model's average precision less each other's, with
        intervals over the same resamples.
    """
    progress = progress or Silent()
    settings = replace(Settings(**one.settings), test_from=to_day(one.manifest["split"]["test_from"]), origins=1)
    [origin] = origins(grid(records, settings), settings)
    cohort = collect_cohort(records, origin.test, settings, policy, progress)
    found = label_rows(records, cohort, origin.test, settings, None, "compare on")
    rows = holdout_rows(records, found, settings, policy, progress)
    progress.stage("comparison")
    opinions = predict_all(one.blend, one.baselines, found)
    first, second = _name(one), _name(other)
    features = found.rows.features
    models = {
        first: opinions.pop("riskml"),
        second: Prediction(other.predict_margin(features), other.predict_probability(features)),
        **opinions,
    }
    return evaluate(rows, models, capacity=policy.visit_capacity, model=first)


def _name(bundle: Bundle) -> str:
    return bundle.model_version
