"""Checks on what a visit found, beyond the types of its fields: every contradiction is named with its field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.casework.verifications.outcomes import MET
from riskml_serving.casework.visits.facts import FACTS, concerns_health
from riskml_serving.people.auth import Caller

__all__ = ["check_told", "check_visit"]

Body = Mapping[str, Any]


def check_visit(body: Body, caller: Caller, today: dt.date, since: dt.date | None) -> None:
    """Check a visit.

    Parameters
    ----------
    body : mapping
        Fields of the visit, with ``verified_on``; their types have been checked.
    caller : Caller
    today : date
    since : date or None
        Day on which the household's current signal began.

    Raises
    ------
    Problem
        ``right-missing`` if the caller states health information without being allowed to see it; otherwise
        ``invalid-request``.
    """
    if caller.redact and (paths := list(_list_health(body))):
        raise Problem(
            "right-missing",
            "健康信息须经授权登记，其余内容未保存；如得知有人生病，请上报线索，由有权限的人员核实登记",
            "Health information can be entered only by those who may see it, so nothing was saved; if somebody is ill, "
            "report a clue, which others will verify",
            errors=[FieldError(path, "health_right", "Needs the right to see health details") for path in paths],
        )
    errors = [*_check_finding(body, today, since), *_check_facts(body, today)]
    if errors:
        raise Problem("invalid-request", errors=errors)


def check_told(day: dt.date, verified_on: dt.date, today: dt.date) -> Iterator[FieldError]:
    """Check the day on which a household was told of a finding."""
    if day > today:
        yield FieldError("told_on", "in_future", "Must not be later than today")
    elif day < verified_on:
        yield FieldError("told_on", "before_visit", "Must not be before the visit")


def _list_health(body: Body) -> Iterator[str]:
    yield from (f"facts[{i}]" for i, fact in enumerate(body.get("facts", ())) if concerns_health(fact))
    if "body" in body.get("checks", {}):
        yield "checks.body"


def _check_finding(body: Body, today: dt.date, since: dt.date | None) -> Iterator[FieldError]:
    outcome, day = body["outcome"], body["verified_on"]
    if day > today:
        yield FieldError("verified_on", "in_future", "Must not be later than today")
    elif outcome == "rejected" and since is not None and day < since:  # a signal cannot be rejected before it exists
        yield FieldError(
            "verified_on",
            "before_signal",
            f"A signal that began on {since} cannot have been rejected before",
            f"信号自 {since} 起，不属实的走访日期不得更早",
        )
    if body.get("category") and outcome != "confirmed":
        yield FieldError("category", "not_confirmed", "Only a confirmed finding has a category")
    if outcome != "rejected":
        for name in ("reason", "told_on"):
            if body.get(name):
                yield FieldError(name, "not_rejected", "Allowed only if the outcome is `rejected`")
    elif not body.get("reason"):
        yield FieldError("reason", "missing_reason", "Say why the finding is not confirmed")
    else:
        if body["reason"] == "other" and not body.get("note"):
            yield FieldError("note", "missing_words", "Say in the note what the reason is")
        if body.get("told_on"):
            yield from check_told(body["told_on"], day, today)
    if outcome not in MET:
        for name in ("facts", "checks", "reassessment"):
            if body.get(name):
                yield FieldError(name, "not_met", "Nobody was met, so nothing can have been found")


def _check_facts(body: Body, today: dt.date) -> Iterator[FieldError]:
    for i, fact in enumerate(body.get("facts", ())):
        kind, path = FACTS[fact["fact"]], f"facts[{i}]"
        for name in fact.keys() - set(kind.fields):
            yield FieldError(f"{path}.{name}", "extra_forbidden", f"The fact {kind.code} has no such field")
        for name in (*(("kind",) if kind.kinds else ()), *kind.needs):
            if fact.get(name) is None:
                yield FieldError(f"{path}.{name}", "missing", "Field required")
        if kind.kinds and fact.get("kind") is not None and fact["kind"] not in kind.kinds:
            yield FieldError(f"{path}.kind", "enum", f"One of: {', '.join(kind.kinds)}")
        amount = fact.get("amount")
        if amount is not None and amount < 0 and not kind.negative:
            yield FieldError(f"{path}.amount", "greater_than_equal", "Must not be below zero")
        if fact["day"] > today:
            yield FieldError(f"{path}.day", "in_future", "Must not be later than today")
        elif fact["day"] > body["verified_on"]:
            yield FieldError(f"{path}.day", "after_visit", "Must not be after the visit")
        if fact.get("until") is not None and fact["until"] < fact["day"]:
            yield FieldError(f"{path}.until", "before_start", "Must not be before the day on which it began")
