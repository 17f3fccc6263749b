"""Comparisons of the lines with the policy table's, and of most of the income with the lines."""

import datetime as dt

import pytest

DAY = dt.date
USUAL = [("", DAY(2020, 1, 1), 4000.0), ("", DAY(2022, 1, 1), 6000.0), ("44", DAY(2022, 1, 1), 9000.0)]


def make_line(year, amount, prefix="1305"):
    return {"region_code": prefix, "effective_from": DAY(year, 1, 1), "amount": amount}


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        ([make_line(2016, 2952.0)], (1,)),
        ([make_line(2016, 2952.0), make_line(2023, 6000.0)], None),
        ([make_line(2016, 2952.0, "13"), make_line(2023, 6000.0)], (1,)),
        ([make_line(2016, 5000.0)], None),
        ([make_line(2022, 4000.0)], None),
    ],
)
def test_an_old_line_below_the_policy_tables(find, lines, rows):
    fault = find("old_line", lines=lines, usual_lines=USUAL)
    assert (fault and fault.rows) == rows
    assert find("old_line", lines=lines) is None


@pytest.mark.parametrize(("factor", "count"), [(1.0, None), (0.5, None), (1 / 12, 10)])
def test_nine_tenths_of_the_households_with_hardly_any_income(find, factor, count):
    homes = [f"{i:04}" for i in range(10)]
    rows = [row | {"amount": 1500.0 * factor} for row in find.income(24, homes)]
    tables = {"households": find.homes(homes), "lines": [make_line(2020, 6000.0), make_line(2022, 7000.0)]}
    fault = find("little_income", income=rows, **tables)
    assert (fault and (fault.severity, fault.where, fault.count)) == (count and ("warning", "households.size", count))
    half = [row | {"amount": row["amount"] * 12 ** (i % 10 < 5)} for i, row in enumerate(rows)]
    assert find("little_income", income=half, **tables) is None
    years = [row | {"months": 12} for row in rows if row["period_start"].month == 1]
    assert find("little_income", income=years, **tables) is not None
    part = [row | {"member_id": "1"} for row in rows]
    assert find("little_income", income=part, **tables) is None
