"""What somebody entered in the forms of a household's page: shown again when something is wrong, so nothing is lost."""

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
        outcome, category, day = form.text("outcome", 16), form.text("category", 32), form.text("verified_on", 10)
        errors = []
        if outcome not in OUTCOMES:
            errors.append("outcome")
        if category and category not in CATEGORIES:
            errors.append("category")
        if day and not (dt.date(2000, 1, 1) <= (_parse_date(day) or dt.date.max) <= today):
            errors.append("verified_on")
        measures = (" ".join(text.split())[:100] for text in form.all("measures")[:MOST_MEASURES])
        return cls(
            outcome=outcome,
            category=category,
            verified_on=day,
            note=form.text("note"),
            objection=form.text("objection", 1000),
            causes=tuple(code for code in CAUSES if code in form.all("causes")),
            measures=tuple(text for text in measures if text),
            errors=tuple(errors),
        )

    @classmethod
    def read_assignment(cls, form: Form) -> Entered:
        """Read and check the form that names who looks after the household."""
        assignee = form.text("assignee", 60)
        return cls(assignee=assignee, handover=form.text("handover", 500), errors=() if assignee else ("assignee",))

    def to_body(self, today: dt.date) -> dict[str, Any]:
        """Return the verification that the service saves."""
        return {
            "outcome": self.outcome,
            "category": self.category or None,
            "causes": list(self.causes),
            "measures": list(self.measures),
            "note": self.note,
            "objection": self.objection,
            "verified_on": _parse_date(self.verified_on) or today,
        }


def _parse_date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
