"""The forms on a household's page, checked like API requests."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter

from riskml_serving.api.checks import require_no_future
from riskml_serving.api.verifications.schemas import MAX_NOTE, VERIFICATION_REQUEST
from riskml_serving.base.contract import make_dict_type
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.http.bodies import parse
from riskml_serving.web.shell.forms import Form

__all__ = ["MAX_LENGTHS", "check_assignment", "check_verification"]

MAX_LENGTHS = {"note": MAX_NOTE, "objection": 1000, "assignee": 60, "handover": 500}
"""Maximum number of characters in each text field."""

_OBJECTION = NotRequired[Annotated[str, Field(max_length=MAX_LENGTHS["objection"])]]
_ASSIGNEE = Annotated[str, Field(max_length=MAX_LENGTHS["assignee"])]
_HANDOVER = NotRequired[Annotated[str, Field(max_length=MAX_LENGTHS["handover"])]]


def _make_adapter(name: str, **fields: Any) -> TypeAdapter[dict[str, Any]]:
    return TypeAdapter(make_dict_type(name, fields))


_VERIFICATION = _make_adapter("VerificationForm", **VERIFICATION_REQUEST.fields, objection=_OBJECTION)
_DAY = _make_adapter("VerificationDay", verified_on=VERIFICATION_REQUEST.fields["verified_on"])
_ASSIGNMENT = _make_adapter("AssignmentForm", assignee=_ASSIGNEE, handover=_HANDOVER)


def check_verification(form: Form, today: dt.date) -> dict[str, Any]:
    """Return the verification in a form; a visit without a date counts as made today.

    Raises
    ------
    Problem
        ``invalid-request``, which names every invalid field.
    """
    fields: dict[str, Any] = {name: form.get_text(name) for name in ("outcome", "category", "note", "objection")}
    measures = (" ".join(text.split()) for text in form.get_all("measures"))
    fields |= {"causes": form.get_all("causes"), "measures": list(dict.fromkeys(filter(None, measures)))}
    body: dict[str, Any] = {}
    errors: list[FieldError] = []
    for adapter, part in ((_VERIFICATION, fields), (_DAY, {"verified_on": form.get_text("verified_on")})):
        try:  # one part at a time, so that a future day is reported with the other errors
            body |= _parse(adapter, part)
            require_no_future({"verified_on": body.get("verified_on", today)}, today)
        except Problem as problem:
            errors += problem.errors
    if errors:
        raise Problem("invalid-request", errors=errors)
    return body


def check_assignment(form: Form) -> dict[str, Any]:
    """Return the assignee in a form; raise the same problem as :func:`check_verification`."""
    return _parse(_ASSIGNMENT, {name: form.get_text(name) for name in ("assignee", "handover")})


def _parse(adapter: TypeAdapter[dict[str, Any]], fields: dict[str, Any]) -> dict[str, Any]:
    """Parse the fields that are not empty."""
    return parse(json.dumps({name: value for name, value in fields.items() if value}).encode(), adapter)
