"""Checks that find records, versions and poverty lines that contradict one another."""

import datetime as dt

import pytest

from riskml.records.checking.check import check

HOME = {"household_id": "0012"}


def parse_day(text):
    return dt.date.fromisoformat(text)


def list_faults(folder):
    return [(fault.severity, fault.column, fault.code, fault.count, fault.rows) for fault in check(folder).faults]


def make_incomes(make, *changes):
    return make(income=[make.rows("income")[0] | change for change in changes])


def test_duplicate_record(make):
    first = {"record_id": "R", "recorded_on": parse_day("2023-02-03")}
    folder = make_incomes(make, {"record_id": "Q"}, first, first | {"amount": 5.0})
    assert list_faults(folder) == [("fault", "record_id", "duplicate_record", 2, (2, 3))]
    assert list_faults(make_incomes(make, first, first | {"recorded_on": parse_day("2023-02-04")})) == []


def test_a_correction_may_move_a_record_to_another_household(make):
    first = {"record_id": "R", "recorded_on": parse_day("2023-02-03")}
    moved = {"record_id": "R", "recorded_on": parse_day("2023-02-04"), "household_id": "0013"}
    assert list_faults(make_incomes(make, first, moved)) == []


@pytest.mark.parametrize(
    ("recorded", "months", "clash"),
    [(None, 1, True), ("2023-01-31", 1, True), ("2023-01-30", 1, False), ("2023-01-31", 3, False)],
)
def test_duplicate_records_are_compared_by_the_default_of_recorded_on(make, recorded, months, clash):
    # The first row is known from the last day of its period, because it has no day of recording.
    first = {"record_id": "R", "months": months}
    folder = make_incomes(make, first, first | {"recorded_on": recorded and parse_day(recorded)})
    assert list_faults(folder) == [("fault", "record_id", "duplicate_record", 2, (1, 2))] * clash


def test_duplicate_records_of_events_are_compared_by_their_date(make):
    event = HOME | {"kind": "visit", "occurred_on": parse_day("2023-01-05"), "record_id": "R"}
    rows = [event, event | {"occurred_on": parse_day("2023-01-04"), "recorded_on": parse_day("2023-01-05")}]
    assert list_faults(make(events=rows)) == [("fault", "record_id", "duplicate_record", 2, (1, 2))]
    assert list_faults(make(events=rows[:1], help=[])) == []


def test_the_same_record_id_may_occur_in_two_tables(make):
    event = HOME | {"kind": "visit", "occurred_on": parse_day("2023-01-05"), "record_id": "R"}
    case = HOME | {"kind": "other", "occurred_on": parse_day("2023-01-05"), "record_id": "R"}
    assert list_faults(make(events=[event], illness=[case])) == []


def test_duplicate_version_of_households(make):
    rows = make.rows("households")
    again = rows[0] | {"size": 4}
    clash = [("fault", "recorded_on", "duplicate_version", 2, (1, 3))]
    assert list_faults(make(households=[*rows, again])) == clash
    assert list_faults(make(households=[*rows, again | {"recorded_on": parse_day("2023-01-05")}])) == []
    dated = {"recorded_on": parse_day("2023-01-05")}
    rows[0] |= dated
    assert list_faults(make(households=[*rows, again | dated])) == clash


def test_duplicate_version_of_members_and_monitoring(make):
    member = HOME | {"member_id": "1"}
    entry = HOME | {"category": "borderline", "entered_on": parse_day("2023-01-05")}
    folder = make(
        members=[member, member | {"sex": "f"}, member | {"member_id": "2"}, member | {"household_id": "0013"}],
        monitoring=[
            entry,
            entry | {"recorded_on": entry["entered_on"]},
            entry | {"entered_on": parse_day("2023-02-05")},
            entry | {"recorded_on": entry["entered_on"], "cleared_on": parse_day("2023-08-05")},
        ],
    )
    # An empty recorded_on counts as earlier than any date, even the day of entry.
    assert list_faults(folder) == [
        ("fault", "recorded_on", "duplicate_version", 2, (1, 2)),
        ("fault", "recorded_on", "duplicate_version", 2, (2, 4)),
    ]


