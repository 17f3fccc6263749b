"""Compare the model with the rule line, the monitoring rules already in use.

Count which of the two flags each household, and measure how much earlier the model flags it.
"""

from __future__ import annotations

import numpy as np

from riskml.evaluation.predictions import BoolArray, FloatArray, TestRows
from riskml.policy import name_agreement
from riskml.vocabulary.verdicts import AGREEMENTS


def count_agreement(rows: TestRows, visited: BoolArray) -> dict[str, dict[str, int]]:
    """Count the rows and falls flagged by the model only, by the rule line only, by both and by neither.

    Parameters
    ----------
    rows : TestRows
    visited : array of bool, shape (n,)
        Whether each row is on the model's visit list.

    Returns
    -------
    dict of str to dict
        For each of ``AGREEMENTS``, ``n``, the number of rows, and ``positives``, the number of falls among them.
    """
    kinds = name_agreement(visited, rows.rule_positive)
    return {
        code: {"n": int((kinds == code).sum()), "positives": int(((kinds == code) & rows.positive).sum())}
        for code in AGREEMENTS
    }


def measure_lead(rows: TestRows, chance: FloatArray) -> tuple[float | None, float | None]:
    """Measure how many months before the rule line's first flag a model would send a visit.

    Only falls that have a chance of being on the model's visit list are considered.

    Parameters
    ----------
    rows : TestRows
    chance : array of float, shape (n,)
        Probability that each row is on the model's visit list, used as the row's weight.

    Returns
    -------
    mean, median : float or None
        The lead in months; None if no fall is on the visit list, or if ``first_rule_flag`` is missing.

    Notes
    -----
    The model raises its alert at the as-of date. If the rule line flags a household only after the fall, or not within
    the horizon, the lead ends with the fall: from then on, no prediction is needed. A household that the rule line
    flags at the as-of date has a lead of 0.
    """
    if rows.first_rule_flag is None:
        return None, None
    visited = rows.positive & (chance > 0)
    months = np.fmin(rows.first_rule_flag[visited], rows.lead[visited])
    weight = chance[visited]
    if not len(months):
        return None, None
    order = np.argsort(months, kind="stable")
    below = np.cumsum(weight[order])
    median = months[order][np.searchsorted(below, below[-1] / 2)]
    return float((months * weight).sum() / weight.sum()), float(median)
