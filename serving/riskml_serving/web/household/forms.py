"""Reads the forms on a household's page as the types of API requests; ``checks`` checks them when they are saved."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, NotRequired

from pydantic import Field, TypeAdapter

from riskml_serving.api.verifications.schemas import HELP_REQUEST, MAX_NOTE, VERIFICATION_REQUEST
from riskml_serving.base.contract import make_day_type, make_dict_type
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.checks.fields import find_future, refuse
from riskml_serving.http.bodies import parse
from riskml_serving.store.facts.outcomes import CHECKS
from riskml_serving.web.shell.forms import Form, read_amount

MAX_LENGTHS = {"note": MAX_NOTE, "objection": 1000, "assignee": 60, "handover": 500}
"""Maximum number of characters in each text field."""

_OBJECTION = NotRequired[Annotated[str, Field(max_length=MAX_LENGTHS["objection"])]]
_ASSIGNEE = Annotated[str, Field(max_length=MAX_LENGTHS["assignee"])]
_HANDOVER = NotRequired[Annotated[str, Field(max_length=MAX_LENGTHS["handover"])]]


def _make_adapter(name: str, **fields: Any) -> TypeAdapter[dict[str, Any]]:
    return TypeAdapter(make_dict_type(name, fields))


_VERIFICATION = _make_adapter("VerificationForm", **VERIFICATION_REQUEST.fields, objection=_OBJECTION)
_DAYS = {
    name: _make_adapter(f"Form_{name}", **{name: VERIFICATION_REQUEST.fields[name]})
    for name in ("verified_on", "told_on")
}
_CALL_BACK = _make_adapter(
    "NotificationForm", told_on=make_day_type("Day on which the household was told."), objection=_OBJECTION
)
_ASSIGNMENT = _make_adapter("AssignmentForm", assignee=_ASSIGNEE, handover=_HANDOVER)


class FactFields(NamedTuple):
    """The fields of a form that state one kind of fact.

    Parameters
    ----------
    name : str
        Beginning of the fields' names.
    values : dict of str to str
        Fields of the fact that the form does not ask for.
    asks : tuple of str
        Fields of the fact that the form asks for; a fact is stated if any of them but ``kind`` is filled in.
    times : int, default 1
        How many such facts the form has room for.
    """

    name: str
    values: Mapping[str, str]
    asks: tuple[str, ...]
    times: int = 1


FACT_FIELDS = (
    FactFields("bill", {"fact": "bill"}, ("kind", "amount", "day", "member_id"), 3),
    FactFields("income", {"fact": "income"}, ("kind", "amount", "day")),
    FactFields("loss", {"fact": "loss"}, ("kind", "amount", "day")),
    FactFields("school", {"fact": "event", "kind": "school_fee"}, ("amount", "day")),
    FactFields("job", {"fact": "event", "kind": "job_loss"}, ("day",)),
    FactFields("event", {"fact": "event"}, ("kind", "day")),
    FactFields("help", {"fact": "help"}, ("measure", "amount", "per", "day")),
)
"""What the form of a visit can state."""

OWN_FIELDS = frozenset(own.values["kind"] for own in FACT_FIELDS if "kind" in own.values)
"""Events that have fields of their own in the form, so that the field for other events does not offer them."""

_CHOICES = ("kind", "per", "member_id")
"""Fields with a choice that is always sent, which alone states nothing."""


def list_facts(form: Form) -> list[tuple[str, dict[str, Any]]]:
    """List the facts in a form, each with the beginning of its fields' names."""
    out = []
    for own in FACT_FIELDS:
        columns = {name: form.get_all(f"{own.name}_{name}") for name in own.asks}
        for i in range(own.times):
            filled = {name: values[i].strip() for name, values in columns.items() if i < len(values)}
            filled = {name: value for name, value in filled.items() if value}
            if filled.keys() - set(_CHOICES):
                amount = {"amount": read_amount(filled["amount"])} if "amount" in filled else {}
                choices = () if "amount" in filled else ("per",)
                stated = {name: value for name, value in filled.items() if name not in choices}
                out.append((own.name, {**own.values, **stated, **amount}))
    return out


def name_errors(form: Form, problem: Problem, beginning: str = "") -> dict[str, FieldError]:
    """Return the errors of a problem by the names of the form's fields, which may have a common beginning."""
    names, out = [name for name, _ in list_facts(form)], dict[str, FieldError]()
    for error in problem.errors:
        path, fact = error.path, re.fullmatch(r"facts\[(\d+)\](?:\.(\w+))?", error.path)
        if fact:
            path = "_".join(filter(None, (names[int(fact[1])], fact[2])))
        out.setdefault(f"{beginning}{path.replace('checks.', 'check_').partition('[')[0]}", error)
    return out


def read_verification(form: Form, today: dt.date) -> dict[str, Any]:
    """Return the verification in a form; a visit without a date counts as made today.

    Raises
    ------
    Problem
        ``invalid-request``, which names every invalid field.
    """
    names = ("outcome", "category", "note", "objection", "reason", "reassessment", "seen")
    fields: dict[str, Any] = {name: form.get_text(name) for name in names}
    measures = (" ".join(text.split()) for text in form.get_all("measures"))
    fields |= {"causes": form.get_all("causes"), "measures": list(dict.fromkeys(filter(None, measures)))}
    if fields["outcome"] in ("rejected", "not_met"):  # the page hides these fields then, but browsers send them
        fields |= {"category": "", "causes": [], "measures": []}
    checks = {code: form.get_text(f"check_{code}") for code in CHECKS}
    fields |= {"checks": {code: state for code, state in checks.items() if state}}
    fields |= {"facts": [fact for _, fact in list_facts(form)]}
    body: dict[str, Any] = {}
    errors: list[FieldError] = []
    days = {name: form.get_text(name) for name in _DAYS}
    for adapter, part in ((_VERIFICATION, fields), *((_DAYS[name], {name: day}) for name, day in days.items())):
        try:  # one part at a time, so that a future day is reported with the other errors
            body |= _parse(adapter, part)
        except Problem as problem:
            errors += problem.errors
    if errors:  # the visit will not be checked, but its days can be
        refuse([*errors, *find_future({name: body[name] for name in _DAYS if name in body}, today)])
    return body


def read_notification(form: Form) -> dict[str, Any]:
    """Return the call-back in a form; raise the same problem as :func:`read_verification`."""
    return _parse(_CALL_BACK, {name: form.get_text(name) for name in ("told_on", "objection")})


def read_help(form: Form) -> dict[str, Any]:
    """Return the help in a form; raise the same problem as :func:`read_verification`."""
    names = ("measure", "given_by", "started_on", "ended_on", "per")
    fields: dict[str, Any] = {name: form.get_text(f"begun_{name}") for name in names}
    amount = form.get_text("begun_amount")
    return _parse(HELP_REQUEST.adapter, {**fields, **({"amount": read_amount(amount)} if amount else {})})


def read_assignment(form: Form) -> dict[str, Any]:
    """Return the assignee in a form; raise the same problem as :func:`read_verification`."""
    return _parse(_ASSIGNMENT, {name: form.get_text(name) for name in ("assignee", "handover")})


def _parse(adapter: TypeAdapter[dict[str, Any]], fields: dict[str, Any]) -> dict[str, Any]:
    """Parse the fields that are not empty."""
    body: dict[str, Any] = parse(json.dumps({name: value for name, value in fields.items() if value}).encode(), adapter)
    return body