def test_duplicate_line(make):
    line = make.rows("lines")[0]
    lines = [
        line,
        line | {"amount": 7400.0},
        line | {"region_code": None},
        line | {"region_code": "", "amount": 7500.0},
    ]
    assert list_faults(make(lines=lines)) == [("fault", "effective_from", "duplicate_line", 4, (1, 2, 3, 4))]
    later = line | {"effective_from": parse_day("2023-01-01")}
    assert list_faults(make(lines=[line, later, line | {"region_code": "1305"}])) == []
    assert list_faults(make(lines=[line, line | {"amount": 7400.0, "recorded_on": parse_day("2023-02-01")}])) == []
    again = line | {"recorded_on": line["effective_from"]}
    assert list_faults(make(lines=[line, again])) == [("fault", "effective_from", "duplicate_line", 2, (1, 2))]


def test_equal_rows(make):
    folder = make_incomes(make, {}, {"amount": 5.0}, {}, {"source": "property"}, {})
    assert list_faults(folder) == [("warning", "", "equal_rows", 2, (3, 5))]
    assert list_faults(make_incomes(make, {"record_id": "1"}, {"record_id": "2"})) == []
    assert list_faults(make_incomes(make, {"record_id": "1"}, {})) == []


def make_total(months=1, start="2023-01-01", **more):
    return {"source": "total", "months": months, "period_start": parse_day(start)} | more


def test_total_and_sources(make):
    clash = [("fault", "source", "total_and_sources", 2, (1, 2))]
    assert list_faults(make_incomes(make, {}, make_total())) == clash
    assert list_faults(make_incomes(make, {"months": 2}, make_total(start="2023-02-01"))) == clash
    assert list_faults(make_incomes(make, {}, make_total(months=12), {"household_id": "0013", "amount": 1.0})) == clash
    assert list_faults(make_incomes(make, {}, make_total(start="2023-02-01"))) == []
    assert list_faults(make_incomes(make, {}, make_total(household_id="0013"))) == []
    assert list_faults(make_incomes(make, make_total(), make_total(amount=5.0))) == []


def test_a_total_may_have_a_statement_or_one_persons_income_next_to_it(make):
    assert list_faults(make_incomes(make, {"statement": True}, make_total(statement=False))) == []
    assert list_faults(make_incomes(make, {"statement": False}, make_total(statement=True))) == []
    assert list_faults(make_incomes(make, {"member_id": "m1"}, make_total())) == []


def test_duplicate_statement(make):
    stated = {"months": 12, "statement": True}
    clash = [("fault", "statement", "duplicate_statement", 2, (1, 2))]
    assert list_faults(make_incomes(make, stated, stated | {"amount": 5.0})) == clash
    assert (
        list_faults(make_incomes(make, stated, stated | {"recorded_on": parse_day("2024-05-31"), "amount": 5.0}))
        == clash
    )
    for other in ("2024-05-30", "2024-06-01"):
        assert list_faults(make_incomes(make, stated, stated | {"recorded_on": parse_day(other), "amount": 5.0})) == []
    for change in (
        {"source": "property"},
        {"period_start": parse_day("2023-02-01")},
        {"member_id": "m1"},
        {"statement": None},
    ):
        assert list_faults(make_incomes(make, stated, stated | change | {"amount": 5.0})) == []


def test_only_rows_in_force_can_conflict(make):
    old, new = (
        {"record_id": "R", "recorded_on": parse_day("2023-02-03")},
        {"record_id": "R", "recorded_on": parse_day("2023-03-03")},
    )
    assert list_faults(make_incomes(make, make_total(**old), new, {"amount": 5.0})) == [], (
        "the correction changed total to wage"
    )
    assert list_faults(make_incomes(make, make_total(**old), {"amount": None} | make_total(**new), {})) == [], (
        "withdrawn"
    )
    assert list_faults(make_incomes(make, make_total(**old), make_total(**new, household_id="0013"), {})) == [], "moved"
    assert list_faults(make_incomes(make, old, make_total(**new), {})) == [
        ("fault", "source", "total_and_sources", 2, (2, 3))
    ]


def test_a_conflict_over_a_long_period_names_its_rows_once(make):
    folder = make_incomes(
        make, make_total(months=24), *({"period_start": parse_day(f"2023-{m:02d}-01")} for m in range(1, 13))
    )
    assert list_faults(folder) == [("fault", "source", "total_and_sources", 13, (1, 2, 3, 4, 5))]
