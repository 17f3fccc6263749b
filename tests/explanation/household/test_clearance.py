"""Conditions for declaring a risk eliminated: six months above the line, no flag, a member able to work.

riskml only reports whether they are met; the decision is left to people."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml.explanation.household.clearance import check_clearance
from riskml.explanation.household.views import make_rule_view
from riskml.policy import apply_rule_line, load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records

LINE = 6000.0


def list_met(last_months: float, labour: str | None = "full", months: int = 30):
    """Return which conditions a one-person household meets; ``last_months`` is the ratio of its income in the
    last six months to the line."""
    starts = [dt.date(2022 + m // 12, m % 12 + 1, 1) for m in range(months)]
    amounts = [LINE / 12 * 1.5] * (months - 6) + [LINE / 12 * last_months] * 6
    tables = {
        "households": {"household_id": ["a"], "region_code": ["990101101200"], "size": [1]},
        "income": {
            "household_id": ["a"] * months,
            "period_start": starts,
            "source": ["wage"] * months,
            "amount": amounts,
        },
        "lines": {"region_code": [""], "effective_from": [dt.date(2020, 1, 1)], "amount": [LINE]},
    }
    if labour is not None:
        tables["members"] = {"household_id": ["a"], "member_id": ["m"], "labour": [labour]}
    policy = load_policy()
    panel = Records.from_tables(tables, policy.lines).panel(to_day(dt.date(2024, 6, 30)))
    rule = make_rule_view(apply_rule_line(panel, policy), 0, 12, frozenset())
    return {condition.code: condition.met for condition in check_clearance(panel, policy, rule)}


def test_a_household_that_stayed_above_the_line_meets_every_condition():
    assert list_met(1.5) == {"stable_income": True, "no_flags": True, "labour": True}


def test_a_single_month_end_below_the_line_fails_the_condition():
    assert list_met(0.4)["stable_income"] is False
    assert list_met(0.4)["no_flags"] is False


def test_an_income_exactly_on_the_line_is_not_below_it():
    assert list_met(0.5)["stable_income"] is True, "half a year at 1.5, then half a year at 0.5, is on the line"


@pytest.mark.parametrize(("labour", "expected"), [("none", False), ("weak", True), (None, None)])
def test_the_labour_condition_needs_a_member_known_to_be_able_to_work(labour, expected):
    assert list_met(1.5, labour)["labour"] is expected


def test_unreported_months_are_unknown():
    assert list_met(1.5, months=12)["stable_income"] is None
