"""Comparisons of the income per head with the lines, and of the rows of persons with those of households."""

import datetime as dt

import pytest

HOMES = [f"{i:04}" for i in range(10)]


def make_line(year, amount):
    return {"region_code": "1305", "effective_from": dt.date(year, 1, 1), "amount": amount}


@pytest.mark.parametrize(("factor", "count"), [(1.0, None), (0.5, None), (1 / 12, 10)])
def test_nine_tenths_of_the_households_with_hardly_any_income(find, factor, count):
    rows = [row | {"amount": 1500.0 * factor} for row in find.income(24, HOMES)]
    tables = {"households": find.homes(HOMES), "lines": [make_line(2020, 6000.0), make_line(2022, 7000.0)]}
    fault = find("little_income", income=rows, **tables)
    assert (fault and (fault.severity, fault.where, fault.count)) == (count and ("warning", "households.size", count))
    half = [row | {"amount": row["amount"] * 12 ** (i % 10 < 5)} for i, row in enumerate(rows)]
    assert find("little_income", income=half, **tables) is None
    years = [row | {"months": 12} for row in rows if row["period_start"].month == 1]
    assert find("little_income", income=years, **tables) is not None
    part = [row | {"member_id": "1"} for row in rows]
    assert find("little_income", income=part, **tables) is None


@pytest.mark.parametrize(
    ("factors", "count"), [([1.0], None), ([12.0], 10), ([12.0, 1.0], 5), ([12.0, 1.0, 1.0], None), ([2.0], None)]
)
def test_half_of_the_households_with_far_too_much_income(find, factors, count):
    tables = {"households": find.homes(HOMES), "lines": [make_line(2020, 6000.0), make_line(2022, 7000.0)]}
    income = {home: 5000.0 * factors[i % len(factors)] for i, home in enumerate(HOMES)}
    rows = [row | {"amount": income[row["household_id"]]} for row in find.income(24, HOMES)]
    fault = find("much_income", income=rows, **tables)
    assert (fault and (fault.severity, fault.where, fault.count)) == (count and ("warning", "households.size", count))


@pytest.mark.parametrize(("factor", "rows"), [(100.0, (3,)), (10.0, None)])
def test_a_single_household_with_far_too_much_income(find, factor, rows):
    income = [row | {"amount": 2000.0 * factor ** (row["household_id"] == "0002")} for row in find.income(24, HOMES)]
    fault = find("much_income", income=income, households=find.homes(HOMES, size=1), lines=[make_line(2020, 6000.0)])
    assert (fault and fault.rows) == rows


def test_a_large_sale_in_the_only_month_that_is_reported_is_not_a_year_of_them(find):
    income = [row | {"amount": 90_000.0 if row["household_id"] == "0002" else 700.0} for row in find.income(1, HOMES)]
    tables = {"households": find.homes(HOMES, size=1), "lines": [make_line(2020, 6000.0)]}
    assert find("much_income", income=income, **tables) is None


def test_income_of_a_source_that_names_persons_only(find):
    wages = find.income(6, member_id="1")
    other = [row | {"source": "transfer"} for row in find.income(6)]
    fault = find("only_parts", income=[*wages, *other])
    assert (fault.severity, fault.where, fault.count) == ("warning", "income.member_id", 24)
    assert find("only_parts", income=[*wages, other[0] | {"source": "wage"}]) is None
    assert find("only_parts", income=[*wages, other[0] | {"source": "total", "statement": True, "months": 12}]) is None
    assert find("only_parts", income=find.income(6)) is None


@pytest.mark.parametrize("shape", ["sums", "half are sums", "few are sums", "growing", "from March"])
def test_sums_since_january(find, shape):
    def grow(i, row):
        month, home = row["period_start"].month, i % 10
        if shape == "growing":
            return row["amount"] * 1.02**month
        sums = shape in ("sums", "from March") or home < (5 if shape == "half are sums" else 4)
        return row["amount"] * month if sums else row["amount"] + 7 * (month % 3)

    rows = [row | {"amount": grow(i, row)} for i, row in enumerate(find.income(24, HOMES))]
    rows = [row for row in rows if shape != "from March" or row["period_start"].month > 2]
    fault = find("sums_since_january", households=find.homes(HOMES), income=rows)
    count = {"sums": 220, "half are sums": 110}.get(shape)
    assert (fault and (fault.severity, fault.where, fault.count)) == (count and ("warning", "income.amount", count))


@pytest.mark.parametrize(("typed", "count"), [(8, 48), (5, None)])
def test_the_code_of_one_household_that_was_typed_for_others(find, typed, count):
    homes = [f"{i:04}" for i in range(40)]
    rows = [row | {"household_id": max(row["household_id"], homes[typed - 1])} for row in find.income(6, homes)]
    fault = find("several_households", households=find.homes(homes), income=rows)
    assert (fault and (fault.severity, fault.where, fault.count)) == (count and ("warning", "income.household_id", 48))
    if count:
        assert f"with far more rows a month than others: '{homes[7]}' (48×)" in fault.message


def test_wages_that_are_paid_by_the_day_in_every_household_are_not_those_of_several(find):
    assert find("several_households", income=find.income(6) * 12) is None
