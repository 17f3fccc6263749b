"""Amounts, poverty lines, counts and days that are probably wrong are reported, and ordinary ones are not."""

from __future__ import annotations

import datetime as dt

import pytest

DAY = dt.date
HOMES = ("0012", "0013", "0014", "0015")


@pytest.mark.parametrize(
    ("size", "code"), [(30, None), (31, "above_plausible"), (1200, "above_plausible"), (1201, "above_maximum")]
)
def test_persons_beyond_what_is_plausible_and_possible(find, size, code):
    homes = find.homes()
    homes[2]["size"] = size
    faults = {name: find(name, households=homes) for name in ("above_plausible", "above_maximum")}
    assert [name for name, fault in faults.items() if fault] == ([code] if code else [])
    if code:
        assert (faults[code].where, faults[code].rows) == ("households.size", (3,))
        assert f"'{size}'" in faults[code].message


def test_months_and_visits_beyond_what_is_plausible(find):
    rows = [row | {"months": 1} for row in find.income(12)]
    assert find("above_plausible", income=rows) is None
    rows[5]["months"] = 900
    fault = find("above_plausible", income=rows)
    assert (fault.severity, fault.where, fault.rows) == ("warning", "income.months", (6,))
    care = {"household_id": "0012", "occurred_on": DAY(2023, 1, 5), "kind": "outpatient", "visits": 367}
    assert find("above_plausible", illness=[care]).where == "illness.visits"


@pytest.mark.parametrize(
    ("table", "row", "most"),
    [
        ("income", {"period_start": DAY(2023, 1, 1), "source": "wage", "amount": 0.0}, 1e7),
        ("illness", {"occurred_on": DAY(2023, 1, 5), "kind": "inpatient", "cost": 0.0}, 1e7),
        ("help", {"started_on": DAY(2023, 1, 5), "measure": "低保", "amount": 0.0}, 1e7),
        ("disaster", {"occurred_on": DAY(2023, 1, 5), "kind": "flood", "loss": 0.0}, 1e11),
    ],
)
def test_amounts_beyond_what_is_plausible(find, table, row, most):
    column, rows = list(row)[-1], [{"household_id": "0012"} | row] * 2
    fault = find("above_plausible", **{table: [rows[0] | {column: most}, rows[1] | {column: most * 2}]})
    assert (fault.severity, fault.where, fault.rows) == ("warning", f"{table}.{column}", (2,))
    assert f"above {most:,.0f}: " in fault.message


@pytest.mark.parametrize(
    ("amount", "code"), [(1e12, "above_plausible"), (1.1e12, "above_maximum"), (1e308, "above_maximum")]
)
def test_amounts_beyond_what_is_possible(find, amount, code):
    rows = [*find.income(12)[1:], find.income(1)[0] | {"amount": amount}]
    assert {name for name in ("above_plausible", "above_maximum") if find(name, income=rows)} == {code}


def test_days_in_the_future(find):
    bill = {"household_id": "0012", "occurred_on": DAY(2052, 3, 1), "kind": "inpatient", "cost": 100.0}
    fault = find("future_day", illness=[bill | {"occurred_on": DAY(2023, 3, 1)}, bill])
    assert (fault.severity, fault.where, fault.rows) == ("warning", "illness.occurred_on", (2,))
    assert "'2052-03-01'" in fault.message
    member = {"household_id": "0012", "member_id": "1", "birth_year": 2062, "left_on": DAY(2090, 1, 1)}
    assert find("future_day", members=[member]).where == "members.birth_year"
    assert find("future_day", members=[member | {"birth_year": dt.date.today().year}]) is None
    helped = {"household_id": "0012", "started_on": DAY(2023, 1, 1), "ended_on": DAY(2090, 1, 1), "measure": "低保"}
    assert find("future_day", help=[helped]) is None


