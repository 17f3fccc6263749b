"""Rows are stored as received: a later one withdraws or replaces an earlier one, and no row is ever changed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.scoring import judge

TODAY = dt.date(2023, 6, 30)
HOME = "370112001001"


def household(code="h1", region=HOME, **more):
    return {"household_id": code, "region_code": region, "size": 3, **more}


def wages(code="h1", months=24, amount=2500.0):
    start = [dt.date(2021 + (6 + m) // 12, (6 + m) % 12 + 1, 1) for m in range(months)]
    return [
        {"household_id": code, "period_start": day.isoformat(), "source": "wage", "amount": amount} for day in start
    ]


def post(client, headers, key=None, **tables):
    more = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/records", json={"tables": tables}, headers={**headers, **more})


def count(client, table):
    with client.app.state.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def judged(client, tables):
    model = client.app.state.holder.current
    columns = {
        name: {key: [row.get(key) for row in rows] for key in {k for r in rows for k in r}}
        for name, rows in tables.items()
    }
    columns["lines"] = {"region_code": [], "effective_from": [], "amount": []}
    records = Records.from_tables(columns, load_policy().lines)
    return judge(model.bundle, records.panel(to_day(TODAY)), model.policy)


def test_a_withdrawn_report_no_longer_counts(client, key):
    headers = key()
    event = {"household_id": "h1", "occurred_on": "2023-06-01", "kind": "accident", "record_id": "r1"}
    flagged = post(client, headers, households=[household()], income=wages(), events=[event]).json()["scores"][0]
    assert flagged["after"]["rule_flags"] == ["accident"]
    back = post(client, headers, events=[{**event, "withdrawn": True}]).json()["scores"][0]
    assert back["after"]["rule_flags"] == []
    assert count(client, "record_events") == 2


def test_an_income_corrected_on_the_same_day_counts_once(client, key):
    headers, rows = key(), wages()
    rows[-1] |= {"record_id": "r1"}
    post(client, headers, households=[household()], income=rows)
    corrected = post(client, headers, income=[{**rows[-1], "amount": 2400.0}]).json()["scores"][0]
    opinion = judged(client, {"households": [household()], "income": [*rows[:-1], {**rows[-1], "amount": 2400.0}]})
    assert corrected["after"]["probability"] == float(opinion.probability[0])
