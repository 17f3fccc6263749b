"""What a row of the register's export gives: a member, a household, its yearly income and its monitoring."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.reading.sheets import Context

PERSON = {
    "members.sex": "女",
    "birth_date": "1980.5.6",
    "members.labour": "普通劳动力",
    "members.schooling": None,
    "households.size": 3,
    "households.kind": "脱贫户",
    "income.wage": 20000,
    "income.business": 9000,
    "income.business_cost": 2500,
    "monitoring.category": "边缘易致贫户",
    "monitoring.entered_on": 202305,
    "monitoring.causes": ["因病", "缺劳动力"],
    "monitoring.cleared_on": "202303",
}


def test_a_row_of_the_register(list_records):
    records = list_records("register", PERSON)
    assert records[0] == ("members", {"birth_year": 1980, "sex": "f", "labour": "full", "schooling": "none"})
    assert records[1] == ("households", {"size": 3, "kind": "exited"})
    incomes = {values["source"]: values for table, values in records if table == "income"}
    assert {source: values["amount"] for source, values in incomes.items()} == {"wage": 20000, "business": 6500}
    assert all(values["statement"] and values["months"] == 12 for values in incomes.values())
    # the list arrived in July 2024; monitoring that ends before it begins is still open
    assert {values["period_start"] for values in incomes.values()} == {date(2022, 10, 1)}
    expected = {"category": "borderline", "entered_on": date(2023, 5, 1), "causes": "illness;labour"}
    assert records[-1] == ("monitoring", expected)


@pytest.mark.parametrize(("cell", "year"), [("1935.3.12", 1935), ("1900-01-00", None), ("1900-01-01", None)])
def test_births_may_be_earlier_than_other_days(list_records, cell, year):
    [(_, values), *_] = list_records("register", {"birth_date": cell})
    assert values.get("birth_year") == year


@pytest.mark.parametrize(
    ("cells", "context", "start"),
    [
        ({"income.period_start": "202210-202309"}, Context(), date(2022, 10, 1)),
        ({"income.period_start": "2023年度"}, Context(), date(2022, 10, 1)),
        ({}, Context((), date(2021, 10, 1), date(2022, 9, 30)), date(2021, 10, 1)),
        ({}, Context((), date(2022, 1, 1), date(2022, 12, 31)), date(2021, 10, 1)),
        ({}, Context((), date(2024, 1, 1), date(2024, 12, 31)), date(2022, 10, 1)),
    ],
)
def test_the_year_of_a_register(list_records, cells, context, start):
    records = list_records("register", {"income.wage": 20000, **cells}, context=context)
    assert [values["period_start"] for table, values in records if table == "income"] == [start]