def test_if_all_incomes_lie_in_the_future_only_days_far_after_them_are_reported(find):
    income = [row | {"period_start": row["period_start"].replace(year=2090)} for row in find.income(12)]
    bill = {"household_id": "0012", "occurred_on": DAY(2090, 12, 1), "kind": "inpatient"}
    assert find("future_day", income=income, illness=[bill]) is None
    assert find("future_day", income=income, illness=[bill | {"occurred_on": DAY(2098, 1, 1)}]).count == 1


@pytest.mark.parametrize("day", [DAY(1900, 2, 14), DAY(1904, 1, 1), DAY(1970, 1, 1)])
@pytest.mark.parametrize(
    ("table", "row", "column"),
    [
        ("illness", {"occurred_on": DAY(2023, 3, 1), "kind": "inpatient"}, "occurred_on"),
        ("events", {"occurred_on": DAY(2023, 3, 1), "kind": "visit"}, "recorded_on"),
        ("members", {"member_id": "1", "left_on": DAY(2023, 3, 1)}, "left_on"),
        ("help", {"started_on": DAY(2023, 3, 1), "ended_on": DAY(2023, 4, 1), "measure": "低保"}, "started_on"),
    ],
)
def test_days_that_a_program_wrote_for_an_empty_cell(find, day, table, row, column):
    row = row | {"household_id": "0012"}
    early = row | {"household_id": "0013", column: day}
    fault = find("early_day", **{table: [row, early]})
    assert (fault.severity, fault.where, fault.rows) == ("warning", f"{table}.{column}", (2,))
    assert f"have {column} before 1971: '{day}'" in fault.message
    assert find("early_day", **{table: [row]}) is None


def test_persons_born_too_long_ago_to_be_alive(find):
    first = dt.date.today().year - 110
    members = [
        {"household_id": "0012", "member_id": str(year), "birth_year": year} for year in (1893, first - 1, first)
    ]
    fault = find("early_day", members=members)
    assert (fault.where, fault.count) == ("members.birth_year", 2)
    assert f"before {first}: '1893', '{first - 1}'" in fault.message


def test_early_days_of_an_old_survey_and_lines_in_force_from_the_beginning_are_right(find):
    income = [row | {"period_start": row["period_start"].replace(year=1968)} for row in find.income(12)]
    line = {"region_code": "", "effective_from": DAY(1900, 1, 1), "amount": 6000.0}
    assert find("early_day", income=income) is None
    assert find("early_day", lines=[line]) is None


def test_zeros_for_months_to_come(find):
    sheet = [row | {"recorded_on": DAY(2023, 6, 20)} for row in find.income(24)]
    for row in sheet:
        row["amount"] = 0.0 if row["period_start"] > DAY(2023, 6, 20) else row["amount"]
    fault = find("zero_ahead", income=sheet)
    assert (fault.severity, fault.where, fault.count, fault.rows[0]) == ("warning", "income.amount", 24, 73)
    assert "'2023-07-01' (4×)" in fault.message
    undated = [row | {"recorded_on": None} for row in sheet]
    assert find("zero_ahead", income=undated).count == 24
    jobless = [row | {"amount": 900.0} if row["household_id"] in HOMES[2:] else row for row in undated]
    assert find("zero_ahead", income=jobless) is None


def divide_amounts(rows):
    return [row | {"amount": row["amount"] / 10_000} for row in rows]


