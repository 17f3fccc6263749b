"""Evaluate every model on the same labelled test rows; each row is a household on an as-of date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from riskml.evaluation.agreement import count_agreement, measure_lead
from riskml.evaluation.bootstrap import estimate_interval, resample
from riskml.evaluation.calibration import assess_calibration
from riskml.evaluation.capacity import VisitList, mark_visits
from riskml.evaluation.groups import audit_groups
from riskml.evaluation.numbers import null_if_nan
from riskml.evaluation.predictions import BoolArray, FloatArray, Prediction, TestRows
from riskml.evaluation.ranking import Ranking
from riskml.outcomes import FALL_KINDS

COMPARED = ("auc", "ap", "brier")
"""Measures for which the audited model is compared with every other model."""

SHARES = (0.01, 0.05, 0.10)
"""Capacities at which every model's recall and precision are reported."""

_LEADS = {"1-3": (0, 3), "4-6": (3, 6), "7-12": (6, 12)}
_TOLERANCE = 0.05
"""Months by which a lead may exceed the end of its span: a lead counted in days is not always a whole number of months,
because months differ in length. This is about 1.5 days."""

Draws = dict[str, FloatArray]


def evaluate(
    rows: TestRows,
    predictions: Mapping[str, Prediction],
    capacity: float = 0.10,
    resamples: int = 400,
    seed: int = 0,
    model: str = "riskml",
) -> dict[str, Any]:
    """Compare models on the same labelled test rows.

    Parameters
    ----------
    rows : TestRows, not empty
    predictions : dict of str to Prediction
        Predictions of every model for every row.
    capacity : float, default 0.10
        Share of the households that can be visited at each as-of date.
    resamples : int, default 400
        Number of resamples of households for the 95 % intervals, the same for all models; 0 disables the intervals.
    seed : int, default 0
    model : str, default "riskml"
        The model to audit, and to compare with each of the others.

    Returns
    -------
    dict
        These parts of ``evaluation.json``, in which an undefined figure is None, never NaN:

        - ``capacity``.
        - ``models``: for each model, ``auc``, ``ap``, ``brier``, ``recall_at`` and ``precision_at`` ("0.01", "0.05",
          "0.10"), ``lead_months`` (the mean) and ``lead_months_median`` over the falls on its visit list,
          ``visits_per_case`` at capacity, and ``ci`` with the intervals of all figures but the leads and the visits.
        - ``auc_difference``, ``ap_difference`` and ``brier_difference``: for each other model, the audited model's
          figure minus that model's, as ``value``, and its interval over the same resamples, as ``ci``.
        - ``by_lead`` ("1-3", "4-6", "7-12" months to the fall; "13+" if there are longer leads): the number ``n`` of
          falls and the ``recall_at_capacity`` of each model.
        - ``by_kind`` ("income", "spending", "monitoring"): the number ``n`` of falls of that kind; for each model,
          ``auc`` and ``ap`` when these falls are compared with the rows without a fall, and ``recall_at_capacity``
          on the visit list drawn from all rows.
        - ``complement``, ``calibration`` and ``groups`` of the audited model.

    Notes
    -----
    The rule line raises its alert with its first flag, so its ``lead_months`` is 0 (or None where it would be None for
    any other model). For the other models, see ``measure_lead``.
    """
    shares = (*SHARES, capacity)
    draws = resample(rows, predictions, shares, resamples, seed)
    chance = {
        name: VisitList.from_scores(prediction.score, rows.as_of, rows.positive).estimate_chances(capacity)
        for name, prediction in predictions.items()
    }
    results = {
        name: _measure_model(rows, name, prediction, shares, chance[name], draws[name])
        for name, prediction in predictions.items()
    }
    audited = predictions[model]
    return {
        "capacity": capacity,
        "models": results,
        **{f"{measure}_difference": _compare(measure, model, results, draws) for measure in COMPARED},
        "by_lead": _measure_by_lead(rows, chance),
        "by_kind": {kind: _measure_kind(rows, predictions, chance, code) for kind, code in FALL_KINDS.items()},
        "complement": count_agreement(rows, mark_visits(audited.score, rows.as_of, rows.household_code, capacity)),
        "calibration": assess_calibration(rows, audited),
        "groups": audit_groups(rows, audited, chance[model]),
    }


