"""Saves the findings of visits, and exports them as ``monitoring`` records."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection

from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml_serving.base.clock import now, stamp
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.problems import Problem
from riskml_serving.casework.verifications.repository import add_verification, read_verifications, undo_verification
from riskml_serving.casework.verifications.tables import SNAPSHOT
from riskml_serving.http.cursors import CHANGE, VERIFICATION, decrypt_cursor, encrypt_cursor
from riskml_serving.judging.scores.repository import read_current
from riskml_serving.judging.verdict import FIELDS
from riskml_serving.judging.wording import spell
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import require_household

__all__ = ["describe", "may_read_text", "may_undo", "to_monitoring", "undo", "verify"]


def verify(
    connection: Connection, caller: Caller, household_id: str, body: dict[str, Any], today: dt.date, request_id: str
) -> dict[str, Any]:
    """Save a verification together with the household's current score; return it as the content of a JSON object.

    Raises
    ------
    Problem
        ``household-not-found``.
    """
    require_household(connection, household_id, caller.region, lock=True)
    current = read_current(connection, [household_id], caller.region).get(household_id) or {}
    hold_lock(connection, "changes")
    row = {
        "household_id": household_id,
        "outcome": body["outcome"],
        "category": body.get("category"),
        "causes": ";".join(dict.fromkeys(body.get("causes", ()))),
        "measures": "\n".join(dict.fromkeys(body.get("measures", ()))),
        "note": body.get("note", ""),
        "objection": body.get("objection", ""),
        "verified_on": body.get("verified_on") or today,
        "recorded_on": today,
        "created_by": caller.key_id,
        "created_at": now(),
        "request_id": request_id,
        "score_seq": current.get("seq"),
        **{name: current.get(name) for name in SNAPSHOT},
    }
    row["verification_id"] = add_verification(connection, row)
    audit.record(connection, caller, "household.verify", household_id, request_id=request_id, outcome=body["outcome"])
    return describe(connection, row, caller)


def undo(
    connection: Connection, caller: Caller, household_id: str, verification_id: str, today: dt.date, request_id: str
) -> None:
    """Undo a verification on the day on which the same person saved it; it stays stored, but no longer counts.

    Raises
    ------
    Problem
        ``household-not-found`` if the household does not exist, or has no such verification that the caller may undo;
        ``invalid-request`` for a number that the service never issued.
    """
    require_household(connection, household_id, caller.region, lock=True)
    number = decrypt_cursor(connection, VERIFICATION, verification_id, "verification_id")
    rows = read_verifications(connection, household_id, caller.region)
    if not any(row["verification_id"] == number and may_undo(row, caller, today) for row in rows):
        raise Problem(
            "household-not-found",
            "没有可撤销的核实记录（只能当天由本人撤销）",
            "Nothing to undo: a finding can be undone only on the same day and by the same person",
        )
    undo_verification(connection, number, caller.region)
    audit.record(connection, caller, "household.verify.undo", household_id, request_id=request_id, verification=number)


def may_undo(row: dict[str, Any], caller: Caller, today: dt.date) -> bool:
    """Return whether a caller may undo a verification: only its author may, on the day on which it was saved."""
    return bool(row["created_by"] == caller.key_id and row["recorded_on"] == today)


def may_read_text(row: dict[str, Any], caller: Caller) -> bool:
    """Return whether a caller may read a row's free text, which may reveal health data; its author always may."""
    return not caller.redact or row["created_by"] == caller.key_id


def describe(connection: Connection, row: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Describe a verification as the content of a JSON object, without causes and text that the caller may not see.

    The numbers in it are encrypted, so that they reveal no counts; ``cursor`` points to the score in the history.
    """
    seq, readable = row["score_seq"], may_read_text(row, caller)
    return {
        "verification_id": encrypt_cursor(connection, VERIFICATION, row["verification_id"]),
        "outcome": row["outcome"],
        "category": row["category"],
        "causes": _list_causes(row, caller),
        "measures": row["measures"].split("\n") if row["measures"] and readable else [],
        "note": row["note"] if readable else None,
        "verified_on": row["verified_on"].isoformat(),
        "created_by": row["created_by"],
        "created_at": stamp(row["created_at"]),
        "score": {
            **{name: spell(FIELDS[name], row[name]) for name in SNAPSHOT},
            "cursor": None if seq is None else encrypt_cursor(connection, CHANGE, seq),
        },
    }


def _list_causes(row: dict[str, Any], caller: Caller) -> list[str]:
    causes = row["causes"].split(";") if row["causes"] else []
    return [cause for cause in causes if not (caller.redact and cause in HEALTH_CAUSES)]


def to_monitoring(row: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Turn a verification into a row of the contract's table ``monitoring``, known from the day when it was saved."""
    return {
        "household_id": row["household_id"],
        "category": row["category"],
        "entered_on": row["verified_on"].isoformat(),
        "cleared_on": None,
        "causes": ";".join(_list_causes(row, caller)),
        "recorded_on": row["recorded_on"].isoformat(),
    }
