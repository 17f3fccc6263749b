"""What the income position adds to the risk, allotted to the causes that may stand behind it.

A model finds that income is low or falling; it need not find why. But the records show which source shrank, and what
befell the household. So what the position contributes goes to the sources that shrank, by the yuan they lost, and from
each source to the blows that can lower it, by their own strength; what no blow explains stays with the source.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.reasons.grouping import BLOWS, Grouping

__all__ = ["NOTICEABLE", "UNEXPLAINED", "allot_income"]

UNEXPLAINED = 0.05
"""Log odds that a decline weighs for itself, beside the blows that may explain it."""

NOTICEABLE = 1000.0
"""Yuan: a source that lost less goes up and down as ever, and would change the first reason from month to month."""

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


def allot_income(grouping: Grouping, values: Floats, strength: Floats, best: Positions) -> tuple[Floats, Positions]:
    """Add to the strength of each cause its part of the income position.

    Parameters
    ----------
    grouping : Grouping
    values : array of float64, shape (F, n)
        As spoken: changes of a source in yuan.
    strength : array of float64, shape (n, G)
        Of the groups, in log odds.
    best : array of int, shape (n, G)
        The feature that speaks for each group, -1 for none.

    Returns
    -------
    tuple
        The same with the parts added; the position keeps its own. A source that shrank speaks for its cause where
        more of its decline is unexplained than the cause has of its own.

    Examples
    --------
    Wages shrank by 6,000 yuan, trade by 2,000, and an accident is recorded. Trade is lowered by accidents too:

    >>> from riskml.explanation.reasons.grouping import Grouping
    >>> from riskml.features import CATALOGUE
    >>> names = ["wage_change_on_year_12m", "business_change_on_year_12m", "accidents_12m", "log_income_to_line_12m"]
    >>> grouping = Grouping.from_features([CATALOGUE[name] for name in names])
    >>> place = [grouping.place[group] for group in (("work", ""), ("venture", ""), ("accident", ""))]
    >>> income = grouping.place["other", "income"]
    >>> strength, best = np.zeros((1, len(grouping.groups))), np.full((1, len(grouping.groups)), -1)
    >>> strength[0, income], strength[0, place[2]], best[0, place[2]] = 2.0, 0.15, 2
    >>> found, told = allot_income(grouping, np.array([[-6000.0], [-2000.0], [1.0], [0.1]]), strength, best)
    >>> found[0, place].round(3).tolist(), [names[j] for j in told[0, place]]
    ([0.375, 0.125, 1.65], ['wage_change_on_year_12m', 'business_change_on_year_12m', 'accidents_12m'])
    """
    position = grouping.place.get(("other", "income"))
    if position is None:
        return strength, best
    shrank = {cause: _lost(values[grouping.changes[cause]]) for cause in BLOWS}
    lost = {cause: np.add.accumulate(shrank[cause])[-1] for cause in BLOWS if len(shrank[cause])}
    whole = np.add.accumulate(list(lost.values()))[-1] if lost else np.zeros(len(strength))
    out, told = strength.copy(), best.copy()
    for cause, yuan in lost.items():
        part = strength[:, position] * np.divide(yuan, whole, out=np.zeros_like(whole), where=whole > 0)
        blows = [grouping.place[blow, ""] for blow in BLOWS[cause]]
        weight = UNEXPLAINED + np.add.accumulate(strength[:, blows], axis=1)[:, -1]
        out[:, blows] += strength[:, blows] * (part / weight)[:, None]
        rest, own = part * UNEXPLAINED / weight, grouping.place[cause, ""]
        out[:, own] += rest
        speaks = grouping.changes[cause][shrank[cause].argmax(axis=0)]
        told[:, own] = np.where(rest > strength[:, own], speaks, told[:, own])
    return out, told


def _lost(change: Floats) -> Floats:
    """Yuan that were lost, 0 where it is not worth mentioning or not known."""
    lost = -np.nan_to_num(change)
    return np.where(lost >= NOTICEABLE, lost, 0.0)
