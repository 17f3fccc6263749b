"""Describes, explains and closes one household, for the endpoints under ``/v1/households``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection

from riskml_serving.api.call import Call
from riskml_serving.base.clock import stamp
from riskml_serving.base.problems import Problem
from riskml_serving.casework.clues.repository import find_clued
from riskml_serving.casework.clues.service import follow_clues
from riskml_serving.casework.reassessments.repository import read_helps
from riskml_serving.casework.reassessments.service import describe_help, follow_help
from riskml_serving.casework.verifications.repository import read_verifications
from riskml_serving.casework.verifications.service import describe
from riskml_serving.casework.visits.service import describe_facts
from riskml_serving.casework.worklist.states import list_bringers
from riskml_serving.checks.casework import check_followers
from riskml_serving.checks.fields import find_future, refuse
from riskml_serving.http.cursors import CHANGE, encrypt_cursor
from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.judging.scores.repository import read_current, read_history, remove_scores
from riskml_serving.judging.scores.service import explain_stored, find_deserted_day, rescore
from riskml_serving.judging.wording import find_as_of_day, show
from riskml_serving.register.service import follow_closure
from riskml_serving.store.facts.service import move_facts
from riskml_serving.store.households.repository import (
    close_household,
    find_households,
    join_followers,
    require_household,
    require_open,
    split_followers,
)
from riskml_serving.store.records.columns import to_rows
from riskml_serving.store.records.repository import read_rows

MAX_HISTORY = 200
"""Maximum number of score changes in one response; the latest come first."""


def describe_score(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    """Describe a score as the content of a JSON object, leaving out what the caller may not see."""
    out = show(row, call.model.policy, call.caller.redact)
    return {**out, "as_of": row["as_of"], "scored_at": stamp(row["scored_at"])}


def describe_listed(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    """Describe a household of the ranked list: where it lives, its section, who warns of it, and its score."""
    living = {"household_id": row["household_id"], "region_code": row["region_code"]}
    placed = {"section": SECTIONS.codes[row["order_section"]], "brought_by": list_bringers(row)}
    return {**living, **placed, **describe_score(call, row)}


def describe_household(connection: Connection, call: Call, household_id: str) -> dict[str, Any]:
    """Describe a household: where it lives, its current score, its history and its verifications."""
    row = require_household(connection, household_id, call.caller.region)
    current = read_current(connection, [household_id], call.caller.region).get(household_id)
    history = read_history(connection, household_id, MAX_HISTORY)
    verifications = read_verifications(connection, household_id, call.caller.region)
    facts = describe_facts(connection, verifications, call.caller)
    clued = bool(find_clued(connection, [household_id]))
    followers = split_followers(row["followed_by"])
    visible = find_households(connection, followers, call.caller.region)
    alone = current is None and row["closed_on"] is None
    deserted_on = find_deserted_day(connection, call.model, row, call.today) if alone else None
    call.act(connection).record("household.read", household_id)
    call.act(connection).record("household.named", sorted(visible))
    return {
        **(call.make_envelope(find_as_of_day([current]), current["scored_at"]) if current else call.make_envelope()),
        "household_id": household_id,
        "region_code": row["region_code"],
        "opened_on": row["opened_on"],
        "closed_on": row["closed_on"],
        "closed_because": row["closed_because"],
        "deserted_on": deserted_on,
        "followed_by": [code for code in followers if code in visible],
        "followed_elsewhere": len(followers) - len(visible),
        "score": describe_score(call, current) if current else None,
        "brought_by": list_bringers({**current, "clued": clued}) if current else [],
        "history": [
            {
                "cursor": encrypt_cursor(connection, CHANGE, past["seq"]),
                "change": past["change"],
                **describe_score(call, past),
            }
            for past in history
        ],
        "verifications": [
            {**describe(connection, one, call.caller), **facts[one["verification_id"]]} for one in verifications
        ],
        "help": [describe_help(one, call.caller) for one in read_helps(connection, household_id, call.caller.region)],
    }


def explain_household(connection: Connection, call: Call, household_id: str, as_of: dt.date | None) -> dict[str, Any]:
    """Explain a household's score as of ``as_of`` or, by default, the date of the current score.

    Raises
    ------
    Problem
        ``household-not-found``; ``not-scored`` if the household was not yet on record on that date, or if no date is
        given and it has no current score.
    """
    row = require_household(connection, household_id, call.caller.region)
    current = read_current(connection, [household_id], call.caller.region).get(household_id)
    day = as_of or (current["as_of"] if current else None)
    if day is None:
        raise Problem("not-scored")
    stored = current if current is not None and current["as_of"] == day else None
    judged, explanation = explain_stored(connection, call.model, row, stored, day, call.caller.redact)
    if explanation.status == "unknown":
        raise Problem("not-scored")
    call.act(connection).record("household.explain", household_id, redacted=list(call.caller.redact))
    head = call.make_envelope(judged.as_of, stored["scored_at"] if stored else None)
    return {**head, "explanation": explanation.to_json()}


def close(connection: Connection, call: Call, household_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Close a household that moved away, split, merged or died out; its history stays.

    Its open clues, the help that is to be assessed again and the facts about its members follow it.

    Raises
    ------
    Problem
        ``household-not-found`` if the household, or one that follows it, is not in the caller's region;
        ``household-closed`` if any of them is already closed; ``invalid-request`` for a date in the future.
    """
    on, because, region = body.get("closed_on", call.today), body["because"], call.caller.region
    act = call.act(connection)
    refuse(find_future({"closed_on": on}, call.today))
    followers = list(dict.fromkeys(body.get("followed_by", ())))
    register = find_households(connection, [household_id, *followers], region, lock=True)
    require_open(connection, household_id, region)
    check_followers(followers, register, household_id)
    follow_help(act, household_id, followers)
    close_household(connection, household_id, region, on, because, join_followers(followers))
    members = to_rows(read_rows(connection, "members", followers))
    follow_closure(connection, household_id, followers, members)
    remove_scores(connection, [household_id], region, call.request_id)
    homes = {one["member_id"]: one["household_id"] for one in members if one["left_on"] is None}
    only = followers[0] if len(followers) == 1 else None
    move_facts(connection, [household_id], lambda _: homes, call.today, call.request_id, rest=only)
    follow_clues(act, household_id, followers)
    rescore(act, followers)
    act.record("household.close", household_id, because=because, to=len(followers))
    if followers:  # the audit log pseudonymises codes only in their own column, so they must not be in the details
        act.record("household.follow", followers)
    return {
        **call.make_envelope(),
        "household_id": household_id,
        "closed_on": on,
        "closed_because": because,
        "followed_by": followers,
    }
