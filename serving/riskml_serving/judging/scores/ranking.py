"""Where a household stands in lists: its section, and its place within it. Declared here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.policy.signal import is_above_safest
from riskml.vocabulary.terms import Term, Vocabulary
from riskml.vocabulary.verdicts import COLOURS, NO_COLOUR

__all__ = ["RANKED", "SECTIONS", "rank"]

SECTIONS = Vocabulary(
    Term("rule", "规则已预警", "flagged by the rule line"),
    Term("model", "模型提前预警", "warned of early by the model"),
    Term("none", "未预警", "no warning"),
    Term("unknown", "收入不明", "income unknown"),
)
"""Sections of a list. Every household is in exactly one of them."""

RANKED = ("order_signal", "order_section", "order_rank", "household_id")
"""Columns that every list is ordered by, all ascending; :func:`rank` computes them, apart from the code."""

_ORANGE = COLOURS.codes.index("orange")
_LAST = 1e12
"""Rank of a household without the figure that its section is ranked by."""


def rank(score: Mapping[str, Any]) -> dict[str, Any]:
    """Compute a score's section and its place in lists.

    A household with a signal is in the section ``model`` if its tier is above the safest and the rule line's colour is
    below orange, and otherwise in the section ``rule``. Green households are in ``none``, those whose signal is unknown
    in ``unknown``.
    The order is signal, the gravest first and unknown last, then section, then the figure of the section: the shortfall
    (line less income after spending, yuan/person/year) for ``rule``, the probability for the others, the largest first.

    Parameters
    ----------
    score : mapping
        Score with ``signal``, ``rule_signal``, ``tier``, ``probability`` and ``shortfall``.

    Returns
    -------
    dict
        ``order_signal``, ``order_section`` (a position in ``SECTIONS``) and ``order_rank``.

    Examples
    --------
    >>> score = {"signal": 2, "rule_signal": 2, "tier": -1, "probability": None, "shortfall": 3400.0}
    >>> rank(score)
    {'order_signal': -2, 'order_section': 0, 'order_rank': -3400.0}
    >>> rank({**score, "rule_signal": 1, "tier": 2, "probability": 0.4})
    {'order_signal': -2, 'order_section': 1, 'order_rank': -0.4}
    >>> rank({**score, "signal": -1, "rule_signal": -1, "shortfall": None})
    {'order_signal': 1, 'order_section': 3, 'order_rank': 1000000000000.0}
    """
    if score["signal"] <= 0:
        section = "unknown" if score["signal"] == NO_COLOUR else "none"
    else:
        section = "model" if is_above_safest(score["tier"]) and score["rule_signal"] < _ORANGE else "rule"
    figure = score["shortfall" if section == "rule" else "probability"]
    return {
        "order_signal": -score["signal"],
        "order_section": SECTIONS.codes.index(section),
        "order_rank": _LAST if figure is None else -figure,
    }
