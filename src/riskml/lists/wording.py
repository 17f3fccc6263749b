"""Words for the outcomes of rows, for the reasons, and for conversions of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskml.lists.data_files import load_data
from riskml.lists.outcomes import Outcome
from riskml.text import Text

_OUTCOMES: Mapping[str, str] = load_data("wording")["outcomes"]
_REASONS: Mapping[str, str] = load_data("wording")["reasons"]
_CONVERSIONS: Mapping[str, str] = load_data("wording")["conversions"]
_ANSWERS: Mapping[str, str] = load_data("wording")["answers"]


def name_outcome(outcome: Outcome) -> Text:
    """Return the words for an outcome."""
    return Text(_OUTCOMES[outcome])


def explain_reason(reason: str) -> Text:
    """Return the words for the reason why a row was not taken, or for the effect of a taken row on earlier ones."""
    return Text(_REASONS[reason])


def name_conversion(how: str) -> Text:
    """Return the words for a conversion of values."""
    return Text(_CONVERSIONS[how])


def explain_answer(reason: str) -> Text:
    """Return the words that say how a question is answered, given the reason why it is asked.

    >>> explain_answer("second_wage"), explain_answer("several")
    ('answer: correction, new or skip', 'person_id: one of the possible codes, or stranger')
    """
    return Text(_ANSWERS[reason if reason in _ANSWERS else "person"])


def list_choices(reason: str, candidates: Sequence[str] = ()) -> tuple[str, ...]:
    """List the answers to a question about a single row; none if it is about a person or about a whole sheet.

    >>> list_choices("second_wage"), list_choices("may_correct_several", ["help-1"]), list_choices("several")
    (('correction', 'new', 'skip'), ('help-1', 'new', 'skip'), ())
    """
    own = load_data("wording")["choices"].get(reason, ())
    return (*candidates, *own) if reason == "may_correct_several" else tuple(own)
