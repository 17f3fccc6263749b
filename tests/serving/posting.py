"""Rows of a household for requests, and what several test files do with them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text

HOME = "370112001001"


def make_household(code="h1", region=HOME, **more):
    return {"household_id": code, "region_code": region, "size": 3, **more}


def make_wages(code="h1", months=24, amount=2500.0):
    start = [dt.date(2021 + (6 + m) // 12, (6 + m) % 12 + 1, 1) for m in range(months)]
    return [
        {"household_id": code, "period_start": day.isoformat(), "source": "wage", "amount": amount} for day in start
    ]


def post(client, headers, key=None, **tables):
    more = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/records", json={"tables": tables}, headers={**headers, **more})


def count_rows(client, table):
    with client.app.state.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
