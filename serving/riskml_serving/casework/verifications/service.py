"""Describes the findings of visits, and exports them as ``monitoring`` records."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from sqlalchemy import Connection

from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml_serving.base.clock import stamp
from riskml_serving.casework.verifications.tables import SNAPSHOT
from riskml_serving.http.cursors import CHANGE, VERIFICATION, encrypt_cursor
from riskml_serving.judging.verdict import FIELDS
from riskml_serving.judging.wording import spell
from riskml_serving.people.auth import Caller


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
        "verified_on": row["verified_on"],
        "reason": row["reason"],
        "told_on": row["told_on"],
        "reassessment": row["reassessment"],
        "checks": _read_checks(row, caller),
        "created_by": row["created_by"],
        "created_at": stamp(row["created_at"]),
        "score": {
            **{name: spell(FIELDS[name], row[name]) for name in SNAPSHOT},
            "cursor": None if seq is None else encrypt_cursor(connection, CHANGE, seq),
        },
    }


def _read_checks(row: dict[str, Any], caller: Caller) -> dict[str, str]:
    checks: dict[str, str] = json.loads(row["checks"] or "{}")
    return {code: state for code, state in checks.items() if not (caller.redact and code == "body")}


def _list_causes(row: dict[str, Any], caller: Caller) -> list[str]:
    causes = row["causes"].split(";") if row["causes"] else []
    return [cause for cause in causes if not (caller.redact and cause in HEALTH_CAUSES)]


def to_monitoring(row: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Turn a verification into a row of the contract's table ``monitoring``, known from the day when it was saved."""
    return {
        "household_id": row["household_id"],
        "category": row["category"],
        "entered_on": row["verified_on"],
        "cleared_on": None,
        "causes": ";".join(_list_causes(row, caller)),
        "recorded_on": row["recorded_on"],
    }
