"""Checks of visits, help, clues and closures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.checks.fields import (
    CLOSED,
    NOT_FOUND,
    find_future,
    list_closed,
    refuse,
    refuse_paths,
)
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.kinds import FACTS, concerns_health
from riskml_serving.store.facts.outcomes import MET

Body = Mapping[str, Any]

SUBJECTS = ("household_id", "unlisted", "region_code")
"""Fields of a clue that say what it is about."""


def check_visit(body: Body, caller: Caller, today: dt.date, since: dt.date | None) -> None:
    """Check a visit.

    Parameters
    ----------
    body : mapping
        Fields of the visit, with ``verified_on``; their types have been checked.
    caller : Caller
    today : date
    since : date or None
        Day on which the household's current signal began, or the earliest matter in its open clues if that is later.

    Raises
    ------
    Problem
        ``right-missing`` if the caller states health information without being allowed to see it; otherwise
        ``invalid-request``.
    """
    if caller.redact and (paths := list(_list_health(body))):
        errors = [FieldError(path, "health_right", "Needs the right to see health details") for path in paths]
        raise Problem("right-missing", "health", errors=errors)
    refuse([*_check_finding(body, today, since), *_check_facts(body, today)])


def check_help(body: Body, today: dt.date, due_on: dt.date | None) -> None:
    """Check new help, which is to be assessed again on ``due_on``; None if the policy does not say when.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    started = body["started_on"]
    errors = [*find_future({"started_on": started}, today), *_find_reversed("ended_on", body.get("ended_on"), started)]
    if due_on is None:
        errors.append(FieldError("started_on", "no_policy", "The policy has no interval for that day"))
    refuse(errors)


def find_told_faults(day: dt.date, verified_on: dt.date, today: dt.date) -> Iterator[FieldError]:
    """Find what is wrong with the day on which a household was told of a finding."""
    yield from find_future({"told_on": day}, today)
    if day <= today and day < verified_on:
        yield FieldError("told_on", "before_visit", "Must not be before the visit")


def _find_reversed(path: str, end: dt.date | None, start: dt.date) -> Iterator[FieldError]:
    if end is not None and end < start:
        yield FieldError(path, "before_start", "Must not be before the day on which it began")


def _list_health(body: Body) -> Iterator[str]:
    yield from (f"facts[{i}]" for i, fact in enumerate(body.get("facts", ())) if concerns_health(fact))
    if "body" in body.get("checks", {}):
        yield "checks.body"


def _check_finding(body: Body, today: dt.date, since: dt.date | None) -> Iterator[FieldError]:
    outcome, day = body["outcome"], body["verified_on"]
    yield from find_future({"verified_on": day}, today)
    if outcome == "rejected" and since is not None and day < since:  # a signal cannot be rejected before it exists
        yield FieldError(
            "verified_on",
            "before_signal",
            f"A signal or clue that dates from {since} cannot have been rejected before",
            f"信号或线索自 {since} 起，不属实的走访日期不得更早",
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
            yield from find_told_faults(body["told_on"], day, today)
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
        yield from find_future({f"{path}.day": fact["day"]}, today)
        if today >= fact["day"] > body["verified_on"]:
            yield FieldError(f"{path}.day", "after_visit", "Must not be after the visit")
        yield from _find_reversed(f"{path}.until", fact.get("until"), fact["day"])


def find_subject_faults(body: Body) -> Iterator[FieldError]:
    """Find whether a clue has no subject, or several."""
    named = [name for name in SUBJECTS if body.get(name)]
    if len(named) != 1:
        text = "Exactly one of household_id, unlisted and region_code is needed"
        yield from (FieldError(name, "one_subject", text) for name in named or SUBJECTS)


def check_clue(body: Body, today: dt.date) -> str:
    """Check a clue, which must have exactly one subject; return the name of the field that holds it.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    refuse(find_subject_faults(body))
    subject = next(name for name in SUBJECTS if body.get(name))
    refuse(find_future({"occurred_on": body.get("occurred_on", today)}, today))
    if subject == "region_code" and body["what"] != "disaster":
        refuse([FieldError("what", "disaster_only", "Only a disaster strikes a whole place")])
    return subject


def check_followers(followers: Sequence[str], register: Mapping[str, Mapping[str, Any]], household_id: str) -> None:
    """Check that a closed household's successors are other, open households in the caller's region.

    Parameters
    ----------
    followers : sequence of str
    register : dict of str to dict
        Rows of the register of households for the followers that live in the caller's region, by code.
    household_id : str
        Household to close.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``.
    """
    paths = {code: f"followed_by[{i}]" for i, code in enumerate(followers)}
    missing = [path for code, path in paths.items() if code not in register or code == household_id]
    refuse_paths(missing, *NOT_FOUND)
    refuse_paths((paths[code] for code in list_closed(register)), *CLOSED)
