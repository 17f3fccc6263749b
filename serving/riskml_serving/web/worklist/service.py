"""The work list in words: who comes first, what can be done this week, what is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskml.explanation.redaction import HEALTH_CAUSES
from riskml.policy import AGREEMENTS, CATEGORIES, COLOURS, TIERS, Policy
from riskml.records.schema import CAUSES
from riskml_serving.auth import Caller
from riskml_serving.scoring.service import shown
from riskml_serving.settings import Settings
from riskml_serving.web.names import masked
from riskml_serving.web.words import SHAPES
from riskml_serving.web.workdays import announced, days_between, last_day_overdue, working_days_after
from riskml_serving.web.worklist import repository
from riskml_serving.web.worklist.repository import Wanted

__all__ = ["STATES", "Week", "causes_for", "row_of", "wanted_of", "week_of"]

STATES = ("open", "overdue", "unverified", "settled", "monitored", "all")


@dataclass(frozen=True)
class Week:
    """What can be done in a week.

    Parameters
    ----------
    capacity : int
        Households that can be visited.
    chosen : frozenset of str
        The first of the list.
    expected : float
        Sum of their calibrated probabilities: the true cases expected among those that have one.
    predicted : int
        How many of them have a probability.
    """

    capacity: int
    chosen: frozenset[str]
    expected: float
    predicted: int


def wanted_of(asked: Mapping[str, str], region: str, caller: Caller, settings: Settings, today: dt.date,
              policy: Policy) -> Wanted:  # fmt: skip
    """Turn the fields of the filter into what the list is narrowed to; what it does not know counts as not asked."""
    cause = asked.get("cause", "")
    cause = cause if cause in causes_for(caller) else ""
    tiers = {"none": -1, **{code: i for i, code in enumerate(TIERS)}}
    category, state = asked.get("category", ""), asked.get("state", "open")
    search = asked.get("q", "").strip()[:128]
    return Wanted(
        region=region,
        state="all" if search else state if state in STATES else "open",
        overdue_since=last_day_overdue(today, settings.visit_working_days),
        signal=tuple(i for i, code in enumerate(COLOURS) if code == asked.get("signal")),
        tier=tuple(i for code, i in tiers.items() if code == asked.get("tier")),
        agreement=tuple(code for code in AGREEMENTS if code == asked.get("agreement")),
        category=category if category in (*CATEGORIES, "none") else "",
        cause=cause,
        flags=tuple(code for code, trigger in policy.triggers.items() if cause and trigger.cause == cause),
        search=search,
    )


def causes_for(caller: Caller) -> list[str]:
    """Causes to choose from: to be told who is listed under a health cause is to be told of their health."""
    return [code for code in CAUSES if not (caller.redact and code in HEALTH_CAUSES)]


def week_of(connection: Connection, wanted: Wanted, capacity: int) -> Week:
    """Find who can be visited this week."""
    rows = repository.listed(connection, wanted, 0, capacity)
    known = [row["probability"] for row in rows if row["probability"] is not None]
    return Week(capacity, frozenset(row["household_id"] for row in rows), sum(known), len(known))


def _agreement(row: Mapping[str, Any]) -> str | None:
    """Code of the words for both verdicts; a tier that has no place in the visit capacity still points at somebody.

    >>> _agreement({"agreement": "neither", "tier": 1, "probability": 0.07})
    'neither_outside'
    """
    if row["probability"] is None:
        return None
    code = str(row["agreement"])
    return f"{code}_outside" if row["tier"] > 0 and code in ("neither", "rule_only") else code


def row_of(
    row: Mapping[str, Any], policy: Policy, caller: Caller, settings: Settings, today: dt.date
) -> dict[str, Any]:
    """One household of the list, without what the caller may not see."""
    score = shown({name: row[name] for name in ("tier", "rule_signal", "signal", "rule_flags")}, policy, caller.redact)
    since = row["since"] if row["signal"] > 0 else None
    due = working_days_after(since, settings.visit_working_days) if since else None
    to_do = row["status"] != "monitored" and not row["settled"] and due is not None
    return {
        "household_id": row["household_id"],
        "masked": masked(row["household_id"]),
        "region_code": row["region_code"],
        "status": row["status"],
        "signal": score["signal"],
        "shape": SHAPES[score["signal"]],
        "tier": score["tier"] or "none",
        "probability": row["probability"],
        "agreement": _agreement(row),
        "flags": [policy.triggers[code] for code in score["rule_flags"] if code in policy.triggers],
        "hidden_flags": score["hidden_flags"],
        "since": since,
        "waited": days_between(since, today) if since else None,
        "due": due if to_do else None,
        "due_known": due is None or announced(due),
        "overdue": bool(to_do and due and due < today),
        "last_outcome": row["last_outcome"],
        "last_verified_on": row["last_verified_on"],
        "settled": bool(row["settled"]),
        "assignee": row["assignee"],
    }
