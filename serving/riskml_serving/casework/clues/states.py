"""States of a clue in the register of clues, each declared once.

The query for clues reads these facts, which the rules compare:

``missing``, ``listed``
    Whether the household is not in the register yet, and still has to be found; whether it is in the register.
``outcome``
    Finding of the visit that followed the clue: the last one that settled it, otherwise the last one; may be empty.
``informed``
    Whether a day is recorded on which the household was informed of that finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import eq, or_
from typing import Any

from riskml.vocabulary.terms import Term, Vocabulary
from riskml_serving.casework.rules import ALWAYS, Rule, compare, is_true
from riskml_serving.store.facts.outcomes import DECISIVE

_MISSING = is_true("missing")
_OPEN = is_true("listed") & ~reduce(or_, (compare("outcome", eq, code) for code in DECISIVE))
_TO_INFORM = compare("outcome", eq, "rejected") & ~is_true("informed")


@dataclass(frozen=True)
class ClueState(Term):
    """A state that a clue can be in, with the rule for it."""

    rule: Rule = ALWAYS


CLUE_STATES = Vocabulary(
    ClueState("missing", "待查户（未在册）", "household to find", _MISSING),
    ClueState("open", "待核实", "to verify", _OPEN),
    ClueState("to_inform", "待回访", "household to be informed", _TO_INFORM),
    ClueState("closed", "已办结", "closed", ~(_MISSING | _OPEN | _TO_INFORM)),
)
"""States by code; every clue is in exactly one. A clue about a place is closed at once: its row of ``disaster`` counts
for all households there."""


def find_state(row: Mapping[str, Any]) -> str:
    """Return the code of the state of a clue."""
    return next(code for code, state in CLUE_STATES.items() if state.rule.holds(row))
