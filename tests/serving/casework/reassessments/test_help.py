"""Help as a second look counts it: with and without its money, from the records of the household."""

from __future__ import annotations

import datetime as dt

from riskml_serving.casework.reassessments.help import count_help
from riskml_serving.store.records.columns import to_columns


def test_help_is_never_added_to_a_statement_that_contains_it():
    day = dt.date(2024, 1, 31)
    own = {"household_id": "h1", "source": "total", "amount": 12000.0, "member_id": None, "record_id": None}
    statement = {**own, "period_start": dt.date(2022, 10, 1), "months": 12, "statement": True, "recorded_on": day}
    gift = {"started_on": dt.date(2023, 8, 9), "ended_on": dt.date(2023, 11, 3), "amount": 300.0, "per": "month"}
    amounts = {
        counted: count_help({"income": to_columns([statement])}, [gift], day, counted=counted)["income"]["amount"]
        for counted in (True, False)
    }
    assert amounts == {True: [12000.0, 300.0, 300.0], False: [11400.0]}
    monthly = {**own, "period_start": dt.date(2023, 11, 1), "months": 1, "statement": None, "recorded_on": day}
    once = {**gift, "started_on": dt.date(2023, 11, 9), "per": "once"}
    assert count_help({"income": to_columns([monthly])}, [once], day, counted=True)["income"]["amount"] == [12300.0]
    assert count_help({"income": to_columns([monthly])}, [once], day, counted=False)["income"]["amount"] == [12000.0]
