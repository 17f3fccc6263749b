"""Help as a second look counts it: with and without its money, from the records of the household."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml.records.contract.calendar import to_day, to_month
from riskml_serving.base.database import reading
from riskml_serving.casework.reassessments.help import count_help
from riskml_serving.casework.reassessments.repository import read_helps
from riskml_serving.casework.reassessments.service import judge_with_help
from riskml_serving.store.households.repository import find_households
from riskml_serving.store.records.columns import to_columns

YEAR = [*(f"2022-{month:02}-01" for month in range(7, 13)), *(f"2023-{month:02}-01" for month in range(1, 7))]
STATED = [
    {"period_start": "2021-10-01", "months": 12, "source": source, "amount": amount, "statement": True}
    | {"recorded_on": "2023-06-30"}
    for source, amount in (("wage", 24_000), ("transfer", 3_600))
]


def earn(*months):
    return [{"period_start": month, "source": "wage", "amount": 3_000} for month in months]


@pytest.mark.parametrize(
    ("income", "began", "expected"),
    [  # 300 a month, three persons; help is counted in the months whose income is known, of which there are 12, 10, 10
        pytest.param(earn(*YEAR), "2023-02-05", (12_000 + 5 * 300 * 12 / 12 / 3, 12_000), id="every month is known"),
        pytest.param(earn(*YEAR[:10]), "2023-02-05", (12_000 + 3 * 300 * 12 / 10 / 3, 12_000), id="two are not yet"),
        pytest.param(
            earn(*YEAR[:7], YEAR[8], *YEAR[10:]), "2023-02-05", (12_000 + 3 * 300 * 12 / 10 / 3, 12_000), id="gaps"
        ),
        pytest.param(earn(*YEAR), "2023-06-05", (12_000 + 300 * 12 / 12 / 3, 12_000), id="the last month only"),
        pytest.param(STATED, "2021-10-05", (None, None), id="the statement is too old for a verdict"),
        pytest.param(
            [*STATED, *earn(*YEAR[3:])],
            "2021-10-05",
            (None, None),
            id="wages alone report no month, nor do they with help",
        ),
    ],
)
def test_help_counts_in_reported_months_only_so_that_it_makes_nobody_poorer(
    client, key, model, income, began, expected
):
    home = {"household_id": "h1", "region_code": "370112001001", "size": 3}
    tables = {"households": [home], "income": [{"household_id": "h1", **row} for row in income], "help": []}
    assert client.post("/v1/records", json={"tables": tables}, headers=key()).status_code == 200
    body = {"measure": "低保", "given_by": "民政局", "started_on": began, "amount": 300, "per": "month"}
    assert client.post("/v1/households/h1/help", json=body, headers=key()).status_code == 201
    with reading(client.app.state.engine) as connection:
        homes, helps = find_households(connection, ["h1"], ""), read_helps(connection, "h1", "")
        both = judge_with_help(connection, model, homes["h1"], helps, dt.date(2023, 6, 30))
    rules = [both[name].explain().rule for name in ("with", "without")]
    assert tuple(rule.income for rule in rules) == pytest.approx(expected, nan_ok=True)


def test_help_is_never_added_to_a_statement_that_contains_it():
    day = dt.date(2024, 1, 31)
    own = {"household_id": "h1", "source": "total", "amount": 12000.0, "member_id": None, "record_id": None}
    statement = {**own, "period_start": dt.date(2022, 10, 1), "months": 12, "statement": True, "recorded_on": day}
    gift = {"started_on": dt.date(2023, 8, 9), "ended_on": dt.date(2023, 11, 3), "amount": 300.0, "per": "month"}
    months = range(to_month(to_day(day)) + 1)
    amounts = [
        count_help({"income": to_columns([statement])}, [gift], day, reported)["income"]["amount"]
        for reported in (months, None)
    ]
    assert amounts == [[12000.0, 300.0, 300.0], [11400.0]]
    monthly = {**own, "period_start": dt.date(2023, 11, 1), "months": 1, "statement": None, "recorded_on": day}
    once = {**gift, "started_on": dt.date(2023, 11, 9), "per": "once"}
    assert count_help({"income": to_columns([monthly])}, [once], day, months)["income"]["amount"] == [12300.0]
    assert count_help({"income": to_columns([monthly])}, [once], day, None)["income"]["amount"] == [12000.0]
