"""Determines a household's section in lists, and its rank within the section; both are defined only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.policy.signal import is_above_safest
from riskml.vocabulary.terms import Term, Vocabulary
from riskml.vocabulary.verdicts import COLOURS, NO_COLOUR, UNKNOWN_COLOUR

SECTIONS = Vocabulary(
    Term("rule", "规则已预警", "flagged by the rule line"),
    Term("model", "模型提前预警", "early warning by the model"),
    Term("none", "未预警", "no warning"),
    Term("unknown", "收入不明", "income unknown"),
)
"""Sections of a list. Every household is in exactly one of them."""

WARNED = ("rule", "model")
"""Sections of the households with a signal."""

SIGNALS_BY_SECTION = {
    **dict.fromkeys(WARNED, COLOURS.codes[1:]),
    "none": COLOURS.codes[:1],
    "unknown": (UNKNOWN_COLOUR.code,),
}
"""Signals that the households in each section can have."""

RANKED = ("order_section", "order_signal", "order_rank", "household_id")
"""Columns by which every list is ordered, all ascending; :func:`rank` computes all of them except the code."""

URGENCY = ("order_signal", "order_section", "order_rank")
"""Columns by which households of several sections are compared when only a few of them can be visited."""

_ORANGE = COLOURS.codes.index("orange")
_LAST = 1e12
"""Rank of a household if the figure by which its section is ordered is unknown."""


def rank(score: Mapping[str, Any]) -> dict[str, Any]:
    """Compute a score's section and its place in lists.

    A household with a signal is in the section ``model`` if its tier is above the safest and the rule line's colour is
    below orange; otherwise it is in the section ``rule``. Green households are in ``none``, and those whose signal is
    unknown are in ``unknown``.

    Lists are ordered by section, then by signal (the most severe first), then by the section's figure, the largest
    first: for ``rule``, the shortfall (the line minus the income after spending, in yuan/person/year); for the others,
    the probability.

    Parameters
    ----------
    score : mapping
        Score with ``signal``, ``rule_signal``, ``tier``, ``probability`` and ``shortfall``.

    Returns
    -------
    dict
        ``order_section`` (a position in ``SECTIONS``), ``order_signal`` and ``order_rank``.

    Examples
    --------
    >>> score = {"signal": 2, "rule_signal": 2, "tier": -1, "probability": None, "shortfall": 3400.0}
    >>> rank(score)
    {'order_section': 0, 'order_signal': -2, 'order_rank': -3400.0}
    >>> rank({**score, "rule_signal": 1, "tier": 2, "probability": 0.4})
    {'order_section': 1, 'order_signal': -2, 'order_rank': -0.4}
    >>> rank({**score, "signal": -1, "rule_signal": -1, "shortfall": None})
    {'order_section': 3, 'order_signal': 1, 'order_rank': 1000000000000.0}
    """
    if score["signal"] <= 0:
        section = "unknown" if score["signal"] == NO_COLOUR else "none"
    else:
        section = "model" if is_above_safest(score["tier"]) and score["rule_signal"] < _ORANGE else "rule"
    figure = score["shortfall" if section == "rule" else "probability"]
    return {
        "order_section": SECTIONS.codes.index(section),
        "order_signal": -score["signal"],
        "order_rank": _LAST if figure is None else -figure,
    }
