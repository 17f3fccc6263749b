"""Rows that others store, and imports that are withdrawn, while an import is being staged."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from riskml.records.contract.schema import TABLES
from riskml_serving.base.database import reading, writing
from riskml_serving.judging.importing import service
from riskml_serving.judging.importing.repository import append
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.importing.staging import to_arrow
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.store.households.repository import find_households

TODAY = dt.date(2023, 6, 30)
HOMES = [{"household_id": code, "region_code": "370112001001", "size": 3} for code in ("h1", "h2")]


def make_wage(code, month):
    start = dt.date(2023, month, 1)
    return {"household_id": code, "period_start": start, "months": 1, "source": "wage", "amount": 900.0}


@pytest.fixture
def take(engine, deliver):
    """Return a function that imports a delivery of two households with some wages."""

    def run(*wages):
        rows = [make_wage(*wage) for wage in wages]
        return import_folder(engine, deliver(households=HOMES, income=rows), TODAY, simulated=True)

    return run


def add_wage(connection, *wage):
    """Store a wage as a request does; its number is given at once, but others see it only after the commit."""
    row = make_wage(*wage)
    rows = to_arrow("income", {name: [row.get(name)] for name in TABLES["income"].names})
    append(connection, "income", rows, dt.datetime(2023, 6, 30), "request")


def wait_for_waiting(engine):
    """Wait until a transaction waits for another one."""
    for _ in range(300):
        with reading(engine) as connection:
            if connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
                return
        time.sleep(0.1)
    raise AssertionError("nothing waits")


def test_a_row_numbered_before_the_staging_and_committed_after_it_is_not_stored_twice(engine, read_in_force, take):
    """The request commits after a later one, and after its household would have been read."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite allows one writer at a time, so rows are committed in the order of their numbers")
    take(("h1", 1), ("h2", 1))
    with ThreadPoolExecutor(1) as pool:
        with writing(engine) as slow:
            find_households(slow, ["h2"], "", lock=True)
            add_wage(slow, "h2", 4)
            with writing(engine) as fast:
                add_wage(fast, "h1", 5)
            done = pool.submit(take, ("h2", 4), ("h1", 4))
            wait_for_waiting(engine)
        assert done.result(timeout=120).rows == 1
    assert [row[1].month for row in read_in_force(engine)["income"] if row[0] == "h2"] == [1, 4]


def test_rows_of_an_import_that_is_withdrawn_meanwhile_are_compared_again(engine, read_in_force, take, monkeypatch):
    first = take(("h1", 1), ("h2", 1))
    stage, runs = service._Import._stage, []

    def stage_then_withdraw(self, *own):
        closed = stage(self, *own)
        if not runs:
            withdraw_import(engine, first.import_id, TODAY)
        runs.append(own)
        return closed

    monkeypatch.setattr(service._Import, "_stage", stage_then_withdraw)
    take(("h1", 1), ("h2", 1), ("h2", 2))
    months = [(row[0], row[1].month) for row in read_in_force(engine)["income"]]
    assert sorted(months) == [("h1", 1), ("h2", 1), ("h2", 2)]
    assert len(runs) == 2
