"""Checks that compare cells within one row of the records."""

import datetime as dt

import pytest

from riskml.records.checking.check import check

HOME = {"household_id": "0012"}


def parse_day(text):
    return dt.date.fromisoformat(text)


def list_faults(folder):
    return [(fault.severity, fault.column, fault.code, fault.rows) for fault in check(folder).faults]


def test_withdraws_nothing(make):
    rows = make.rows("income", amount=None)
    assert list_faults(make(income=rows)) == [("fault", "amount", "withdraws_nothing", (1,))]
    assert list_faults(make(income=make.rows("income", amount=None, record_id="R"))) == []


def test_withdrawn_without_record(make):
    row = HOME | {"occurred_on": parse_day("2023-01-05"), "kind": "visit", "withdrawn": True}
    assert list_faults(make(events=[row])) == [("warning", "withdrawn", "withdrawn_without_record", (1,))]
    assert list_faults(make(events=[row | {"record_id": "R"}])) == []
    assert list_faults(make(events=[row | {"withdrawn": False}])) == []


@pytest.mark.parametrize(
    ("table", "start", "end", "more"),
    [
        ("help", "started_on", "ended_on", {"measure": "低保"}),
        ("monitoring", "entered_on", "cleared_on", {"category": "borderline"}),
    ],
)
def test_ends_before_start(make, table, start, end, more):
    row = HOME | more | {start: parse_day("2023-01-05"), end: parse_day("2023-01-04")}
    assert list_faults(make(**{table: [row]})) == [("fault", end, "ends_before_start", (1,))]
    assert list_faults(make(**{table: [row | {end: parse_day("2023-01-05")}]})) == []
    assert list_faults(make(**{table: [row | {end: None}]})) == []


def test_household_or_region(make):
    event = {"occurred_on": parse_day("2023-01-05"), "kind": "flood"}
    sound = [event | HOME | {"region_code": None}, event | {"region_code": "13"}]
    assert list_faults(make(disaster=sound)) == []
    rows = [event | HOME | {"region_code": "13"}, event | {"region_code": None}]
    assert list_faults(make(disaster=rows)) == [("fault", "", "household_or_region", (1, 2))]


@pytest.mark.parametrize("key", [HOME, {"region_code": "13"}])
def test_the_household_or_the_region_column_may_be_absent(make, key):
    assert list_faults(make(disaster=[key | {"occurred_on": parse_day("2023-01-05"), "kind": "flood"}])) == []


def test_a_disaster_table_must_have_at_least_one_of_the_columns(make):
    rows = [{"occurred_on": parse_day("2023-01-05"), "kind": "flood"}]
    assert list_faults(make(disaster=rows)) == [("fault", "", "household_or_region", (1,))]


@pytest.mark.parametrize(
    ("recorded", "warned"), [("2022-12-31", True), ("2023-01-01", False), ("2023-01-31", False), (None, False)]
)
def test_recorded_before_day(make, recorded, warned):
    rows = make.rows("income", recorded_on=recorded and parse_day(recorded))
    expected = [("warning", "recorded_on", "recorded_before_day", (1,))] * warned
    assert list_faults(make(income=rows)) == expected


@pytest.mark.parametrize(("recorded", "warned"), [("2026-01-20", False), ("2026-03-10", True)])
def test_recorded_very_late(make, recorded, warned):
    event = HOME | {"occurred_on": parse_day("2023-01-05"), "kind": "visit", "recorded_on": parse_day(recorded)}
    expected = [("warning", "recorded_on", "recorded_very_late", (1,))] * warned
    assert list_faults(make(events=[event])) == expected
    rows = make.rows("income", recorded_on=parse_day(recorded))
    assert list_faults(make(income=rows)) == expected
    # A twelve-month period ends almost a year after it starts, so neither day of recording is very late.
    assert list_faults(make(income=make.rows("income", recorded_on=parse_day(recorded), months=12))) == []


def test_monitoring_may_be_cleared_years_later(make):
    row = HOME | {"category": "borderline", "entered_on": parse_day("2018-01-05")}
    later = row | {"cleared_on": parse_day("2023-01-05"), "recorded_on": parse_day("2023-01-05")}
    assert list_faults(make(monitoring=[row, later])) == []


def test_self_paid_above_cost(make):
    row = HOME | {"occurred_on": parse_day("2023-01-05"), "kind": "inpatient", "cost": 100.0, "self_paid": 100.5}
    assert list_faults(make(illness=[row])) == []
    assert list_faults(make(illness=[row | {"self_paid": 102.0}])) == [
        ("warning", "self_paid", "self_paid_above_cost", (1,))
    ]
