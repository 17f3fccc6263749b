"""Rows that conflict are found: a total and a single source in one month, or two versions from the same day."""

from __future__ import annotations

import pytest

from riskml.records.panel.clashes import find_repeated_rows, find_total_clashes


def find_clashes(*rows):
    names = ("household_id", "period_start", "months", "source", "amount", "recorded_on", "record_id")
    return find_total_clashes(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


TOTAL = ("a", "2024-01-01", 3, "total", 900.0, None, "t")
WAGE = ("a", "2024-03-01", None, "wage", 300.0, None, None)


def test_any_month_in_a_period_can_conflict():
    assert find_clashes(WAGE, TOTAL) == [1]
    assert find_clashes(("a", "2024-04-01", None, "wage", 300.0, None, None), TOTAL) == []


def test_rows_for_another_household_do_not_conflict():
    assert find_clashes(("b", *WAGE[1:]), TOTAL) == []


def test_only_the_latest_record_counts_in_any_order():
    moved = ("a", "2024-06-01", 1, "total", 300.0, "2024-07-01", "t")
    early = (*TOTAL[:5], "2024-05-01", "t")
    assert find_clashes(WAGE, early, moved) == find_clashes(moved, early, WAGE) == []
    late = (*TOTAL[:5], "2024-08-01", "t")
    assert find_clashes(late, moved, WAGE) == [0]


def test_a_record_without_a_recording_date_is_known_at_the_end_of_its_period():
    withdrawn = (*TOTAL[:4], None, "2024-03-30", "t")
    assert find_clashes(WAGE, TOTAL, withdrawn) == [1]
    assert find_clashes(WAGE, TOTAL, (*TOTAL[:4], None, "2024-04-01", "t")) == []


def find_repeated(name, *rows):
    names = {key for row in rows for key in row}
    return find_repeated_rows(name, {key: [row.get(key) for row in rows] for key in names})


MEMBER = {"household_id": "a", "member_id": "m", "recorded_on": "2024-01-05"}
BILL = {"household_id": "a", "occurred_on": "2024-01-05", "record_id": "r"}
MARCH = {"household_id": "a", "period_start": "2024-01-01", "months": 3, "source": "wage", "record_id": "r"}
LINE = {"region_code": None, "effective_from": "2024-01-01"}


@pytest.mark.parametrize(
    ("name", "first", "change", "faulty"),
    [
        ("members", MEMBER, {}, True),
        ("members", MEMBER, {"member_id": "n"}, False),
        ("members", MEMBER, {"household_id": "b"}, False),
        ("members", MEMBER, {"recorded_on": None}, False),
        ("members", {**MEMBER, "recorded_on": None}, {}, True),
        ("households", MEMBER, {"member_id": "n"}, True),
        ("illness", BILL, {}, True),
        ("illness", BILL, {"household_id": "b"}, True),
        ("illness", BILL, {"recorded_on": "2024/1/5"}, True),
        ("illness", BILL, {"recorded_on": "2024-01-06"}, False),
        ("illness", BILL, {"occurred_on": "2024-01-06"}, False),
        ("illness", {**BILL, "record_id": None}, {}, False),
        ("illness", {**BILL, "record_id": ""}, {}, False),
        ("income", MARCH, {"recorded_on": "2024-03-31"}, True),
        ("income", MARCH, {"period_start": "2024-03-01", "months": None}, True),
        ("income", MARCH, {"months": 4}, False),
        ("monitoring", {"household_id": "a", "entered_on": "2024-01-05"}, {"entered_on": "2024/1/5"}, True),
        ("monitoring", {"household_id": "a", "entered_on": "2024-01-05"}, {"entered_on": "2024-01-06"}, False),
        ("lines", LINE, {"region_code": ""}, True),
        ("lines", LINE, {"region_code": "37"}, False),
        ("lines", LINE, {"effective_from": "2024-02-01"}, False),
    ],
)
def test_two_versions_of_a_row_conflict_if_they_became_known_on_the_same_day(name, first, change, faulty):
    assert find_repeated(name, first, {**first, **change}) == ([1] if faulty else [])
    assert find_repeated(name, {**first, **change}, first) == ([1] if faulty else [])
    assert find_repeated(name, first) == []


def test_rows_without_a_record_id_are_summed():
    assert find_repeated("events", *[{"household_id": "a", "occurred_on": "2024-01-05"}] * 3) == []
