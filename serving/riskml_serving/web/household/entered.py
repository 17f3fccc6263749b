"""The forms of a household's page as they were filled in: shown again with their errors, so that nothing is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import CATEGORIES
from riskml_serving.casework.verifications.outcomes import OUTCOMES
from riskml_serving.web.shell.forms import Form

__all__ = ["Entered"]

MOST_MEASURES = 50
MAX_LENGTHS = {"outcome": 16, "category": 32, "verified_on": 10, "note": 4000, "objection": 1000}
"""Characters of the texts of a verification that are read."""


@dataclass(frozen=True)
class Entered:
    """Fields of the forms, and which of them are wrong.

    Parameters
    ----------
    outcome, category, verified_on, note, objection : str
    assignee, handover : str
        Of the other form: who looks after the household.
    causes, measures : tuple of str
    errors : tuple of str
        Names of fields.
    """

    outcome: str = ""
    category: str = ""
    verified_on: str = ""
    note: str = ""
    objection: str = ""
    assignee: str = ""
    handover: str = ""
    causes: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @classmethod
    def read_verification(cls, form: Form, today: dt.date) -> Entered:
        """Read and check the form of a verification."""
        texts = {name: form.get_text(name, most) for name, most in MAX_LENGTHS.items()}
        day = texts["verified_on"]
        valid = {
            "outcome": texts["outcome"] in OUTCOMES,
            "category": texts["category"] in ("", *CATEGORIES),
            "verified_on": not day or dt.date(2000, 1, 1) <= (_parse_date(day) or dt.date.max) <= today,
        }
        measures = (" ".join(text.split())[:100] for text in form.get_all("measures")[:MOST_MEASURES])
        return cls(
            **texts,
            causes=tuple(code for code in CAUSES if code in form.get_all("causes")),
            measures=tuple(text for text in measures if text),
            errors=tuple(name for name, passed in valid.items() if not passed),
        )

    @classmethod
    def read_assignment(cls, form: Form) -> Entered:
        """Read and check the form that names who looks after the household."""
        assignee = form.get_text("assignee", 60)
        return cls(assignee=assignee, handover=form.get_text("handover", 500), errors=() if assignee else ("assignee",))

    def to_body(self) -> dict[str, Any]:
        """Return the verification that the service saves; without a day it is today's."""
        body = {name: getattr(self, name) for name in (*MAX_LENGTHS, "causes", "measures")}
        return {**body, "category": self.category or None, "verified_on": _parse_date(self.verified_on)}


def _parse_date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
