"""Divide the contribution of the income position (level and change of income) among the causes that may explain it.

The contribution shows that income is low or falling, but not why. The records show which sources shrank, which shocks
the household suffered, and what it had to pay. The contribution is therefore divided among the sources that shrank, in
proportion to the yuan lost, and the items of unavoidable spending, in proportion to the yuan spent. Each source's part
is then divided among the shocks that can lower it, in proportion to their strength; the part that they do not explain
is left to the source itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskml.arrays import Floats, Positions
from riskml.explanation.reasons.grouping import SHOCKS, Grouping

UNEXPLAINED = 0.02
"""Weight of the unexplained part of a decline relative to the strength of the shocks, in log odds."""

NOTICEABLE = 1000.0
"""Smallest loss that counts, in yuan; smaller losses are normal and would change the first reason every month."""

SPENT = 8.0
"""Weight of a yuan spent relative to a yuan lost; ADR 017 compares other weights."""


def allot_income(
    grouping: Grouping,
    values: Floats,
    position: Floats,
    strength: Floats,
    best: Positions,
    shocks: Floats,
    spent: Mapping[str, Floats],
) -> tuple[Floats, Positions]:
    """Add to the strength of each cause its part of the income position's contribution.

    Parameters
    ----------
    grouping : Grouping
    values : array of float64, shape (F, n)
        Values as sentences state them; see :func:`riskml.explanation.wording.facts.compute_stated_values`.
    position : array of float64, shape (n,)
        Contribution of the income position that raises the risk, whether a sentence can state it or not.
    strength : array of float64, shape (n, G)
        Strength of each group, in log odds.
    best : array of int, shape (n, G)
        The feature shown for each group; -1 if there is none.
    shocks : array of float64, shape (n, G)
        Strength of each group, leaving out lasting circumstances, which cannot explain why income fell.
    spent : mapping of str to array of float64, shape (n,)
        Yuan of unavoidable spending by cause; it counts only for a cause with a feature that can be shown.

    Returns
    -------
    tuple
        ``strength`` and ``best`` with the parts added. If the unexplained part of a source exceeds the previous
        strength of its cause, the change in that source becomes the feature shown for the cause.

    Examples
    --------
    Wages fell by 6,000 yuan and business income by 2,000; an accident, which can lower both, is recorded:

    >>> from riskml.explanation.reasons.grouping import Grouping
    >>> from riskml.features import CATALOGUE
    >>> names = ["wage_change_on_year_12m", "business_change_on_year_12m", "accidents_12m", "log_income_to_line_12m"]
    >>> grouping = Grouping.from_features([CATALOGUE[name] for name in names])
    >>> groups = [grouping.index[group] for group in (("work", ""), ("venture", ""), ("accident", ""))]
    >>> strength, best = np.zeros((1, len(grouping.groups))), np.full((1, len(grouping.groups)), -1)
    >>> strength[0, groups[2]], best[0, groups[2]] = 0.15, 2
    >>> values = np.array([[-6000.0], [-2000.0], [1.0], [0.1]])
    >>> strength, best = allot_income(grouping, values, np.array([2.0]), strength, best, strength, {})
    >>> strength[0, groups].round(3).tolist(), [names[j] for j in best[0, groups]]
    ([0.176, 0.059, 1.915], ['wage_change_on_year_12m', 'business_change_on_year_12m', 'accidents_12m'])
    """
    losses = {cause: _drop_small(-values[grouping.changes[cause]]) for cause in SHOCKS}
    lost = {cause: np.add.accumulate(losses[cause])[-1] for cause in SHOCKS if len(losses[cause])}
    shown = {cause: best[:, grouping.index[cause, ""]] >= 0 for cause in spent}
    paid = {cause: SPENT * np.where(shown[cause], _drop_small(yuan), 0.0) for cause, yuan in spent.items()}
    out, best = strength.copy(), best.copy()
    if not lost and not paid:
        return out, best
    whole = np.add.accumulate([*lost.values(), *paid.values()])[-1]
    share = np.divide(position, whole, out=np.zeros_like(whole), where=whole > 0)
    for cause, yuan in paid.items():
        out[:, grouping.index[cause, ""]] += share * yuan
    for cause, yuan in lost.items():
        part = share * yuan
        able = [grouping.index[shock, ""] for shock in SHOCKS[cause]]
        weight = UNEXPLAINED + np.add.accumulate(shocks[:, able], axis=1)[:, -1]
        out[:, able] += shocks[:, able] * (part / weight)[:, None]
        rest, own = part * UNEXPLAINED / weight, grouping.index[cause, ""]
        out[:, own] += rest
        largest = grouping.changes[cause][losses[cause].argmax(axis=0)]
        best[:, own] = np.where(rest > strength[:, own], largest, best[:, own])
    return out, best


def _drop_small(yuan: Floats) -> Floats:
    """Set amounts to 0 that are too small or unknown."""
    return np.where(yuan >= NOTICEABLE, yuan, 0.0)
