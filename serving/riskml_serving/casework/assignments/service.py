"""Assigns a household to a member of staff, or hands it over."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection

from riskml_serving.base.clock import now
from riskml_serving.casework.assignments.repository import add_assignment
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import require_household

__all__ = ["assign"]


def assign(
    connection: Connection, caller: Caller, household_id: str, assignee: str, note: str, today: dt.date, request_id: str
) -> None:
    """Save who looks after a household from now on.

    Raises
    ------
    Problem
        ``household-not-found``.
    """
    require_household(connection, household_id, caller.region, lock=True)
    row = {"household_id": household_id, "assignee": assignee, "note": note, "assigned_on": today}
    add_assignment(connection, {**row, "created_by": caller.key_id, "created_at": now(), "request_id": request_id})
    audit.record(connection, caller, "household.assign", household_id, request_id=request_id)
