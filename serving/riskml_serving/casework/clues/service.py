"""Saves clues, resolves those whose household was not found, and describes them without what a reader may not see."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import stamp
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.problems import Problem
from riskml_serving.casework.clues import repository
from riskml_serving.casework.clues.kinds import may_read_clue
from riskml_serving.casework.clues.states import find_state
from riskml_serving.http.cursors import CLUE, decrypt_cursor, encrypt_cursor
from riskml_serving.judging.act import Act
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.service import receive_rows
from riskml_serving.store.records.repository import split_codes

FIELDS = ("what", "disaster", "channel", "amount", "occurred_on")
"""Fields of a report that are saved unchanged; those that it leaves out are null."""


def make_record(row: Mapping[str, Any], today: dt.date) -> dict[str, list[dict[str, Any]]]:
    """Make the record that a clue is: an event of the household, or a disaster of the place."""
    day = {"occurred_on": row["occurred_on"] or today, "record_id": row["record_id"]}
    if row["subject"] == "place":
        return {"disaster": [{**day, "region_code": row["region_code"], "kind": row["disaster"] or "other"}]}
    content = {"channel": row["channel"], "amount": row["amount"], "household_id": row["household_id"]}
    return {"events": [{**day, **content, "kind": "report"}]}


def draft(body: Mapping[str, Any], subject: str, region: str, household_id: str | None = None) -> dict[str, Any]:
    """Make a clue from a report about a household, an unlisted household or a place, for :func:`save`."""
    row = {name: body.get(name) for name in FIELDS} | {"note": body.get("note", "")}
    about = {"subject": subject, "region_code": region, "household_id": household_id}
    return {**row, **about, "record_id": f"clue-{uuid.uuid4()}"}


def save(act: Act, row: dict[str, Any]) -> int:
    """Save a clue whose household, if it has one, is locked; return its number."""
    code = row["household_id"]
    last = 0 if code is None else repository.find_last_verification(act.connection, code, act.caller.region)
    hold_lock(act.connection, "changes")
    days = {"after_verification": last, "recorded_on": act.today}
    number = repository.add_clue(act.connection, {**row, **act.origin, **days})
    where = {"region": row["region_code"]} if code is None else {}
    act.record("clue.add", code, channel=row["channel"], **where)
    return number


def resolve(act: Act, clue_id: str, household_id: str | None, resolution: str) -> dict[str, Any]:
    """Save which household, locked by the calling code, a clue is about, or why it does not belong to the county.

    Returns
    -------
    dict
        The clue.

    Raises
    ------
    Problem
        ``clue-not-found``, or ``clue-resolved`` if somebody else has resolved it.
    """
    connection, region, code = act.connection, act.caller.region, household_id
    hold_lock(connection, "changes")
    row = repository.find_clue(connection, decrypt_cursor(connection, CLUE, clue_id, "clue_id"), region)
    if row is None:
        raise Problem("clue-not-found")
    if find_state(row) != "missing":
        raise Problem("clue-resolved")
    last = 0 if code is None else repository.find_last_verification(connection, code, region)
    about = {"household_id": code, "after_verification": last, "resolution": resolution}
    done = {"resolved_on": act.today, "resolved_by": act.caller.key_id}
    repository.update_clue(connection, row["clue_id"], region, **about, **done)
    act.record("clue.resolve", code, found=code is not None)
    return {**row, "household_id": code}


def follow_clues(act: Act, household_id: str, followers: Sequence[str]) -> None:
    """Let each household that follows a closed one, all of them locked, have its open clues, one copy for each.

    Copies of one report have one record number: if they meet again in a household, it has the clue once, and the other
    one is closed. Each copy is also a record of the household that now has it.
    """
    connection, region, rows = act.connection, act.caller.region, []
    hold_lock(connection, "changes")
    clues = read_open_clues(connection, region, [household_id, *followers])
    known = {(code, clue["record_id"]) for code in followers for clue in clues.get(code, ())}
    for clue in clues.get(household_id, ()):
        new = [code for code in followers if (code, clue["record_id"]) not in known]
        for i, code in enumerate(new):
            last = repository.find_last_verification(connection, code, region)
            about = {"household_id": code, "after_verification": last}
            if i == 0:
                repository.update_clue(connection, clue["clue_id"], region, **about)
            else:  # the name that an unlisted clue may have stays with the first
                about |= {"subject": "household"}
                repository.add_clue(connection, clue | about)
            rows += make_record(clue | about, clue["recorded_on"])["events"]
        if followers and not new:
            done = {"household_id": None, "resolved_on": act.today, "resolved_by": act.caller.key_id, "resolution": ""}
            done["region_code"] = clue["region_code"]  # where the household lives now
            repository.update_clue(connection, clue["clue_id"], region, **done)
    receive_rows(connection, {"events": [{**row, "recorded_on": act.today} for row in rows]}, act.request_id)


def read_open_clues(
    connection: Connection, region: str, household_ids: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """Read the clues of households in a region that no visit has settled, by household, the earliest first."""
    clues: dict[str, list[dict[str, Any]]] = {}
    for part in split_codes(sorted(household_ids)):
        for row in repository.read_clues(connection, region, state="open", households=part):
            clues.setdefault(row["household_id"], []).append(row)
    return clues


def find_closing_day(row: Mapping[str, Any]) -> dt.date | None:
    """Find the day on which a clue was closed; None while it is not."""
    if find_state(row) != "closed":
        return None
    day: dt.date = row["told_on"] or row["verified_on"] or row["resolved_on"] or row["recorded_on"]
    return day


def describe(connection: Connection, row: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Describe a clue as the content of a JSON object, without what the caller may not see; ``hidden`` says whether.

    Free text may reveal health data, so only its author and callers with the right to health details see it.
    """
    readable, author = may_read_clue(row, caller), row["created_by"] == caller.key_id
    return {
        "clue_id": encrypt_cursor(connection, CLUE, row["clue_id"]),
        "subject": row["subject"],
        **({"household_id": row["household_id"]} if row["household_id"] else {}),
        "region_code": row["region_code"],
        "what": row["what"] if readable else None,
        "hidden": not readable,
        "disaster": row["disaster"],
        "channel": row["channel"],
        "amount": row["amount"] if readable else None,
        "occurred_on": row["occurred_on"],
        "note": None if row["note"] and caller.redact and not author else row["note"],
        "state": find_state(row),
        "outcome": row["outcome"] or None,
        "reason": row["reason"],
        "verified_on": row["verified_on"],
        "told_on": row["told_on"],
        "closed_on": find_closing_day(row),
        "recorded_on": row["recorded_on"],
        "created_by": row["created_by"],
        "created_at": stamp(row["created_at"]),
    }
