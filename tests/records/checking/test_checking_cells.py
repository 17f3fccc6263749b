"""Checks that find faults in individual cells of records, read from Parquet and from CSV."""

import datetime as dt

import pytest

from riskml.records.checking.check import check
from riskml.records.contract.schema import TABLES

DAY = dt.date(2023, 1, 5)


def list_faults(folder):
    return [(fault.table, fault.column, fault.code, fault.count, fault.rows) for fault in check(folder).faults]


@pytest.mark.parametrize(
    ("table", "column"),
    [("households", "region_code"), ("households", "size"), ("income", "period_start"), ("income", "source")],
)
def test_missing_value(make, only_fault, table, column):
    fault = only_fault(make(**{table: make.rows(table, **{column: None})}))
    assert (fault.table, fault.column, fault.code, fault.rows) == (table, column, "missing_value", (1,))
    assert fault.message == f"1 row(s) have no {column}."


def test_an_empty_string_is_a_missing_value(make):
    folder = make(income=make.rows("income", household_id=""))
    assert list_faults(folder) == [("income", "household_id", "missing_value", 1, (1,))]


def test_bad_date(make, only_fault):
    texts = ["2023-02-30", "January", "05/01/2023", "20230101", "2023.1.1"]
    lines = "".join(f"{text},6000\n" for text in ["2020/1/1", *texts])
    fault = only_fault(make.csv(lines=f"effective_from,amount\n{lines}"))
    assert (fault.column, fault.code, fault.rows) == ("effective_from", "bad_date", (2, 3, 4, 5, 6))
    assert "'05/01/2023', '2023-02-30', '2023.1.1', …" in fault.message


def test_bad_number(make, only_fault):
    texts = ["six", '"6,000"', "6000元", "nan", "inf", "1_000"]
    lines = "".join(f"{2020 + i}-01-01,{text}\n" for i, text in enumerate(["6000", *texts]))
    fault = only_fault(make.csv(lines=f"effective_from,amount\n{lines}"))
    assert (fault.column, fault.code, fault.count, fault.rows) == ("amount", "bad_number", 6, (2, 3, 4, 5, 6))
    assert "'1_000', '6,000', '6000元', …" in fault.message


def test_a_bad_number_is_neither_a_missing_amount_nor_a_withdrawal(make):
    text = "household_id,period_start,source,amount\n0012,2023-01-01,wage,lots\n"
    assert list_faults(make.csv(income=text)) == [("income", "amount", "bad_number", 1, (1,))]


def test_not_whole(make, only_fault):
    folder = make.csv(households="household_id,region_code,size\n0012,13,2\n0013,13,2.5\n4,13,3000000000\n5,13,-1e30\n")
    fault = only_fault(folder)
    assert (fault.column, fault.code, fault.rows) == ("size", "not_whole", (2, 3, 4))


def test_bad_flag(make, only_fault):
    text = "household_id,started_on,measure,emergency\n0012,2023-01-05,低保,true\n0012,2023-01-05,低保,urgent\n"
    fault = only_fault(make.csv(help=text))
    assert (fault.column, fault.code, fault.rows) == ("emergency", "bad_flag", (2,))


def test_unknown_code(make):
    needed = {
        "members": {"member_id": "1"},
        "illness": {"occurred_on": DAY},
        "disaster": {"occurred_on": DAY},
        "events": {"occurred_on": DAY},
        "help": {"started_on": DAY, "measure": "低保"},
        "monitoring": {"entered_on": DAY},
    }
    folder, coded = make(), []
    for table in TABLES.values():
        columns = [column.name for column in table.columns if column.allowed]
        if columns:
            rows = make.rows(table.name) if table.required else [{"household_id": "0012"} | needed[table.name]]
            rows[0] |= dict.fromkeys(columns, "0")
            make.write_table(folder, table.name, rows)
            coded += [(table.name, column, "unknown_code", 1, (1,)) for column in columns]
    assert len(coded) == 14
    assert list_faults(folder) == coded


def test_unknown_codes_are_counted_and_the_nearest_is_suggested(make, only_fault):
    row = make.rows("income")[0]
    rows = [
        row | {"source": source, "record_id": str(i)} for i, source in enumerate(["工资性", "工资性", "rent", "wage"])
    ]
    fault = only_fault(make(income=rows))
    assert (fault.count, fault.rows) == (3, (1, 2, 3))
    assert "'工资性' (2×), 'rent'. Did you mean 'wage' for '工资性'?" in fault.message


def test_causes_are_codes_separated_by_semicolons(make):
    sound = ["illness", "illness;work", "illness; work", None]
    wrong = ["illness;", "illness,work", "illness;因病", ";"]
    row = {"household_id": "0012", "category": "borderline"}
    rows = [row | {"causes": causes, "entered_on": DAY + dt.timedelta(i)} for i, causes in enumerate(sound + wrong)]
    faults = [fault for fault in list_faults(make(monitoring=rows)) if fault[2] != "entered_twice"]
    assert faults == [("monitoring", "causes", "unknown_code", 4, (5, 6, 7, 8))]


