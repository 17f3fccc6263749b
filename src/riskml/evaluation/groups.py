"""Audit a model by group: whether it misses some kinds of households more often than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riskml.evaluation.numbers import null_if_nan
from riskml.evaluation.predictions import BoolArray, FloatArray, Prediction, TestRows
from riskml.evaluation.ranking import Ranking

SMALLEST_GROUP = 20
"""Minimum number of rows in a group that is shown; figures for fewer rows are noisy and could identify a household."""


def audit_groups(rows: TestRows, prediction: Prediction, chance: FloatArray) -> list[dict[str, Any]]:
    """Measure a model within every audited group.

    Parameters
    ----------
    rows : TestRows
    prediction : Prediction
    chance : array of float, shape (n,)
        Probability that each row is on the visit list, which covers all groups together.

    Returns
    -------
    list of dict
        One entry per group and value, in sorted order: ``group``, ``value``, ``n``, ``positives``, ``auc`` and ``ap``
        over the rows with that value, ``recall_at_capacity`` (share of their falls on the visit list) and its
        complement ``missed``, ``visited`` (share of the rows on the list), ``mean_probability`` and ``observed_rate``.
        In each group, values with fewer than 20 rows are merged into one entry: its ``value`` is None, ``suppressed``
        is the number of such values, and ``n`` counts their rows.
    """
    entries: list[dict[str, Any]] = []
    for group in sorted(rows.groups):
        values, code = np.unique(rows.groups[group], return_inverse=True)
        sizes = np.bincount(code, minlength=len(values))
        shown = [i for i in range(len(values)) if sizes[i] >= SMALLEST_GROUP]
        entries += [
            {"group": group, "value": str(values[i]), **_measure_group(rows, prediction, chance, code == i)}
            for i in shown
        ]
        if len(shown) < len(values):
            hidden = int(sizes[sizes < SMALLEST_GROUP].sum())
            entries.append({"group": group, "value": None, "suppressed": len(values) - len(shown), "n": hidden})
    return entries


def select_shown_groups(groups: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Select the group values that a page may show along with the totals.

    Parameters
    ----------
    groups : sequence of mapping
        The result of :func:`audit_groups`.

    Returns
    -------
    list of dict
        The entries that may be shown.
    dict of str to int
        For each group, the number of values that must stay hidden.

    Notes
    -----
    If only one value were hidden, its figures could be computed by subtracting those of the other values from the
    total. So if the hidden values have fewer than 20 rows in all, the smallest of the other values is hidden too.

    Examples
    --------
    >>> entries = [{"group": "g", "value": v, "n": n} for v, n in (("a", 90), ("b", 30), (None, 7))]
    >>> entries[-1]["suppressed"] = 1
    >>> shown, hidden = select_shown_groups(entries)
    >>> [entry["value"] for entry in shown], hidden
    (['a'], {'g': 2})
    """
    shown = [dict(entry) for entry in groups if entry["value"] is not None]
    hidden: dict[str, int] = {}
    for small in groups:
        if small["value"] is not None:
            continue
        rows, hidden[small["group"]] = small["n"], small["suppressed"]
        others = [entry for entry in shown if entry["group"] == small["group"]]
        if rows < SMALLEST_GROUP and others:
            shown.remove(min(others, key=lambda entry: entry["n"]))
            hidden[small["group"]] += 1
    return shown, hidden


def _measure_group(rows: TestRows, prediction: Prediction, chance: FloatArray, mask: BoolArray) -> dict[str, Any]:
    positive = rows.positive[mask]
    auc, ap = Ranking.from_scores(prediction.score[mask], positive).measure()
    recall = float(chance[mask][positive].mean()) if positive.any() else None
    return {
        "n": int(mask.sum()),
        "positives": int(positive.sum()),
        "auc": null_if_nan(auc),
        "ap": null_if_nan(ap),
        "recall_at_capacity": recall,
        "missed": None if recall is None else 1 - recall,
        "visited": float(chance[mask].mean()),
        "mean_probability": float(prediction.probability[mask].mean()),
        "observed_rate": float(positive.mean()),
    }
