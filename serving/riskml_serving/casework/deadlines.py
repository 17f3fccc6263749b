"""Days by which to visit, to decide and to name who helps: one rule for the list, its workbook and the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskml.policy import Policy
from riskml_serving.base.settings import Settings
from riskml_serving.casework.workdays import announced, last_day_overdue, working_days_after

__all__ = ["DEADLINES", "Deadline", "deadlines_of", "late_since"]

DEADLINES = ("visit", "decision", "helper")


@dataclass(frozen=True)
class Deadline:
    """Something to be done by a day.

    Parameters
    ----------
    name : {"visit", "decision", "helper"}
    day : date
    done, late : bool
    announced : bool
        Whether the holidays up to that day are known.
    """

    name: str
    day: dt.date
    done: bool
    late: bool
    announced: bool


def deadlines_of(row: Mapping[str, Any], policy: Policy, settings: Settings, today: dt.date) -> list[Deadline]:
    """Deadlines of a household as the work list reads it; none without a signal, nor in monitoring without a finding.

    Somebody who was not met has not been visited; a visit that leaves the case open (待核) was one but decides nothing.
    """
    settled = bool(row["settled"])
    confirmed = settled and row["last_outcome"] == "confirmed"
    if not row["signal"] or (row["status"] == "monitored" and not confirmed):
        return []
    since, timing = row["since"], policy.timing
    rows = [
        ("visit", working_days_after(since, settings.visit_working_days), settled or bool(row["visited"])),
        ("decision", since + dt.timedelta(days=int(timing["decision"].value)), settled),
    ]
    if confirmed:
        helper = working_days_after(row["last_verified_on"], int(timing["helper_assigned"].value))
        rows.append(("helper", helper, row["assignee"] is not None))
    return [Deadline(name, day, done, not done and day < today, announced(day)) for name, day, done in rows]


def late_since(policy: Policy, settings: Settings, today: dt.date) -> dict[str, dt.date]:
    """Latest beginning of which the deadline is over, by deadline: the rule of :func:`deadlines_of` turned round."""
    return {
        "visit": last_day_overdue(today, settings.visit_working_days),
        "decision": today - dt.timedelta(days=int(policy.timing["decision"].value) + 1),
        "helper": last_day_overdue(today, int(policy.timing["helper_assigned"].value)),
    }
