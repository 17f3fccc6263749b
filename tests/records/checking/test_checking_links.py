"""Checks that rows in one table of the records fit the rows in other tables."""

import datetime as dt

from riskml.records.checking.check import check

DAY = dt.date(2023, 1, 5)


def list_faults(folder):
    return [(fault.severity, fault.table, fault.column, fault.code, fault.rows) for fault in check(folder).faults]


def test_unknown_household_in_every_table(make):
    home = {"household_id": "12"}
    case = {"occurred_on": DAY, "kind": "other"}
    folder = make(
        members=[home | {"member_id": "1"}],
        income=make.rows("income", household_id="12"),
        illness=[home | case],
        disaster=[home | case, {"household_id": None, "region_code": "13"} | case],
        events=[home | {"occurred_on": DAY, "kind": "visit"}],
        help=[home | {"started_on": DAY, "measure": "低保"}],
        monitoring=[home | {"entered_on": DAY, "category": "borderline"}],
    )
    report = check(folder)
    tables = ["members", "income", "illness", "disaster", "events", "help", "monitoring"]
    assert list_faults(folder) == [("fault", table, "household_id", "unknown_household", (1,)) for table in tables]
    assert "not in households: '12'" in report.faults[0].message


def test_links_are_not_checked_if_households_cannot_be_read(make):
    folder = make()
    (folder / "households.parquet").write_bytes(b"")
    assert [row[1:4] for row in list_faults(folder)] == [("households", "", "damaged_file")]


def test_unknown_member(make):
    case = {"household_id": "0012", "occurred_on": DAY, "kind": "other"}
    cases = [case | {"member_id": member, "cost": i * 1.0} for i, member in enumerate(["1", "2", None])]
    members = [{"household_id": "0012", "member_id": "1"}, {"household_id": "0013", "member_id": "2"}]
    assert list_faults(make(illness=cases)) == []
    assert list_faults(make(illness=cases, members=members)) == [
        ("warning", "illness", "member_id", "unknown_member", (2,))
    ]


def test_region_without_households(make):
    struck = [{"region_code": code, "occurred_on": DAY, "kind": "flood"} for code in ("1305", "14", "130529101001")]
    assert list_faults(make(disaster=struck)) == [
        ("warning", "disaster", "region_code", "region_without_households", (2,))
    ]


def make_line(code, start):
    return {"region_code": code, "effective_from": dt.date.fromisoformat(start), "amount": 6000.0}


def test_line_without_households(make):
    country = make_line(None, "2020-01-01")
    assert list_faults(make(lines=[country, make_line("130581", "2020-01-01")])) == [
        ("warning", "lines", "region_code", "line_without_households", (2,))
    ]
    assert list_faults(make(lines=[country, make_line("13", "2020-01-01"), make_line("1305", "2020-01-01")])) == []
    own = [make_line("130529", "2020-01-01"), make_line("130581", "2020-01-01")]
    assert list_faults(make(lines=[country, *own])) == []


def test_no_line(make):
    warning = [("warning", "income", "period_start", "no_line", (1, 2))]
    assert list_faults(make(lines=[])) == warning
    assert list_faults(make(lines=[make_line("14", "2020-01-01")])) == warning
    assert list_faults(make(lines=[make_line("13", "2023-02-01")])) == warning
    # The line in force at the end of the month counts, not the one at its start.
    assert list_faults(make(lines=[make_line("13", "2023-01-31")])) == []
    assert list_faults(make(lines=[make_line("13", "2023-02-01"), make_line(None, "2020-01-01")])) == []


def test_a_line_needs_to_be_in_force_only_at_the_end_of_a_period(make):
    lines = [make_line("13", "2023-03-31")]
    folder = make(lines=lines, income=make.rows("income", months=3))
    assert list_faults(folder) == [("warning", "income", "period_start", "no_line", (2,))]


def test_a_household_that_moved_uses_the_line_where_it_lived(make):
    rows = make.rows("households")
    moved = rows[0] | {"region_code": "14", "recorded_on": DAY}
    assert list_faults(make(households=[*rows, moved])) == [
        ("warning", "households", "region_code", "region_without_line", (3,))
    ]
