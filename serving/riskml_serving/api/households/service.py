"""One household: its score, its history, its explanation, its end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import stamp
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.casework.verifications.repository import read_verifications
from riskml_serving.casework.verifications.service import describe
from riskml_serving.http.responses import make_envelope
from riskml_serving.http.sealed_cursors import CHANGE, encrypt_cursor
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.repository import read_current, read_history, remove_scores
from riskml_serving.judging.scores.service import judge_households
from riskml_serving.judging.wording import show
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import close_household, find_households, require_household

__all__ = ["close", "describe_household", "describe_score", "explain_household"]

MAX_HISTORY = 200
"""Changes of a score in one answer, the latest first."""


def describe_score(row: dict[str, Any], model: Model, caller: Caller) -> dict[str, Any]:
    """Describe a score in plain values, without what the caller may not see."""
    out = show(row, model.policy, caller.redact)
    return {**out, "as_of": row["as_of"].isoformat(), "scored_at": stamp(row["scored_at"])}


def describe_household(
    connection: Connection, model: Model, caller: Caller, household_id: str, request_id: str
) -> dict[str, Any]:
    """Describe a household: where it lives, its current score, its history and its verifications."""
    row = require_household(connection, household_id, caller.region)
    current = read_current(connection, [household_id], caller.region).get(household_id)
    history = read_history(connection, household_id, MAX_HISTORY)
    verifications = read_verifications(connection, household_id, caller.region)
    followers = row["followed_by"].split(";") if row["followed_by"] else []
    visible = find_households(connection, followers, caller.region)
    audit.record(connection, caller, "household.read", household_id, request_id=request_id)
    audit.record(connection, caller, "household.named", sorted(visible), request_id=request_id)
    as_of, scored_at = (current["as_of"], current["scored_at"]) if current else (None, None)
    return {
        **make_envelope(model.names, as_of, scored_at, request_id),
        "household_id": household_id,
        "region_code": row["region_code"],
        "opened_on": row["opened_on"].isoformat(),
        "closed_on": row["closed_on"].isoformat() if row["closed_on"] else None,
        "closed_because": row["closed_because"],
        "followed_by": [code for code in followers if code in visible],
        "followed_elsewhere": len(followers) - len(visible),
        "score": describe_score(current, model, caller) if current else None,
        "history": [
            {
                "cursor": encrypt_cursor(connection, CHANGE, past["seq"]),
                "change": past["change"],
                **describe_score(past, model, caller),
            }
            for past in history
        ],
        "verifications": [describe(connection, verification, caller) for verification in verifications],
    }


def explain_household(
    connection: Connection,
    model: Model,
    caller: Caller,
    household_id: str,
    as_of: dt.date | None,
    request_id: str,
) -> dict[str, Any]:
    """Explain a household's score as of its own date or another.

    Raises
    ------
    Problem
        ``household-not-found``; ``not-scored`` where nothing is known of it at the date.
    """
    row = require_household(connection, household_id, caller.region)
    current = read_current(connection, [household_id], caller.region).get(household_id)
    day = as_of or (current["as_of"] if current else None)
    if day is None:
        raise Problem("not-scored")
    (judged,) = judge_households(connection, model, {household_id: row}, day)
    agreement = None
    if current is not None and current["as_of"] == day and current["agreement_by"] == "capacity":
        agreement = current["agreement"]
    explanation = judged.explain(agreement=agreement, redact=caller.redact)
    if explanation.status == "unknown":
        raise Problem("not-scored")
    audit.record(
        connection, caller, "household.explain", household_id, request_id=request_id, redacted=list(caller.redact)
    )
    scored_at = current["scored_at"] if current is not None and current["as_of"] == day else None
    return {**make_envelope(model.names, day, scored_at, request_id), "explanation": explanation.to_json()}


def close(
    connection: Connection,
    model: Model,
    caller: Caller,
    household_id: str,
    body: dict[str, Any],
    today: dt.date,
    request_id: str,
) -> dict[str, Any]:
    """Close a household that moved away, split, merged or died out; its history stays.

    Raises
    ------
    Problem
        ``household-not-found`` for it or for one that follows it; ``household-closed`` where any of them was closed
        before; ``invalid-request`` for a day that is still to come.
    """
    on = body.get("closed_on") or today
    if on > today:
        raise Problem("invalid-request", errors=[FieldError("closed_on", "in_future", "Not later than today")])
    row = require_household(connection, household_id, caller.region, lock=True)
    if row["closed_on"] is not None:
        raise Problem("household-closed")
    followers = list(dict.fromkeys(body.get("followed_by", ())))
    rows = find_households(connection, followers, caller.region)
    missing = [
        FieldError(f"followed_by[{i}]", "not_found", "No such household in the region of the key")
        for i, code in enumerate(followers)
        if code not in rows or code == household_id
    ]
    if missing:
        raise Problem("household-not-found", errors=missing)
    closed = [
        FieldError(f"followed_by[{i}]", "closed", "This household was closed")
        for i, code in enumerate(followers)
        if rows[code]["closed_on"] is not None
    ]
    if closed:
        raise Problem("household-closed", errors=closed)
    close_household(connection, household_id, caller.region, on, body["because"], ";".join(followers))
    remove_scores(connection, household_id, caller.region, request_id)
    audit.record(
        connection,
        caller,
        "household.close",
        household_id,
        request_id=request_id,
        because=body["because"],
        to=len(followers),
    )
    if followers:  # codes are hashed in their own column only, never in the detail
        audit.record(connection, caller, "household.follow", followers, request_id=request_id)
    return {
        **make_envelope(model.names, None, None, request_id),
        "household_id": household_id,
        "closed_on": on.isoformat(),
        "closed_because": body["because"],
        "followed_by": followers,
    }
