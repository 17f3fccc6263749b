"""Assigns a household to a member of staff, or hands it over to another one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import now
from riskml_serving.casework.assignments.repository import add_assignment
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import require_open

__all__ = ["assign"]


def assign(
    connection: Connection, caller: Caller, household_id: str, body: dict[str, Any], today: dt.date, request_id: str
) -> None:
    """Save who looks after a household from now on.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``.
    """
    require_open(connection, household_id, caller.region)
    names = {"assignee": body["assignee"], "note": body.get("handover", "")}
    row = {"household_id": household_id, **names, "assigned_on": today}
    add_assignment(connection, {**row, "created_by": caller.key_id, "created_at": now(), "request_id": request_id})
    audit.record(connection, caller, "household.assign", household_id, request_id=request_id)