def test_amounts_in_ten_thousands(find):
    rows = [row | {"amount": row["amount"] * 12 / 10_000} for row in find.income(12)]
    fault = find("amount_in_ten_thousands", income=[row | {"months": 12} for row in rows])
    assert (fault.severity, fault.where, fault.count, fault.rows[0]) == ("warning", "income.amount", 48, 1)
    assert "have amount far below what is usual" in fault.message
    assert find("amount_in_ten_thousands", income=find.income(12)) is None
    transfers = find.income(12, source="transfer")
    assert find("amount_in_ten_thousands", income=find.income(12) + divide_amounts(transfers)).rows[0] == 49
    mixed = find.income(18) + divide_amounts(find.income(24)[72:])
    assert find("amount_in_ten_thousands", income=mixed).count == 24
    delivered = [row | {"recorded_on": DAY(2024, 1, 5)} for row in divide_amounts(find.income(24)[90:])]
    rest = [row | {"recorded_on": DAY(2023, 1, 1 + i // 4)} for i, row in enumerate(find.income(12))]
    assert find("amount_in_ten_thousands", income=rest + delivered).count == 6
    monthly = [{"region_code": "", "effective_from": DAY(2020, 1, 1), "amount": 600.0}]
    usual = [("", DAY(2020, 1, 1), 7300.0)]
    tenths = divide_amounts(find.income(12))
    assert find("amount_in_ten_thousands", income=tenths, lines=monthly, usual_lines=usual).count == 48
    some = [*find.income(12), rows[0] | {"source": "property"}]
    assert find("amount_in_ten_thousands", income=some) is None


@pytest.mark.parametrize("months", [1, 12])
def test_the_income_of_some_households_in_ten_thousands(find, months):
    homes = [f"{i:04}" for i in range(20)]
    rows = [row | {"months": months, "recorded_on": DAY(2024, 1, 5)} for row in find.income(24 // months, homes)]
    some = [row | {"amount": row["amount"] / 10_000} if row["household_id"] < "0006" else row for row in rows]
    tables = {"households": find.homes(homes), "usual_lines": [("", DAY(2020, 1, 1), 600.0)]}
    fault = find("amount_in_ten_thousands", income=some, **tables)
    assert (fault.count, fault.rows[:3]) == (24 // months * 6, (1, 2, 3))
    assert find("amount_in_ten_thousands", income=rows, **tables) is None
    one = [row | {"amount": row["amount"] / 10_000} if row["household_id"] == "0006" else row for row in rows]
    assert find("amount_in_ten_thousands", income=one, **tables) is None


def make_care(factor=1.0, kind="inpatient"):
    days = [dt.date(2022 + i // 12, i % 12 + 1, 5) for i in range(24)]
    return [
        {"household_id": HOMES[i % 4], "occurred_on": day, "kind": kind, "cost": (3000.0 + 90 * i) * factor}
        for i, day in enumerate(days)
    ]


def make_help(factor=1.0, measure="临时救助"):
    row = {"household_id": "0012", "measure": measure}
    return [row | {"started_on": DAY(2022, i + 1, 1), "amount": (1500.0 + i) * factor} for i in range(8)]


def make_fees(factor=1.0, kind="school_fee"):
    row = {"household_id": "0013", "kind": kind}
    return [row | {"occurred_on": DAY(2022, i + 1, 1), "amount": (4000.0 + i) * factor} for i in range(8)]


@pytest.mark.parametrize(
    ("code", "factor", "words"),
    [
        ("amount_in_ten_thousands", 1 / 10_000, "far below what is usual"),
        ("amount_in_fen", 100, "times the monitoring line"),
    ],
)
@pytest.mark.parametrize(
    ("make_rows", "where"), [(make_care, "illness.cost"), (make_help, "help.amount"), (make_fees, "events.amount")]
)
def test_costs_help_and_events_in_another_unit(find, code, factor, words, make_rows, where):
    table, rows = where.split(".")[0], make_rows(factor)
    fault = find(code, **{table: rows})
    assert (fault.severity, fault.where, fault.count, fault.rows[0]) == ("warning", where, len(rows), 1)
    assert words in fault.message
    assert find(code, **{table: make_rows()}) is None
    assert find(code, **{table: rows[:4]}) is None
    assert find(code, **{table: make_rows()[:5] + rows[5:7]}) is None


def test_only_the_kind_or_the_delivery_in_another_unit_is_reported(find):
    paid = [row | {"self_paid": row["cost"] / 2} for row in make_care()] + make_care(1 / 10_000, "outpatient")
    fault = find("amount_in_ten_thousands", illness=paid)
    assert (fault.where, fault.count, fault.rows[0]) == ("illness.cost", 24, 25)
    delivery = [row | {"recorded_on": DAY(2024, 1, 5)} for row in make_care(1 / 10_000)[:3]]
    usual = [row | {"recorded_on": row["occurred_on"]} for row in make_care()]
    fault = find("amount_in_ten_thousands", illness=[*usual, *delivery])
    assert (fault.count, fault.rows) == (3, (25, 26, 27))
    assert find("amount_in_fen", illness=make_care() + make_care(100, "outpatient")).rows[0] == 25


def test_small_bills_of_a_village_clinic_and_large_ones_of_hospitals_are_right(find):
    clinic = [row | {"self_paid": 2.0 + i % 3} for i, row in enumerate(make_care(1 / 500, "outpatient"))]
    assert find("amount_in_ten_thousands", illness=clinic) is None
    surgery = [row | {"self_paid": row["cost"] / 2} for row in make_care(40)]
    assert find("amount_in_fen", illness=surgery) is None


def test_incomes_in_fen(find):
    fault = find("amount_in_fen", income=[row | {"amount": row["amount"] * 100} for row in find.income(12)])
    assert (fault.severity, fault.where, fault.count, fault.rows[0]) == ("warning", "income.amount", 48, 1)
    assert find("amount_in_fen", income=[row | {"amount": row["amount"] * 20} for row in find.income(12)]) is None
    years = [row | {"amount": row["amount"] * 1200, "months": 12} for row in find.income(12)]
    assert find("amount_in_fen", income=years).count == 48


def test_a_month_or_a_delivery_in_fen_is_found_if_every_source_is(find):
    rows = find.income(24) + [row | {"amount": row["amount"] / 3} for row in find.income(24, source="transfer")]
    month = [row | {"amount": row["amount"] * 100 ** (row["period_start"] == DAY(2023, 5, 1))} for row in rows]
    fault = find("amount_in_fen", income=month)
    assert (fault.where, fault.count) == ("income.amount", 8)
    days = [row | {"recorded_on": DAY(2023 + (i % 96 > 80), 6, 1 + i % 4)} for i, row in enumerate(rows)]
    delivery = [row | {"amount": row["amount"] * 100 ** (row["recorded_on"] == DAY(2024, 6, 4))} for row in days]
    assert find("amount_in_fen", income=delivery).count == sum(row["recorded_on"] == DAY(2024, 6, 4) for row in days)
    assert find("amount_in_fen", income=[*month[:96], *rows[96:]]) is None


def test_incomes_in_thousands(find):
    lines = {"usual_lines": [("", DAY(2020, 1, 1), 6000.0)]}
    rows = [row | {"amount": row["amount"] / 1000} for row in find.income(24)]
    assert find("amount_in_ten_thousands", income=rows, **lines).count == 96
    assert find("amount_in_ten_thousands", income=find.income(24)[:80] + rows[80:], **lines).count == 16


def test_all_sources_of_one_household_in_ten_thousands(find):
    rows = find.income(24) + find.income(24, source="transfer")
    one = [row | {"amount": row["amount"] / 10_000 ** (row["household_id"] == "0013")} for row in rows]
    assert find("amount_in_ten_thousands", income=one).count == 48


def test_interest_is_no_amount_in_ten_thousands(find):
    interest = [row | {"amount": 0.35} for row in find.income(24, source="property")]
    assert find("amount_in_ten_thousands", income=find.income(24) + interest) is None


def test_help_is_not_blamed_for_a_line_in_fen(find):
    line = [{"region_code": "13", "effective_from": DAY(2020, 1, 1), "amount": 770_000.0}]
    tables = {"help": [row | {"amount": 300.0} for row in make_help()], "lines": line}
    assert find("amount_in_ten_thousands", usual_lines=[("", DAY(2020, 1, 1), 6000.0)], **tables) is None


def test_nines_for_a_missing_answer(find):
    rows = find.income(12)
    for i in (3, 17, 40):
        rows[i]["amount"] = 99_999.0
    fault = find("survey_code", income=rows)
    assert (fault.where, fault.count, fault.rows) == ("income.amount", 3, (4, 18, 41))
    assert find("survey_code", income=rows[:20]) is None
    care = [row | {"cost": 999_999.0 if i < 3 else row["cost"]} for i, row in enumerate(make_care())]
    assert find("survey_code", illness=care).where == "illness.cost"


@pytest.mark.parametrize(
    ("numbers", "count"),
    [
        ((999, 999, 999, 12), 3),
        ((-9, -9, -9, 12), 3),
        ((999, 999, 3, 12), None),
        ((999, 999, 999, 300), None),
        ((-9, -9, -9, -4), None),
        ((-1, -1, -1, 12), None),
        ((99, 99, 99, None), None),
    ],
)
def test_survey_codes_in_attributes(find, numbers, count):
    homes = [row | {"land": number} for row, number in zip(find.homes(), numbers, strict=True)]
    fault = find("survey_code", households=homes)
    assert (fault and (fault.where, fault.count)) == (count and ("households.land", count))


def test_survey_codes(find):
    rows = find.income(12)
    for i in (3, 17, 40):
        rows[i]["amount"] = -8.0
    fault = find("survey_code", income=rows)
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "income.amount", 3, (4, 18, 41))
    assert "have -8 in amount" in fault.message
    assert "'-8.0' (3×)" in fault.message
    losses = [row | {"source": "business", "amount": -float(i)} for i, row in enumerate(find.income(24))]
    assert find("survey_code", income=rows + losses) is None
    assert find("survey_code", income=rows[:17]) is None


def test_slipped_amounts(find):
    rows = find.income(24)
    rows[30]["amount"] = 91_500.0
    fault = find("slipped_amount", income=rows)
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "income.amount", 1, (31,))
    assert "'91500.0'" in fault.message
    rows[30]["amount"] = 9_150_000.0
    assert find("slipped_amount", income=rows).count == 1
    rows[30]["amount"] = 9_150.0
    assert find("slipped_amount", income=rows) is None


def test_a_harvest_once_a_year_is_no_slip(find):
    rows = [
        row | {"source": "business", "amount": 90_000.0 if row["period_start"].month == 9 else 900.0}
        for row in find.income(12)
    ]
    assert find("slipped_amount", income=rows) is None
    assert find("slipped_amount", income=[*rows[:4], rows[35] | {"amount": 90_000.0}]) is None


def make_line(start, amount, prefix="130529", **cells):
    return {"region_code": prefix, "effective_from": start, "amount": amount} | cells


def test_a_monthly_amount_given_as_a_yearly_line_is_reported(find):
    usual = [("", DAY(2021, 1, 1), 6000.0), ("13", DAY(2022, 4, 1), 7300.0)]
    fault = find("implausible_line", usual, lines=[make_line(DAY(2020, 1, 1), 583.0)])
    assert (fault.severity, fault.where, fault.count, fault.rows) == ("warning", "lines.amount", 1, (1,))
    assert "'583.0'" in fault.message
    assert find("implausible_line", usual, lines=[make_line(DAY(2020, 1, 1), 5000.0)]) is None
    assert find("implausible_line", usual, lines=[make_line(DAY(1984, 1, 1), 3.0)]) is None
    later = [make_line(DAY(2020, 1, 1), 7000.0), make_line(DAY(2021, 1, 1), 7300.0), make_line(DAY(2022, 1, 1), 640.0)]
    assert find("implausible_line", lines=later).rows == (3,)
    assert find("implausible_line", lines=[*later[:2], make_line(DAY(2022, 1, 1), 640.0, "14")]) is None


def test_a_line_after_a_wrong_one_is_not_blamed(find):
    amounts = (6200.0, 6900.0, 65000.0, 7500.0, 8000.0)
    lines = [{"region_code": "", "effective_from": DAY(2018 + i, 1, 1), "amount": a} for i, a in enumerate(amounts)]
    usual = [("", DAY(2018 + i, 1, 1), 6000.0 + 500 * i) for i in range(5)]
    for table in (usual, ()):
        assert find("implausible_line", lines=lines, usual_lines=table).rows == (3,)
    assert find("implausible_line", lines=lines[2:], usual_lines=usual).rows == (1,)
    assert find("implausible_line", lines=lines[:2] + lines[3:], usual_lines=usual) is None
