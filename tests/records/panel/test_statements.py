"""Yearly income statements and income rows about one member: for which months and from which day they count."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from riskml.policy import apply_rule_line, load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

SOURCES = ("wage", "business", "property", "transfer", "total")


def make_row(source: str, start: str, amount: float | None, **more: object) -> dict[str, object]:
    return {"household_id": "a", "period_start": start, "source": source, "amount": amount, **more}


def make_statement(source: str, year: int, amount: float, **more: object) -> dict[str, object]:
    """Make a statement of income for the year that ends in September of ``year``."""
    return make_row(source, f"{year - 1}-10-01", amount, months=12, statement=True, **more)


def make_months(source: str, first: str, number: int, amount: float, **more: object) -> list[dict[str, object]]:
    starts = np.arange(number) + np.datetime64(first, "M")
    return [make_row(source, f"{start}-01", amount, **more) for start in starts]


def build_panel(income: list[dict[str, object]], as_of: str, size: int = 1) -> Panel:
    names = {name for cells in income for name in cells}
    columns = {name: [cells.get(name) for cells in income] for name in names}
    tables = {
        "households": {"household_id": ["a"], "region_code": ["130529101201"], "size": [size]},
        "income": columns,
        "lines": {"region_code": [""], "effective_from": [dt.date(2016, 1, 1)], "amount": [6000.0]},
    }
    return Records.from_tables(tables).panel(to_day(as_of))


def read_month(panel: Panel, month: str) -> dict[str, float]:
    """Return a month's known income by source."""
    lag = panel.month - (int(month[:4]) - 1970) * 12 - int(month[5:]) + 1
    cells = dict(zip(SOURCES, panel.sources[:, lag, 0].tolist(), strict=True))
    return {name: value for name, value in cells.items() if not np.isnan(value)}


def test_a_statement_is_known_five_months_after_its_period():
    stated = [make_statement("total", 2023, 12000)]
    assert not build_panel(stated, "2024-02-28").reported.any()
    panel = build_panel(stated, "2024-02-29")
    assert read_month(panel, "2023-09") == {"total": 1000}
    assert panel.reported.sum() == 12
    assert (
        build_panel([make_statement("total", 2023, 12000, recorded_on="2023-11-05")], "2023-11-30").reported.sum() == 12
    )


def test_a_statement_replaces_its_sources_rows_from_the_day_it_is_recorded():
    rows = [
        *make_months("wage", "2023-01", 3, 900),
        *make_months("business", "2023-01", 3, 50),
        make_statement("wage", 2023, 12000),
    ]
    assert read_month(build_panel(rows, "2024-02-28"), "2023-01") == {"wage": 900, "business": 50}
    assert read_month(build_panel(rows, "2024-02-29"), "2023-01") == {"wage": 1000, "business": 50}
    whole = [*rows[:6], make_statement("total", 2023, 24000)]
    assert read_month(build_panel(whole, "2024-02-29"), "2023-01") == {"total": 2000}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([("wage", 12, "2024-01-01"), ("wage", 24, "2024-02-01")], {"wage": 2}),
        ([("wage", 12, "2024-02-01"), ("total", 60, "2024-02-01")], {"total": 5}),
        ([("wage", 12, "2024-02-02"), ("total", 60, "2024-02-01")], {"wage": 1}),
        (
            [("wage", 12, "2024-02-02"), ("business", 24, "2024-01-01"), ("total", 60, "2024-02-01")],
            {"wage": 1, "business": 2},
        ),
    ],
)
def test_the_latest_recorded_statement_counts(statements, expected):
    rows = [make_statement(source, 2023, amount, recorded_on=day) for source, amount, day in statements]
    for order in (rows, rows[::-1]):
        assert read_month(build_panel(order, "2024-03-31"), "2023-03") == expected


def test_among_statements_from_the_same_day_the_one_that_starts_latest_counts():
    rows = [
        make_statement("wage", 2023, 12000, recorded_on="2024-01-01"),
        make_row("wage", "2023-04-01", 1200, months=6, statement=True, recorded_on="2024-01-01"),
    ]
    panel = build_panel(rows, "2024-01-31")
    assert read_month(panel, "2023-03") == {"wage": 1000}
    assert read_month(panel, "2023-04") == {"wage": 200}


def test_a_plain_total_may_accompany_the_statement_of_a_source():
    rows = [*make_months("total", "2023-01", 1, 500), make_statement("wage", 2023, 12000)]
    panel = build_panel(rows, "2024-02-29")
    assert read_month(panel, "2023-01") == {"total": 500}
    assert read_month(panel, "2023-02") == {"wage": 1000}


