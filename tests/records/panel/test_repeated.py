"""Income is repeated into the future: the same amounts, one or more periods later, known after the same delay."""

from __future__ import annotations

import numpy as np

from riskml.records.contract.calendar import to_day
from riskml.records.panel.repeated import repeat_income
from riskml.records.panel.store import Records

INCOME = {
    # household, first month, months, source, amount, statement, recorded on
    "a": ("2022-10-01", 12, "total", 12_000.0, True, "2024-01-31"),
    "b": ("2023-09-01", 1, "wage", 900.0, False, "2023-10-05"),
    "c": ("2023-10-01", 1, "wage", 700.0, False, "2023-10-31"),
}
SEPTEMBER = 12 * 53 + 8  # 2023


def build(rows: dict[str, tuple[object, ...]]) -> Records:
    columns = ("period_start", "months", "source", "amount", "statement", "recorded_on")
    income = {name: [row[i] for row in rows.values()] for i, name in enumerate(columns)}
    codes = list(rows)
    households = {"household_id": codes, "region_code": ["13"] * len(codes), "size": [1] * len(codes)}
    lines: dict[str, list[object]] = {"region_code": [], "effective_from": [], "amount": []}
    return Records.from_tables({"households": households, "income": income | {"household_id": codes}, "lines": lines})


def test_a_year_repeats_itself_with_the_same_delays():
    later = repeat_income(build(INCOME), SEPTEMBER, period=12, times=2)
    assert later.last_month == SEPTEMBER + 24
    for year, day, reported in (
        (1, "2025-01-30", [False, True, False]),  # the statement for 2023/24 is still unknown
        (1, "2025-01-31", [True, True, False]),
        (2, "2025-10-04", [False, False, False]),
        (2, "2025-10-05", [False, True, False]),
        (2, "2026-01-31", [True, True, False]),
    ):
        income = later.income.read_known(SEPTEMBER + 12 * year, 12, to_day(day), 0, 3)
        assert (~np.isnan(income[:, 0]).all(axis=0)).tolist() == reported, day
    assert later.income.read_known(SEPTEMBER + 24, 12, to_day("2026-01-31"), 0, 1)[4, :, 0].tolist() == [1000.0] * 12


def test_a_month_after_the_last_one_is_left_out_and_nothing_else_changes():
    records = build(INCOME)
    later = repeat_income(records, SEPTEMBER, period=12, times=1)
    assert later.income.count_reports_by_month(to_day("2024-02-01"))[-12:].tolist() == [0] * 12
    assert records.last_month == SEPTEMBER + 1
    assert len(records.income.statements) == 1


def test_a_period_longer_than_the_history_leaves_the_months_before_it_unreported():
    later = repeat_income(build({"b": INCOME["b"]}), SEPTEMBER, period=3, times=2)
    assert later.income.count_reports_by_month().tolist() == [1, 0, 0, 1, 0, 0, 1]


def test_cells_with_several_rows_are_repeated_too():
    rows = {
        "household_id": ["b", "b"],
        "period_start": ["2023-09-01"] * 2,
        "source": ["wage"] * 2,
        "amount": [1.0, 2.0],
    }
    households = {"household_id": ["b"], "region_code": ["13"], "size": [1]}
    lines: dict[str, list[object]] = {"region_code": [], "effective_from": [], "amount": []}
    twice = Records.from_tables({"households": households, "income": rows, "lines": lines})
    later = repeat_income(twice, SEPTEMBER, period=12, times=1)
    assert later.income.read_known(SEPTEMBER + 12, 1, to_day("2024-09-29"), 0, 1)[0].tolist() != [[3.0]]
    assert later.income.read_known(SEPTEMBER + 12, 1, to_day("2024-09-30"), 0, 1)[0].tolist() == [[3.0]]
