"""The model beside the rule line: who is flagged by which, and how much earlier."""

from __future__ import annotations

import numpy as np

from riskml.evaluation.predictions import BoolArray, FloatArray, TestRows
from riskml.policy import name_agreement
from riskml.vocabulary.verdicts import AGREEMENTS

__all__ = ["count_agreement", "measure_lead"]


def count_agreement(rows: TestRows, visited: BoolArray) -> dict[str, dict[str, int]]:
    """Count rows, and the fallen among them, by agreement.

    Parameters
    ----------
    rows : TestRows
    visited : array of bool, shape (n,)
        Households on the model's visit list.

    Returns
    -------
    dict of str to dict
        For each of ``AGREEMENTS``, ``n`` rows and ``positives`` among them.
    """
    kinds = name_agreement(visited, rows.rule_positive)
    return {
        code: {"n": int((kinds == code).sum()), "positives": int(((kinds == code) & rows.positive).sum())}
        for code in AGREEMENTS
    }


def measure_lead(rows: TestRows, chance: FloatArray) -> tuple[float | None, float | None]:
    """Months by which a model's visits come before the rule line's first flag, over the fallers it finds.

    Parameters
    ----------
    rows : TestRows
    chance : array of float, shape (n,)
        Probability of each row to be on the model's visit list; a row counts that often.

    Returns
    -------
    mean, median : float or None
        None without a faller found, or where ``first_rule_flag`` is not given.

    Notes
    -----
    The model's alert is the as_of itself. A household that the rule line never flags within the horizon, or flags
    only after the fall, counts as flagged at the fall, when everybody can see it: months after the fall are never
    counted as a lead. A household flagged at the as_of already has a lead of 0.
    """
    if rows.first_rule_flag is None:
        return None, None
    found = rows.positive & (chance > 0)
    months = np.fmin(rows.first_rule_flag[found], rows.lead[found])
    weight = chance[found]
    if not len(months):
        return None, None
    order = np.argsort(months, kind="stable")
    below = np.cumsum(weight[order])
    median = months[order][np.searchsorted(below, below[-1] / 2)]
    return float((months * weight).sum() / weight.sum()), float(median)