def test_a_month_outside_statements_needs_every_source_that_is_not_zero():
    stated = [
        make_statement("wage", 2023, 12000),
        make_statement("transfer", 2023, 2400),
        make_statement("business", 2023, 0),
    ]
    wage, transfer = make_months("wage", "2023-11", 1, 100), make_months("transfer", "2023-11", 1, 10)
    assert read_month(build_panel([*stated, *wage, *transfer], "2024-02-29"), "2023-11") == {
        "wage": 100,
        "transfer": 10,
    }
    assert read_month(build_panel([*stated, *wage], "2024-02-29"), "2023-11") == {}
    assert read_month(build_panel([*stated, *make_months("total", "2023-11", 1, 90)], "2024-02-29"), "2023-11") == {
        "total": 90
    }
    # until the first statement is known, the monthly report counts
    assert read_month(build_panel([*stated, *wage], "2024-01-31"), "2023-11") == {"wage": 100}


def test_a_month_after_a_total_needs_all_four_sources():
    stated = [make_statement("wage", 2022, 12000), make_statement("total", 2023, 24000)]
    four = [cell for source in SOURCES[:4] for cell in make_months(source, "2023-11", 1, 25)]
    assert read_month(build_panel([*stated, *four], "2024-02-29"), "2023-11") == dict.fromkeys(SOURCES[:4], 25)
    assert read_month(build_panel([*stated, *four[:3]], "2024-02-29"), "2023-11") == {}


def test_a_statement_of_zero_income_counts_as_a_report_for_its_months_only():
    panel = build_panel([make_statement("wage", 2023, 0)], "2024-02-29")
    assert panel.reported.sum() == 12
    assert not panel.reported[:5].any()
    assert panel.income_per_head(12)[0] == 0


@pytest.mark.parametrize("person", [{"member_id": "m1"}, {"member_id": "m1", "statement": True}])
def test_one_persons_income_neither_makes_a_month_reported_nor_enters_sums(person):
    rows = make_months("wage", "2023-01", 12, 900)
    alone = build_panel([*rows, *make_months("wage", "2023-06", 3, 400, **person)], "2023-12-31")
    assert np.array_equal(alone.sources, build_panel(rows, "2023-12-31").sources, equal_nan=True)
    assert not build_panel(make_months("wage", "2023-01", 6, 400, **person), "2023-12-31").reported.any()


def test_an_unchanged_wage_of_one_person_raises_no_flag_eight_months_after_the_statement():
    policy = load_policy()
    stated = [
        make_statement("wage", 2023, 40000),
        make_statement("business", 2023, 12000),
        make_statement("transfer", 2023, 2400),
    ]
    wages = make_months("wage", "2024-03", 3, 40000 / 12, member_id="m1")
    quiet, listed = (
        apply_rule_line(build_panel(rows, "2024-05-31", 3), policy) for rows in (stated, [*stated, *wages])
    )
    assert not listed.fired.any()
    assert np.array_equal(quiet.observed, listed.observed, equal_nan=True)


def test_a_correction_may_withdraw_a_statement_or_turn_it_into_a_plain_row():
    plain = make_months("wage", "2023-01", 1, 900)
    stated = make_statement("wage", 2023, 12000, record_id="r", recorded_on="2023-12-01")
    withdrawn = make_row("wage", "2022-10-01", None, months=12, statement=True, record_id="r", recorded_on="2024-01-01")
    assert read_month(build_panel([*plain, stated, withdrawn], "2023-12-31"), "2023-01") == {"wage": 1000}
    assert read_month(build_panel([*plain, stated, withdrawn], "2024-01-31"), "2023-01") == {"wage": 900}
    ordinary = make_row("wage", "2022-10-01", 1200, months=12, record_id="r", recorded_on="2024-01-01")
    assert read_month(build_panel([*plain, stated, ordinary], "2024-01-31"), "2023-01") == {"wage": 1000}
    assert read_month(build_panel([*plain, stated, ordinary], "2024-01-31"), "2023-02") == {"wage": 100}


def test_months_that_statements_leave_unreported_are_not_counted():
    rows = [
        make_statement("wage", 2023, 12000),
        make_statement("business", 2023, 12000),
        *make_months("wage", "2023-10", 4, 1000),
    ]
    names = {name for cells in rows for name in cells}
    tables = {
        "households": {"household_id": ["a"], "region_code": ["130529101201"], "size": [1]},
        "income": {name: [cells.get(name) for cells in rows] for name in names},
        "lines": {"region_code": [""], "effective_from": [dt.date(2016, 1, 1)], "amount": [6000.0]},
    }
    assert Records.from_tables(tables).income.count_reports_by_month().tolist() == [1] * 12 + [0] * 4
