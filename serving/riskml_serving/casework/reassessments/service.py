"""Saves new help, and says what it changed."""

from __future__ import annotations

import calendar
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from riskml.policy import Policy
from riskml.records.contract.calendar import to_day
from riskml_serving.base.clock import now, stamp
from riskml_serving.casework.reassessments.help import REGULAR, count_help
from riskml_serving.casework.reassessments.repository import add_help, list_due, read_helps
from riskml_serving.checks.casework import check_help
from riskml_serving.judging.judge import Judged
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import read_current
from riskml_serving.judging.scores.service import judge_households, rescore
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.repository import read_facts
from riskml_serving.store.facts.service import Stated, load_content, save_stated
from riskml_serving.store.households.repository import require_open

__all__ = [
    "begin_help",
    "counts_as_income",
    "describe_helps",
    "follow_help",
    "judge_with_help",
    "read_stated",
]


def _find_due_day(policy: Policy, region: str, started_on: dt.date) -> dt.date | None:
    """Find the day on which help is assessed again; None if the policy has no row for the region on that day."""
    row = policy.reassessment.find(region, to_day(started_on))
    if row is None:
        return None
    months = started_on.year * 12 + started_on.month - 1 + row.months
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(started_on.day, calendar.monthrange(year, month + 1)[1]))


def begin_help(
    connection: Connection,
    caller: Caller,
    household_id: str,
    body: Mapping[str, Any],
    today: dt.date,
    request_id: str,
    *,
    model: Model,
) -> tuple[dict[str, Any], Change | None]:
    """Save new help, as a row of the contract, score the household, and set the day of the second look.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``; ``invalid-request``.
    """
    household = require_open(connection, household_id, caller.region)
    due_on = _find_due_day(model.policy, household["region_code"], body["started_on"])
    check_help(body, today, due_on)
    before = read_current(connection, [household_id], caller.region).get(household_id) or {}
    record_id = f"help-{uuid.uuid4().hex}"
    row = {name: body.get(name) for name in ("started_on", "ended_on", "measure", "amount", "per")}
    saved = {"household_id": household_id, "created_by": caller.key_id, "record_id": record_id, "due_on": due_on}
    saved |= {"given_by": body["given_by"], "started_on": body["started_on"], "score_seq": before.get("seq")}
    saved |= {"created_at": now(), "request_id": request_id}
    _save(connection, saved, body, row, today)
    changes = rescore(connection, model, [household_id], caller.region, today, request_id)
    audit.record(connection, caller, "household.help", household_id, request_id=request_id)
    (described,) = describe_helps([{**saved, "reassessed": False}], {record_id: row})
    return described, changes[0] if changes else None


def _save(
    connection: Connection,
    saved: Mapping[str, Any],
    fact: Mapping[str, Any],
    row: Mapping[str, Any],
    today: dt.date,
) -> None:
    """Save help with its row of the contract."""
    origin = {name: saved[name] for name in ("household_id", "created_by", "created_at", "request_id")}
    stated = Stated(saved["record_id"], "help", "help", fact, row)
    save_stated(connection, {**origin, "recorded_on": today, "verification_id": None}, [stated])
    add_help(connection, dict(saved))


def follow_help(
    connection: Connection, region: str, household_id: str, followers: Sequence[str], today: dt.date, request_id: str
) -> None:
    """Let each household that follows one about to be closed, all of them locked, have its help and the second look.

    Help that was assessed again and works stays in the history of the old household. The money goes with the help if
    one household follows; of several, nobody has said which one gets it, and it must not count twice. Copies of one
    help have one record number: if they meet again in a household, it has the help once.
    """
    helps, rows = read_stated(connection, household_id, region)
    failing = any(row["failing"] for row in list_due(connection, region, today, household_id))
    known = {(code, one["record_id"]) for code in followers for one in read_helps(connection, code, region)}
    for one in reversed(helps):
        if one["reassessed"] and not failing:
            continue
        row = rows[one["record_id"]] | ({} if len(followers) == 1 else {"amount": None})
        saved = {name: one[name] for name in ("record_id", "given_by", "started_on", "due_on", "created_by")}
        saved |= {"score_seq": None, "created_at": now(), "request_id": request_id}
        if one["reassessed"]:  # it does not work, which is a reason to go at once
            saved["due_on"] = today
        for code in followers:
            if (code, one["record_id"]) not in known:
                _save(connection, {**saved, "household_id": code}, {}, {**row, "household_id": code}, today)


def describe_helps(helps: Sequence[Mapping[str, Any]], rows: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe help as the content of JSON objects; ``rows`` holds its rows of the contract by record number."""
    out = []
    for one in helps:
        row = rows[one["record_id"]]
        days = {name: day.isoformat() if (day := row.get(name)) else None for name in ("started_on", "ended_on")}
        own = {"measure": row["measure"], "given_by": one["given_by"], **days}
        own |= {name: row.get(name) for name in ("amount", "per")}
        own |= {"due_on": one["due_on"].isoformat(), "reassessed": bool(one["reassessed"])}
        out.append({**own, "created_by": one["created_by"], "created_at": stamp(one["created_at"])})
    return out


def read_stated(connection: Connection, household_id: str, region: str) -> tuple[list[Any], dict[str, dict[str, Any]]]:
    """Read the help for a household in a region, latest first, and its rows of the contract by record number."""
    helps = read_helps(connection, household_id, region)
    rows = {fact["record_id"]: load_content(fact)["row"] for fact in read_facts(connection, [household_id])}
    return helps, {one["record_id"]: rows[one["record_id"]] for one in helps}


def counts_as_income(policy: Policy, row: Mapping[str, Any]) -> bool:
    """Return whether the policy counts the money of help as income: a monthly allowance does, one-off relief does not.

    Parameters
    ----------
    policy : Policy
    row : row
        Row of the table ``help`` of the contract.
    """
    switch = policy.counting.get("long_term_transfers" if row.get("per") in REGULAR else "one_off_relief")
    return bool(row.get("amount")) and switch is not None and switch.counts


def judge_with_help(
    connection: Connection,
    model: Model,
    household: Mapping[str, Any],
    helps: Sequence[Mapping[str, Any]],
    as_of: dt.date,
) -> dict[str, Judged]:
    """Judge a household ``with`` and ``without`` the money of help counted as income; see :func:`count_help`."""
    return {
        name: judge_households(
            connection,
            model,
            {household["household_id"]: household},
            as_of,
            alter=partial(count_help, helps=helps, as_of=as_of, counted=name == "with"),
        )[0]
        for name in ("with", "without")
    }
