"""A list of wages also shows who came home without work."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.entries import make_entries
from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.read import read_list
from riskml.lists.row_reader import RowReader, index_columns
from riskml.lists.words import UnusableValueError


@pytest.fixture
def read_wages(tmp_path):
    """Return what the last row of a list of wages gives: the amounts by month, and the conversions."""

    def read(rows, name="务工台账"):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(rows), encoding="utf-8")
        (sheet,) = read_list(path, read_headers())
        reader = RowReader(index_columns(sheet), sheet.rows[-1], date(2025, 3, 3), date(2025, 3, 3))
        entries = make_entries(sheet.topic, reader)
        wages = {f"{e.values['period_start']:%Y%m}": e.values["amount"] for e in entries if e.table == "income"}
        return wages, reader.conversions

    return read


@pytest.mark.parametrize(
    ("title", "header", "cell", "month"),
    [
        ("2024年务工台账", "务工月份", "8", "202408"),
        ("2024年务工台账", "月份", "08月", "202408"),
        ("务工台账", "务工月份", "8月份", "202408"),
        ("务工台账", "月份", "3", "202503"),
    ],
)
def test_a_month_may_be_only_its_number(read_wages, title, header, cell, month):
    assert read_wages([title, f"姓名,{header},月收入", f"某某,{cell},3000"])[0] == {month: 3000}


@pytest.mark.parametrize(
    ("wage", "day", "tables"),
    [("3000", "", ["income"]), ("", "2024-05-06", ["events"]), ("3000", "2024-05-06", ["income"])],
)
def test_a_row_without_wage_and_with_a_day_of_return_is_a_lost_job(tmp_path, wage, day, tables):
    path = tmp_path / "2024年5月务工台账.csv"
    path.write_text(f"姓名,身份证号,月工资,返乡时间\n某某,,{wage},{day}\n", encoding="utf-8")
    (sheet,) = read_list(path, read_headers())
    reader = RowReader(index_columns(sheet), sheet.rows[1], date(2024, 6, 3), date(2024, 6, 3))
    assert [entry.table for entry in make_entries(sheet.topic, reader)] == tables


@pytest.mark.parametrize(
    ("title", "header", "wages"),
    [
        ("2024年务工工资", ",9月,10月,月均收入", {"202409": 3000, "202410": 3100}),
        ("2024年务工工资", ",9月工资,10月工资,月均工资", {"202409": 3000, "202410": 3100}),
        ("2024年务工工资", ",九月,十月,平均工资", {"202409": 3000, "202410": 3100}),
        ("务工工资", ",2024年12月工资,2025年1月工资,合计", {"202412": 3000, "202501": 3100}),
        ("2024年12月至2025年1月务工工资", ",12月,1月,合计", {"202412": 3000, "202501": 3100}),
        ("2024年务工工资", ",月工资（元）,,\n,9月,10月,11月", {"202409": 3000, "202410": 3100, "202411": 3050}),
        ("2024年务工工资", ",务工收入,,\n,9月,10月,合计", {"202409": 3000, "202410": 3100}),
        ("务工台账", ",月工资（2024年）,,\n,9月,10月,11月", {"202409": 3000, "202410": 3100, "202411": 3050}),
        ("2024年外出务工", ",9月挣,10月份挣的钱,合计", {"202409": 3000, "202410": 3100}),
        ("2024年10月外出务工", ",上月挣,本月赚,全家每月挣", {"202410": 3100}),
    ],
)
def test_columns_of_months_have_wages_and_the_next_columns_have_averages_or_sums(read_wages, title, header, wages):
    assert read_wages([f"{title},,,", f"姓名{header}", "某某,3000,3100,3050"])[0] == wages


@pytest.mark.parametrize(("title", "header"), [("务工台账", "9月,10月"), ("2024年9月务工台账", "1-9月收入,务工地")])
def test_a_wage_without_a_single_month_is_refused(read_wages, title, header):
    with pytest.raises(UnusableValueError, match="no_month"):
        read_wages([f"{title},,", f"姓名,{header}", "某某,3000,省外"])


def test_words_in_the_column_of_a_month_are_not_a_wage_and_do_not_affect_other_months(read_wages):
    rows = ["2024年务工工资,,,", "姓名,9月,10月,11月"]
    wages, conversions = read_wages([*rows, "某某,3000,未务工,3300"])
    assert wages == {"202409": 3000, "202411": 3300}
    assert conversions["income.wage", "no_wage"] == 1
    assert read_wages([*rows, "某某,待业,在家,未务工"])[0] == {}
    with pytest.raises(UnusableValueError, match="bad_amount"):
        read_wages([*rows, "某某,3000,三千左右,3300"])


def list_incomes(tmp_path, title, header, row):
    path = tmp_path / "务工.csv"
    path.write_text(f"{title},,\n{header}\n{row}\n", encoding="utf-8")
    (sheet,) = read_list(path, read_headers(), received=date(2025, 1, 20))
    reader = RowReader(index_columns(sheet), sheet.rows[2], date(2025, 1, 20), date(2025, 1, 20))
    return [(e.values["period_start"], e.values["months"], e.values["amount"]) for e in make_entries("wages", reader)]


def test_a_wage_of_a_whole_year(tmp_path):
    header, row = "姓名,年务工收入（元）,务工月数", "某某,40000,10"
    year = [(date(2024, 1, 1), 12, 40_000)]
    assert list_incomes(tmp_path, "2024年务工人员年收入", header, row) == year
    assert list_incomes(tmp_path, "务工人员收入", "姓名,2024年务工收入,工种", row) == year
    for title, wage in (("务工人员收入", "2024年挣的钱"), ("2025年1月外出务工", "2024年工资收入")):
        assert list_incomes(tmp_path, title, f"姓名,{wage},工种", row) == year
    for title, reason in (("务工人员年收入", "no_date"), ("2025年务工人员年收入", "future_date")):
        with pytest.raises(UnusableValueError, match=reason):
            list_incomes(tmp_path, title, header, row)
