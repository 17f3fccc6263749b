"""Simulated visits in the demo's county: each finding is what happens to the household later in the simulation.

None of this shows what visits would yield in a real county: like the households, the visits are simulated, and every
page says so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine

from riskml.outcomes import label
from riskml.outcomes.labels import MISSING
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day, to_month
from riskml.records.panel.store import Records
from riskml.splits import Settings as Span
from riskml_serving.base.database import writing
from riskml_serving.casework.assignments.service import assign
from riskml_serving.casework.visits.service import verify
from riskml_serving.casework.worklist.repository import ListFilter, read_list
from riskml_serving.commands.demo.accounts import Account
from riskml_serving.judging.act import Act
from riskml_serving.people.accounts import Visitor
from riskml_serving.people.accounts.repository import find_user
from riskml_serving.people.auth import Caller, covers

VISITS_A_MONTH = 7
"""Maximum visits per month to households on the list, and after alerts: few enough that some stay on the list."""

DELAY = dt.timedelta(days=3)
"""Time between the end of a month and the visits."""

MAX_LISTED = 10_000
ASSIGNEE = "演示帮扶责任人"
NOTE = "演示：模拟走访，结果取自模拟农户此后的实际变化"


def visit_month(
    engine: Engine, records: Records, span: Span, accounts: Sequence[Account], as_of: dt.date, last: dt.date
) -> int:
    """Visit the first households on a month-end list, and as many others flagged by a rule; return their number.

    Parameters
    ----------
    engine : Engine
    records : Records
        Records of the simulated households up to the last month, which say what happened after a visit.
    span : riskml.splits.Settings
        Settings that define a fall, such as the horizon in months.
    accounts : sequence of Account
        Accounts that may record visits; the first one whose region contains a household visits it.
    as_of, last : date
        The end of the month before the visits, and the end of the last month in the records.

    Notes
    -----
    Flagged households are visited in random order, as alerts from departments arrive. Without these visits, nothing
    would show what the rule line alone finds. A finding is confirmed if the household is below the line as of the
    visit, or if it falls below the line or enters monitoring by the last month, at most the model's horizon later. In
    both cases, income after unavoidable spending is compared with the line too. A finding is pending if the records do
    not show what happened.
    """
    months = to_month(to_day(last)) - to_month(to_day(as_of))
    fell = _find_falls(records, replace(span, horizon=min(span.horizon, months)), as_of)
    with writing(engine) as connection:
        callers = [_find_caller(connection, account) for account in accounts]
        by_list, every = (
            read_list(connection, ListFilter(region="", state=state), 0, MAX_LISTED) for state in ("open", "all")
        )
        first = [row for row in by_list if row["last_outcome"] != "pending"][:VISITS_A_MONTH]
        visited = {row["household_id"] for row in first}
        alerts = [row for row in every if not row["last_outcome"] and row["status"] == "at_risk" and row["rule_flags"]]
        alerts = sorted((row for row in alerts if row["household_id"] not in visited), key=_hash_code)[:VISITS_A_MONTH]
        for row in (*first, *alerts):
            visitor = next(caller for caller in callers if covers(caller.region, row["region_code"]))
            body = _build_verification(row, fell)
            act = Act(connection, visitor, as_of + DELAY, "demo")
            verify(act, row["household_id"], body)
            if body["outcome"] == "confirmed":
                assign(act, row["household_id"], {"assignee": ASSIGNEE})
    return len(first) + len(alerts)


def _hash_code(row: dict[str, Any]) -> str:
    """Make a sort key that reveals nothing about the household and never changes."""
    return hashlib.sha256(row["household_id"].encode()).hexdigest()


def _find_falls(records: Records, span: Span, as_of: dt.date) -> dict[str, bool]:
    """Find out which households fell below the line or entered monitoring within the horizon; omit unclear cases."""
    labels = label(records, [to_day(as_of)], span, load_policy())
    codes = records.household_id[labels.household]
    return {str(code): bool(y) for code, y in zip(codes, labels.y, strict=True) if y != MISSING}


def _find_caller(connection: Connection, account: Account) -> Caller:
    row = find_user(connection, account.username)
    assert row is not None, "accounts are created before the visits"
    return Visitor.from_row(dict(row)).caller


def _build_verification(row: dict[str, Any], fell: dict[str, bool]) -> dict[str, Any]:
    """Build the verification that the visitor records, with the model's first cause if the household is in need."""
    in_need = True if row["status"] in ("below_line", "in_hardship") else fell.get(row["household_id"])
    outcome = "pending" if in_need is None else "confirmed" if in_need else "rejected"
    causes = [cause for cause in row["causes"].split(";") if cause][:1] if in_need else []
    reason = {"reason": "not_so"} if outcome == "rejected" else {}
    return {"outcome": outcome, "causes": causes, "note": NOTE, **reason}
