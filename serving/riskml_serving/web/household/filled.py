"""The forms of a household's page as somebody filled them in: kept when something is wrong, so that nothing is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import CATEGORIES
from riskml_serving.casework.verifications.schemas import OUTCOMES
from riskml_serving.web.shell.forms import Form

__all__ = ["Filled"]

MOST_MEASURES = 50


@dataclass(frozen=True)
class Filled:
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
    def of(cls, form: Form, today: dt.date) -> Filled:
        """Read and check a form."""
        outcome, category, day = form.text("outcome", 16), form.text("category", 32), form.text("verified_on", 10)
        errors = []
        if outcome not in OUTCOMES:
            errors.append("outcome")
        if category and category not in CATEGORIES:
            errors.append("category")
        if day and not (dt.date(2000, 1, 1) <= (_date(day) or dt.date.max) <= today):
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
    def of_assignment(cls, form: Form) -> Filled:
        """Read and check the form that names who looks after the household."""
        assignee = form.text("assignee", 60)
        return cls(assignee=assignee, handover=form.text("handover", 500), errors=() if assignee else ("assignee",))

    def body(self, today: dt.date) -> dict[str, Any]:
        """Return what the service keeps."""
        return {
            "outcome": self.outcome,
            "category": self.category or None,
            "causes": list(self.causes),
            "measures": list(self.measures),
            "note": self.note,
            "objection": self.objection,
            "verified_on": _date(self.verified_on) or today,
        }


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
