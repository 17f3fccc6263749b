"""Saves what a visit found: the finding and the facts, in one transaction, scored at once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import now
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.problems import Problem
from riskml_serving.casework.clues.service import read_open_clues
from riskml_serving.casework.reassessments.repository import read_helps
from riskml_serving.casework.verifications.repository import (
    add_verification,
    change_verification,
    read_verifications,
)
from riskml_serving.casework.verifications.service import describe, may_undo
from riskml_serving.casework.verifications.tables import SNAPSHOT
from riskml_serving.casework.worklist.repository import ListFilter, read_list
from riskml_serving.checks.casework import check_visit, find_told_faults
from riskml_serving.checks.fields import refuse, refuse_paths
from riskml_serving.http.cursors import BEGINNING, VERIFICATION, decrypt_cursor, encrypt_cursor
from riskml_serving.judging.act import Act
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import read_current
from riskml_serving.judging.scores.service import rescore
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.kinds import FACTS, concerns_health
from riskml_serving.store.facts.outcomes import MET
from riskml_serving.store.facts.repository import read_facts_of_visits, undo_facts
from riskml_serving.store.facts.service import Stated, load_content, save_stated, settle_facts
from riskml_serving.store.households.repository import find_households, require_household


def verify(act: Act, household_id: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], Change | None]:
    """Save a visit with the score before and after it.

    Parameters
    ----------
    act : Act
    household_id : str
    body : mapping
        Finding and facts. ``seen`` is the version of the household's findings that the caller has seen, as
        :func:`find_version` returns it; without it, nothing is compared.

    Returns
    -------
    dict
        The verification, as the content of a JSON object.
    Change or None
        The score before and after; None if the household was not scored.

    Raises
    ------
    Problem
        ``household-not-found``; ``finding-changed`` if somebody else has saved a finding since; ``household-closed`` if
        facts are stated about a closed household; what :func:`check_visit` raises.
    """
    connection, caller, today = act.connection, act.caller, act.today
    household = require_household(connection, household_id, caller.region, lock=True)
    _require_seen(connection, caller, household_id, body.get("seen"))
    body = {**body, "verified_on": body.get("verified_on") or today}
    listed = read_list(connection, ListFilter(caller.region, "all", household=household_id), 0, 1)
    clues = read_open_clues(connection, caller.region, [household_id]).get(household_id, ())
    heard = min((clue["occurred_on"] or clue["recorded_on"] for clue in clues), default=None)
    check_visit(body, caller, today, max(filter(None, (listed and listed[0]["since"], heard)), default=None))
    if body.get("reassessment") and not read_helps(connection, household_id, caller.region):
        refuse_paths(["reassessment"], "no_help", "No help has been recorded")
    if household["closed_on"] is not None and body.get("facts"):
        raise Problem("household-closed")
    before = read_current(connection, [household_id], caller.region).get(household_id) or {}
    hold_lock(connection, "changes")
    row = {
        "household_id": household_id,
        "outcome": body["outcome"],
        "category": body.get("category"),
        "causes": ";".join(dict.fromkeys(body.get("causes", ()))),
        "measures": "\n".join(dict.fromkeys(body.get("measures", ()))),
        "note": body.get("note", ""),
        "objection": body.get("objection", ""),
        "verified_on": body["verified_on"],
        "checks": json.dumps(checks, sort_keys=True) if (checks := body.get("checks")) else "",
        "reason": body.get("reason"),
        "told_on": body.get("told_on"),
        "reassessment": body.get("reassessment"),
        "recorded_on": today,
        **act.origin,
        "score_seq": before.get("seq"),
        **{name: before.get(name) for name in SNAPSHOT},
    }
    row["verification_id"] = add_verification(connection, row)
    change = None
    if row["outcome"] in MET and household["closed_on"] is None:
        _save_facts(connection, row, body.get("facts", ()))
        changes = rescore(act, [household_id])
        change = changes[0] if changes else None
    after = read_current(connection, [household_id], caller.region).get(household_id) or {}
    scored = {"after_seq": after.get("seq"), "after_signal": after.get("signal")}
    change_verification(connection, row["verification_id"], caller.region, **scored)
    counts = {"facts": len(body["facts"])} if body.get("facts") else {}
    act.record("household.verify", household_id, outcome=body["outcome"], **counts)
    facts = describe_facts(connection, [row], caller)[row["verification_id"]]
    return {**describe(connection, row, caller), **facts}, change


def _save_facts(connection: Connection, verification: Mapping[str, Any], facts: Sequence[Mapping[str, Any]]) -> None:
    """Save the facts of a visit, and the visit itself, as rows of the contract that staff stated."""
    visit = {"occurred_on": verification["verified_on"], "kind": "visit", "channel": "visit"}
    stated: list[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]] = [("visit", "events", {}, visit)]
    stated += [(fact["fact"], FACTS[fact["fact"]].table, fact, FACTS[fact["fact"]].make_row(fact)) for fact in facts]
    names = ("household_id", "verification_id", "recorded_on", "created_by", "created_at", "request_id")
    origin = {name: verification[name] for name in names}
    save_stated(connection, origin, [Stated(f"visit-{uuid.uuid4().hex}", *one) for one in stated])


def find_version(rows: Sequence[Mapping[str, Any]], connection: Connection) -> str:
    """Return the version of a household's findings, from its verifications, latest first."""
    return encrypt_cursor(connection, VERIFICATION, rows[0]["verification_id"]) if rows else BEGINNING


