"""Audit by group: whether some kinds of households are missed more often than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riskml.evaluation.numbers import null_if_nan
from riskml.evaluation.predictions import BoolArray, FloatArray, Prediction, TestRows
from riskml.evaluation.ranking import Ranking

__all__ = ["SMALLEST_GROUP", "audit_groups", "select_shown_groups"]

SMALLEST_GROUP = 20
"""Smaller groups are not shown: their figures are noise, and could point to a household."""


def audit_groups(rows: TestRows, prediction: Prediction, chance: FloatArray) -> list[dict[str, Any]]:
    """Measure a model within every audited group.

    Parameters
    ----------
    rows : TestRows
    prediction : Prediction
    chance : array of float, shape (n,)
        Probability of each row to be on the visit list, which is drawn up over all groups together.

    Returns
    -------
    list of dict
        One a group and value, sorted: ``group``, ``value``, ``n``, ``positives``, ``auc`` and ``ap`` within the
        group, ``recall_at_capacity`` (fallers of the group on the visit list) and its complement ``missed``,
        ``visited`` (share of the group on the list), ``mean_probability`` and ``observed_rate``. The values with
        fewer than 20 rows are put into one entry with ``value`` null, ``suppressed`` values and their ``n``.
    """
    found: list[dict[str, Any]] = []
    for group in sorted(rows.groups):
        values, code = np.unique(rows.groups[group], return_inverse=True)
        sizes = np.bincount(code, minlength=len(values))
        shown = [i for i in range(len(values)) if sizes[i] >= SMALLEST_GROUP]
        found += [
            {"group": group, "value": str(values[i]), **_measure_group(rows, prediction, chance, code == i)}
            for i in shown
        ]
        if len(shown) < len(values):
            hidden = int(sizes[sizes < SMALLEST_GROUP].sum())
            found.append({"group": group, "value": None, "suppressed": len(values) - len(shown), "n": hidden})
    return found


def select_shown_groups(groups: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Values of groups that a page may show beside the totals.

    Parameters
    ----------
    groups : sequence of mapping
        What :func:`audit_groups` returns.

    Returns
    -------
    list of dict
        The entries that may be shown.
    dict of str to int
        By group, how many values are not.

    Notes
    -----
    The figures of one small value are the total less those of the others. So where the values that are not shown have
    fewer than 20 rows together, the next smallest is not shown either.

    Examples
    --------
    >>> found = [{"group": "g", "value": v, "n": n} for v, n in (("a", 90), ("b", 30), (None, 7))]
    >>> found[-1]["suppressed"] = 1
    >>> shown, hidden = select_shown_groups(found)
    >>> [one["value"] for one in shown], hidden
    (['a'], {'g': 2})
    """
    shown = [dict(one) for one in groups if one["value"] is not None]
    hidden: dict[str, int] = {}
    for small in groups:
        if small["value"] is not None:
            continue
        rows, hidden[small["group"]] = small["n"], small["suppressed"]
        own = sorted((one for one in shown if one["group"] == small["group"]), key=lambda one: one["n"])
        if rows < SMALLEST_GROUP and own:
            shown.remove(own[0])
            hidden[small["group"]] += 1
    return shown, hidden


def _measure_group(rows: TestRows, prediction: Prediction, chance: FloatArray, own: BoolArray) -> dict[str, Any]:
    positive = rows.positive[own]
    auc, ap = Ranking.from_scores(prediction.score[own], positive).measure()
    recall = float(chance[own][positive].mean()) if positive.any() else None
    return {
        "n": int(own.sum()),
        "positives": int(positive.sum()),
        "auc": null_if_nan(auc),
        "ap": null_if_nan(ap),
        "recall_at_capacity": recall,
        "missed": None if recall is None else 1 - recall,
        "visited": float(chance[own].mean()),
        "mean_probability": float(prediction.probability[own].mean()),
        "observed_rate": float(positive.mean()),
    }
