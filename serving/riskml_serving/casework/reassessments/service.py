"""Saves new help, and says what it changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from riskml.policy import Policy
from riskml_serving.base.clock import stamp
from riskml_serving.casework.reassessments.help import REGULAR, count_help
from riskml_serving.casework.reassessments.repository import list_due, read_helps
from riskml_serving.casework.verifications.service import may_read_text
from riskml_serving.checks.casework import check_help
from riskml_serving.judging.act import Act
from riskml_serving.judging.judge import Judged
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import read_current
from riskml_serving.judging.scores.service import judge_households, rescore
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.repository import read_facts
from riskml_serving.store.facts.service import Stated, save_stated
from riskml_serving.store.helps.repository import add_helps
from riskml_serving.store.helps.service import find_due_day
from riskml_serving.store.households.repository import require_open


def begin_help(act: Act, household_id: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], Change | None]:
    """Save new help, as a row of the contract, score the household, and set the day of the second look.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``; ``invalid-request``.
    """
    connection, region = act.connection, act.caller.region
    household = require_open(connection, household_id, region)
    due_on = find_due_day(act.model.policy, household["region_code"], body["started_on"])
    check_help(body, act.today, due_on)
    before = read_current(connection, [household_id], region).get(household_id) or {}
    row = {name: body.get(name) for name in ("started_on", "ended_on", "measure", "amount", "per")}
    saved = {
        "household_id": household_id,
        "record_id": f"help-{uuid.uuid4().hex}",
        "given_by": body["given_by"],
        "due_on": due_on,
        "score_seq": before.get("seq"),
        **act.origin,
    }
    _save(act, saved, body, row)
    changes = rescore(act, [household_id])
    act.record("household.help", household_id)
    helps = read_helps(connection, household_id, region)
    own = next(one for one in helps if one["request_id"] == act.request_id and one["given_by"] == body["given_by"])
    return describe_help(own, act.caller), changes[0] if changes else None


def _save(act: Act, saved: Mapping[str, Any], fact: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Save help with its row of the contract."""
    origin = {name: saved[name] for name in ("household_id", "created_by", "created_at", "request_id")}
    stated = Stated(saved["record_id"], "help", "help", fact, row)
    save_stated(act.connection, {**origin, "recorded_on": act.today, "verification_id": None}, [stated])
    _add(act.connection, saved, row)


def _add(connection: Connection, saved: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    add_helps(connection, [{**saved, "measure": row["measure"], "started_on": row["started_on"], "row_id": None}])


def follow_help(act: Act, household_id: str, followers: Sequence[str]) -> None:
    """Let each household that follows one about to be closed, all of them locked, have its help and the second look.

    Help that was assessed again and works stays in the history of the old household. The money goes with the help if
    one household follows; of several, nobody has said which one gets it, and it must not count twice. Copies of one
    help have one record number: if they meet again in a household, it has the help once.

    A copy states anew what a department delivered, so that the department's next row corrects it. What a visit found
    goes to the only follower by itself; see :func:`riskml_serving.store.facts.service.move_facts`.
    """
    connection, region = act.connection, act.caller.region
    helps = read_helps(connection, household_id, region)
    visits = {fact["record_id"]: fact["verification_id"] for fact in read_facts(connection, [household_id])}
    failing = any(row["failing"] for row in list_due(connection, region, act.today, household_id))
    known = {(fact["household_id"], fact["record_id"]) for fact in read_facts(connection, followers)}
    for one in reversed(helps):
        if one["reassessed"] and not failing:
            continue
        row = {name: one[name] for name in ("started_on", "ended_on", "measure", "emergency", "amount", "per")}
        row |= {} if len(followers) == 1 else {"amount": None}
        due_on = act.today if one["reassessed"] else one["due_on"]  # if it does not work, somebody has to go at once
        saved = {**act.origin, "given_by": one["given_by"], "due_on": due_on, "score_seq": None}
        saved["created_by"] = one["created_by"] or act.caller.key_id
        saved["record_id"] = one["record_id"] if one["record_id"] in visits else f"help-{uuid.uuid4().hex}"
        for code in followers:
            if (code, one["record_id"]) in known:
                continue
            if len(followers) == 1 and visits.get(one["record_id"]) is not None:
                _add(connection, {**saved, "household_id": code}, row)
            else:
                _save(act, {**saved, "household_id": code}, {}, row)


def describe_help(one: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Describe help, read with its record, as the content of a JSON object.

    What it is, who gave it and its amount are None for readers who may not see health data, as in the timeline.
    """
    readable = may_read_text(one, caller)
    days = {name: one[name] for name in ("started_on", "ended_on", "due_on")}
    what = {name: one[name] if readable else None for name in ("measure", "given_by", "amount", "per")}
    same = {"reassessed": bool(one["reassessed"]), "created_by": one["created_by"]}
    return {**what, **days, **same, "created_at": stamp(one["created_at"])}


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
    home = {household["household_id"]: household}

    def judge(reported: Collection[int] | None) -> Judged:
        alter = partial(count_help, helps=helps, as_of=as_of, reported=reported)
        return judge_households(connection, model, home, as_of, alter)[0]

    without = judge(None)
    panel = without.panel
    months = {panel.month - back for back, known in enumerate(panel.reported[:, 0]) if known}
    return {"with": judge(months), "without": without}
