"""States by which the work list can be filtered, each declared once: its names, its rule, its effect on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import itemgetter, or_
from typing import Any

from riskml.policy.signal import is_above_safest
from riskml.vocabulary.terms import Term, Vocabulary
from riskml_serving.casework.deadlines import DEADLINES
from riskml_serving.casework.rules import ALWAYS, Rule
from riskml_serving.casework.states import MONITORED, OPEN, SETTLED, SIGNALLED, UNVERIFIED
from riskml_serving.judging.scores.ranking import SECTIONS

LISTED = Vocabulary(Term("clue", "线索待核实", "clues to verify"), *SECTIONS.values())
"""Sections of the work list: households with a clue come first, whatever section their score is in."""

CLUE_SECTION = -1
"""Number of the section of households with a clue; the numbers of the others are positions in ``SECTIONS``."""

BRINGERS = Vocabulary(Term("clue", "线索", "clue"), Term("rule", "规则", "rule line"), Term("model", "模型", "model"))
"""Who brings a household onto the work list."""


def is_near_line(row: Mapping[str, Any]) -> bool:
    """Return whether the rule line gives a household a colour only because its income is near the line."""
    return bool(row["rule_signal"] > 0 and not row["rule_flags"])


def list_bringers(row: Mapping[str, Any]) -> list[str]:
    """List who brought a household onto the list: clues, the rule line, the model.

    The rule line did by its colour, or by a flag if the model warns too; the model by a tier above the safest.

    >>> list_bringers({"clued": True, "signal": 1, "rule_signal": 1, "rule_flags": "", "tier": -1})
    ['clue', 'rule']
    >>> list_bringers({"clued": False, "signal": 0, "rule_signal": 0, "rule_flags": "income_drop", "tier": 0})
    []
    """
    ruled = row["rule_signal"] > 0 or (row["signal"] > 0 and row["rule_flags"] != "")
    brought = {"clue": row["clued"], "rule": ruled, "model": is_above_safest(row["tier"])}
    return [code for code, holds in brought.items() if holds]


@dataclass(frozen=True)
class State(Term):
    """A state that households on the work list can be in.

    Parameters
    ----------
    code, zh, en : str
    make_rule : callable
        Takes the rules for late households by deadline; returns the rule for the state.
    to_visit : bool, default False
        Whether its households wait for a visit; if so, the page shows a plan for the week.
    late : bool, default False
        Whether its households have missed a deadline.
    by_score : bool, default False
        Whether a household with a clue stays in the section of its score, so that each section has all of its scores.
    """

    make_rule: Callable[[Mapping[str, Rule]], Rule]
    to_visit: bool = False
    late: bool = False
    by_score: bool = False


STATES = Vocabulary(
    State("open", "待核实", "to verify", lambda _: OPEN, to_visit=True),
    State("unverified", "从未核实", "never verified", lambda _: UNVERIFIED, to_visit=True),
    State("overdue", "已逾期（任一期限）", "overdue", lambda late: reduce(or_, late.values()), late=True),
    *(
        State(kind.late.code, kind.late.zh, kind.late.en, itemgetter(name), kind.to_visit, late=True)
        for name, kind in DEADLINES.items()
    ),
    State("settled", "已核实", "verified", lambda _: SIGNALLED & SETTLED),
    State("monitored", "监测中", "in monitoring", lambda _: MONITORED),
    State("all", "全部", "all", lambda _: ALWAYS, by_score=True),
)
"""States by code, in the order in which the filter shows them."""
