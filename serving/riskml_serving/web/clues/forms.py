"""Reads the form of a clue as the type of an API request; ``checks`` checks it when it is saved."""

from __future__ import annotations

import json
from typing import Any

from riskml_serving.api.clues.schemas import CLUE_REQUEST, MAX_NAME
from riskml_serving.api.verifications.schemas import MAX_NOTE
from riskml_serving.base.problems import Problem
from riskml_serving.checks.casework import find_subject_faults
from riskml_serving.checks.fields import refuse
from riskml_serving.http.bodies import parse
from riskml_serving.web.shell.forms import Form, read_amount

MAX_LENGTHS = {"q": MAX_NAME, "told_by": MAX_NAME, "note": MAX_NOTE, "resolution": 500}
"""Maximum number of characters in each text field."""

_COMMON = ("what", "channel", "told_by", "occurred_on", "note", "disaster")


def read_report(form: Form, subject: dict[str, Any]) -> dict[str, Any]:
    """Return the report in a form about a subject: a household, an unlisted household, or a place.

    Raises
    ------
    Problem
        ``invalid-request``, which names every invalid field; the subject may be empty, which is one of them.
    """
    fields: dict[str, Any] = {name: form.get_text(name) for name in _COMMON} | subject
    fields["amount"] = read_amount(form.get_text("amount", 20))
    filled = json.dumps({name: value for name, value in fields.items() if value != ""})
    errors, body = list(find_subject_faults(subject)), dict[str, Any]()
    try:
        body = parse(filled.encode(), CLUE_REQUEST.adapter)
    except Problem as problem:
        errors += problem.errors
    refuse(errors)
    return body