def test_bad_region(make):
    wrong = ["1", "130", "13052", "1305290", "13052910100100", "13a5", "13乡", "-1"]
    homes = [{"household_id": f"{i}", "region_code": code, "size": 1} for i, code in enumerate(wrong)]
    lines = [{"region_code": code, "effective_from": DAY, "amount": 1.0} for code in wrong]
    struck = [{"region_code": code, "occurred_on": DAY, "kind": "flood"} for code in wrong]
    folder = make(households=make.rows("households") + homes, lines=make.rows("lines") + lines, disaster=struck)
    assert [fault for fault in list_faults(folder) if fault[2] != "region_without_households"] == [
        ("households", "region_code", "bad_region", 8, (3, 4, 5, 6, 7)),
        ("disaster", "region_code", "bad_region", 8, (1, 2, 3, 4, 5)),
        ("lines", "region_code", "bad_region", 8, (2, 3, 4, 5, 6)),
    ]


def test_regions_of_every_level_are_allowed(make):
    codes = ["13", "1305", "130529", "130529101", "130529101001"]
    struck = [{"region_code": code, "occurred_on": DAY, "kind": "flood"} for code in codes]
    lines = [make.rows("lines")[0] | {"region_code": code} for code in codes]
    assert list_faults(make(lines=lines, disaster=struck)) == []


@pytest.mark.parametrize("code", [None, ""])
def test_a_line_without_a_region_applies_everywhere(make, code):
    assert list_faults(make(lines=make.rows("lines", region_code=code))) == []


@pytest.mark.parametrize(
    ("table", "column", "least", "too_small"),
    [
        ("households", "size", 1, 0),
        ("income", "months", 1, 0),
        ("illness", "cost", 0.0, -0.5),
        ("illness", "visits", 0, -1),
        ("members", "birth_year", 1850, 1849),
    ],
)
def test_below_minimum(make, table, column, least, too_small):
    optional = {
        "illness": [{"household_id": "0012", "occurred_on": DAY, "kind": "other"}],
        "members": [{"household_id": "0012", "member_id": "1"}],
    }
    for value, count in ((least, 0), (too_small, 1)):
        rows = optional.get(table) or make.rows(table)
        rows[0] |= {column: value}
        expected = [(table, column, "below_minimum", 1, (1,))] * count
        faults = list_faults(make(**{table: rows}))
        assert [fault for fault in faults if fault[2] not in ("early_day", "much_income")] == expected


def test_a_line_must_be_above_zero(make):
    line = make.rows("lines")[0]
    lines = [line, line | {"effective_from": DAY, "amount": 0.0}]
    assert list_faults(make(lines=lines)) == [("lines", "amount", "below_minimum", 1, (2,))]


def test_incomes_and_event_amounts_may_be_negative(make):
    event = {"household_id": "0012", "occurred_on": DAY, "kind": "visit", "amount": -1.0}
    assert list_faults(make(income=make.rows("income", amount=-1.0), events=[event])) == []


def test_not_finite(make):
    row = make.rows("income")[0]
    rows = [row | {"amount": value} for value in (float("nan"), 1.0, float("inf"), float("-inf"))]
    assert list_faults(make(income=rows)) == [("income", "amount", "not_finite", 3, (1, 3, 4))]


def test_an_attribute_may_not_be_infinite_and_its_nan_counts_as_null(make):
    assert list_faults(make(households=make.rows("households", land=float("nan")))) == []
    folder = make(households=make.rows("households", land=float("inf")))
    assert list_faults(folder) == [("households", "land", "not_finite", 1, (1,))]


def test_not_month_start(make):
    folder = make(income=make.rows("income", period_start=dt.date(2023, 1, 2)))
    assert list_faults(folder) == [("income", "period_start", "not_month_start", 1, (1,))]


@pytest.mark.parametrize(
    ("table", "rows", "column", "faults"),
    [
        ("households", {"exited_on": dt.date(1899, 12, 31)}, "exited_on", 1),
        ("households", {"recorded_on": dt.date(2101, 1, 1)}, "recorded_on", 1),
        ("households", {"recorded_on": dt.date(1900, 1, 1)}, "recorded_on", 0),
        ("income", {"months": 12 * 78}, "months", 0),
        ("income", {"months": 12 * 78 + 1}, "months", 1),
        ("income", {"months": 2**31 - 1}, "months", 1),
    ],
)
def test_date_out_of_range(make, table, rows, column, faults):
    folder = make(**{table: make.rows(table, **rows)})
    outside = [fault for fault in list_faults(folder) if fault[2] == "date_out_of_range"]
    assert outside == [(table, column, "date_out_of_range", 1, (1,))] * faults


def test_an_open_end_may_be_written_as_the_last_day_of_the_calendar(make):
    rows = [{"household_id": "0012", "started_on": DAY, "ended_on": dt.date(9999, 12, 31), "measure": "低保"}]
    assert list_faults(make(help=rows)) == []


def test_birth_years_must_be_plausible(make):
    rows = [{"household_id": "0012", "member_id": "1", "birth_year": 2101}]
    assert list_faults(make(members=rows)) == [("members", "birth_year", "date_out_of_range", 1, (1,))]


def test_all_faults_are_reported_at_once(make):
    row = {"household_id": "0012", "period_start": dt.date(2023, 1, 2), "source": "x", "amount": float("inf")}
    folder = make(income=[row, row | {"months": 0, "household_id": None}], lines=make.rows("lines", amount=0.0))
    assert {(fault[0], fault[2], fault[3]) for fault in list_faults(folder)} == {
        ("income", "missing_value", 1),
        ("income", "not_month_start", 2),
        ("income", "unknown_code", 2),
        ("income", "not_finite", 2),
        ("income", "below_minimum", 1),
        ("lines", "below_minimum", 1),
        ("income", "no_line", 1),
    }
