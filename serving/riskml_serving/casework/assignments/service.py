"""Assigns a household to a member of staff, or hands it over to another one."""

from __future__ import annotations

from typing import Any

from riskml_serving.casework.assignments.repository import add_assignment
from riskml_serving.judging.act import Act
from riskml_serving.store.households.repository import require_open


def assign(act: Act, household_id: str, body: dict[str, Any]) -> None:
    """Save who looks after a household from now on.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``.
    """
    require_open(act.connection, household_id, act.caller.region)
    names = {"assignee": body["assignee"], "note": body.get("handover", "")}
    add_assignment(act.connection, {"household_id": household_id, **names, "assigned_on": act.today, **act.origin})
    act.record("household.assign", household_id)