def _require_seen(connection: Connection, caller: Caller, household_id: str, seen: str | None) -> None:
    """Refuse a finding whose author has not seen the last one.

    Raises
    ------
    Problem
        ``finding-changed``.
    """
    if seen is None:
        return
    rows = read_verifications(connection, household_id, caller.region)
    if decrypt_cursor(connection, VERIFICATION, seen, "seen") != (rows[0]["verification_id"] if rows else 0):
        content = {"verification": describe(connection, rows[0], caller)} if rows else {}
        raise Problem("finding-changed", content={**content, "seen": find_version(rows, connection)})


def undo(act: Act, household_id: str, verification_id: str) -> None:
    """Undo a verification, with its facts, on the day on which the same person saved it; it stays stored.

    Raises
    ------
    Problem
        ``household-not-found`` if the household does not exist, or has no such verification that the caller may undo;
        ``invalid-request`` for a number that the service never issued.
    """
    connection, caller = act.connection, act.caller
    household = require_household(connection, household_id, caller.region, lock=True)
    number = decrypt_cursor(connection, VERIFICATION, verification_id, "verification_id")
    rows = read_verifications(connection, household_id, caller.region)
    if not any(row["verification_id"] == number and may_undo(row, caller, act.today) for row in rows):
        raise Problem("household-not-found", "undo")
    hold_lock(connection, "changes")
    change_verification(connection, number, caller.region, undone_at=now())
    homes = {household_id: household}  # and where persons of whom it states facts live since today
    homes |= find_households(connection, undo_facts(connection, number) - homes.keys(), caller.region, lock=True)
    settle_facts(connection, homes, act.request_id)
    rescore(act, [code for code, row in homes.items() if row["closed_on"] is None])
    act.record("household.verify.undo", household_id, verification=number)


def tell(act: Act, household_id: str, verification_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Save the day on which the household was told that its risk was not confirmed, and its objection, if any.

    A day that has been saved cannot be changed.

    Raises
    ------
    Problem
        ``household-not-found``; ``already-told``; ``invalid-request``.
    """
    connection, caller = act.connection, act.caller
    require_household(connection, household_id, caller.region, lock=True)
    number = decrypt_cursor(connection, VERIFICATION, verification_id, "verification_id")
    rows = read_verifications(connection, household_id, caller.region)
    row = next((row for row in rows if row["verification_id"] == number and row["outcome"] == "rejected"), None)
    if row is None:
        raise Problem("household-not-found", "told")
    if row["told_on"] is not None:
        raise Problem("already-told")
    refuse(find_told_faults(body["told_on"], row["verified_on"], act.today))
    reply = {"told_on": body["told_on"], "objection": row["objection"] or body.get("objection", "")}
    change_verification(connection, number, caller.region, **reply)
    act.record("household.told", household_id, objects=bool(reply["objection"]))
    return describe(connection, {**row, **reply}, caller)


def describe_facts(
    connection: Connection, verifications: Sequence[Mapping[str, Any]], caller: Caller
) -> dict[int, dict[str, Any]]:
    """Describe the facts of a household's visits, by the number of the verification.

    Health information is left out for callers who may not see it, and counted.
    """
    out: dict[int, dict[str, Any]] = {row["verification_id"]: {"facts": [], "hidden_facts": 0} for row in verifications}
    for fact in read_facts_of_visits(connection, sorted(out)):
        if fact["kind"] == "visit":
            continue
        own, content = out[fact["verification_id"]], load_content(fact)["fact"]
        if caller.redact and concerns_health(content):
            own["hidden_facts"] += 1
        else:
            own["facts"].append(content)
    return out