def _measure_model(
    rows: TestRows, name: str, prediction: Prediction, shares: tuple[float, ...], chance: FloatArray, draws: Draws
) -> dict[str, Any]:
    auc, ap = Ranking.from_scores(prediction.score, rows.positive).measure()
    recall, precision = VisitList.from_scores(prediction.score, rows.as_of, rows.positive).measure(shares)
    brier = float(((prediction.probability - rows.positive) ** 2).mean())
    mean, median = measure_lead(rows, chance)
    if name == "rule_line" and mean is not None:
        mean = median = 0.0
    keys = [f"{share:.2f}" for share in SHARES]
    return {
        "auc": null_if_nan(auc),
        "ap": null_if_nan(ap),
        "brier": brier,
        "recall_at": {key: null_if_nan(recall[i]) for i, key in enumerate(keys)},
        "precision_at": {key: null_if_nan(precision[i]) for i, key in enumerate(keys)},
        "visits_per_case": null_if_nan(1 / precision[-1]) if precision[-1] > 0 else None,
        "lead_months": mean,
        "lead_months_median": median,
        "ci": {
            **{measure: estimate_interval(draws[measure]) for measure in COMPARED},
            "recall_at": {key: estimate_interval(draws["recall"][:, i]) for i, key in enumerate(keys)},
            "precision_at": {key: estimate_interval(draws["precision"][:, i]) for i, key in enumerate(keys)},
        },
    }


def _compare(measure: str, model: str, results: dict[str, Any], draws: dict[str, Draws]) -> dict[str, Any]:
    audited = results[model][measure]
    return {
        name: {
            "value": None if audited is None else audited - other[measure],
            "ci": estimate_interval(draws[model][measure] - draws[name][measure]),
        }
        for name, other in results.items()
        if name != model
    }


def _measure_by_lead(rows: TestRows, chance: dict[str, FloatArray]) -> dict[str, Any]:
    longest = max(after for _, after in _LEADS.values())
    masks = {name: _mark_leads(rows, low, high) for name, (low, high) in _LEADS.items()}
    later = _mark_leads(rows, longest, np.inf)
    if later.any():
        masks[f"{longest + 1}+"] = later
    return {
        name: {"n": int(mask.sum()), "recall_at_capacity": _compute_recall(chance, mask)}
        for name, mask in masks.items()
    }


def _mark_leads(rows: TestRows, low: float, high: float) -> BoolArray:
    """Mark falls with a lead of more than ``low`` and at most ``high`` months.

    If ``low`` is 0, falls on the as-of date are included.
    """
    after = rows.lead > low + _TOLERANCE if low else rows.lead >= 0
    return rows.positive & after & (rows.lead <= high + _TOLERANCE)


def _compute_recall(chance: dict[str, FloatArray], mask: BoolArray) -> dict[str, float | None]:
    return {name: float(visited[mask].mean()) if mask.any() else None for name, visited in chance.items()}


def _measure_kind(
    rows: TestRows, predictions: Mapping[str, Prediction], chance: dict[str, FloatArray], code: int
) -> dict[str, Any]:
    fell = rows.by == code
    compared = fell | ~rows.positive
    models = {}
    for name, recall in _compute_recall(chance, fell).items():
        auc, ap = Ranking.from_scores(predictions[name].score[compared], fell[compared]).measure()
        models[name] = {"auc": null_if_nan(auc), "ap": null_if_nan(ap), "recall_at_capacity": recall}
    return {"n": int(fell.sum()), "models": models}
