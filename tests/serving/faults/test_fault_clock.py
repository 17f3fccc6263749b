"""If the clock is set forward or back while the service runs, nothing is lost, repeated or out of order."""

from __future__ import annotations

import datetime as dt
import itertools
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from riskml_serving.base import clock
from riskml_serving.base.database import reading, writing
from riskml_serving.commands.cli import app as commands
from riskml_serving.judging.bulk import judging
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import repository, service

HOME = "370112001001"
AS_OF = dt.date(2023, 6, 30)
DAY = dt.timedelta(days=1)


@pytest.fixture
def set_clock(monkeypatch):
    """Return a function that shifts the service's clock relative to the true time."""

    def put(shift):
        shifted = SimpleNamespace(now=lambda zone: dt.datetime.now(zone) + shift)
        monkeypatch.setattr(clock, "dt", SimpleNamespace(datetime=shifted, UTC=dt.UTC))

    return put


@pytest.fixture
def live(make_client):
    """Start a service that takes its current day from the clock."""
    return make_client(today=None, job_worker=False)


def append(client, headers, **tables):
    answer = client.post("/v1/records", json={"tables": tables}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def make_family(code):
    last = dt.datetime.now(clock.SHANGHAI).date().replace(day=1) - DAY
    months = [dt.date(last.year - k // 12, last.month, 1) for k in (12, 0)]
    wages = [
        {"household_id": code, "period_start": str(month), "source": "wage", "months": 1, "amount": 2000}
        for month in months
    ]
    return {"households": [{"household_id": code, "region_code": HOME, "size": 2}], "income": wages}


def make_bill(code):
    on = str(dt.datetime.now(clock.SHANGHAI).date() - 3 * DAY)
    row = {"household_id": code, "occurred_on": on, "kind": "inpatient", "cost": 90000, "self_paid": 60000}
    return {"illness": [row]}


def read_flags(client, headers, code):
    return client.get(f"/v1/households/{code}", headers=headers).json()["score"]["rule_flags"]


def test_records_received_while_the_clock_is_behind_count_once_it_has_caught_up(live, key, set_clock, database_url):
    headers, seen = key(), []

    def follow():
        since = seen[-1]["cursor"] if seen else 0
        seen.extend(live.get("/v1/changes", params={"since": since}, headers=headers).json()["changes"])

    set_clock(2 * DAY)
    append(live, headers, **make_family("h1"))
    follow()
    set_clock(-DAY)
    append(live, headers, **make_bill("h1"))
    append(live, headers, **make_family("h2"))
    follow()
    assert read_flags(live, headers, "h1") == [], "the score as of the later day stays current"
    set_clock(2 * DAY)
    event = {"household_id": "h1", "occurred_on": str(dt.datetime.now(clock.SHANGHAI).date()), "kind": "report"}
    append(live, headers, events=[event])
    follow()
    assert "inpatient_self_pay" in read_flags(live, headers, "h1"), "the stored bill counts now"
    assert [row["household_id"] for row in seen] == ["h1", "h2", "h1"]
    assert len({row["cursor"] for row in seen}) == 3
    checked = CliRunner().invoke(commands, ["audit", "verify", "--db", database_url])
    assert checked.exit_code == 0, checked.output


def test_a_repeated_request_is_recognised_whatever_the_clock_says(live, key, set_clock):
    headers = {**key(), "Idempotency-Key": "once"}
    first = live.post("/v1/records", json={"tables": make_family("h1")}, headers=headers)
    for shift in (-400 * DAY, 400 * DAY):
        set_clock(shift)
        again = live.post("/v1/records", json={"tables": make_family("h1")}, headers=headers)
        assert (again.headers["idempotent-replayed"], again.content) == ("true", first.content)


def test_a_county_job_runs_only_once_while_the_clock_jumps(stored_county, make_client, key, set_clock, monkeypatch):
    client = make_client(job_worker=False, job_chunk=40)
    state, headers = client.app.state, key()
    judge, shifts = judging.judge_range, itertools.cycle([30 * DAY, -30 * DAY])

    def judge_and_shift_clock(*arguments):
        set_clock(next(shifts))
        return judge(*arguments)

    monkeypatch.setattr(judging, "judge_range", judge_and_shift_clock)
    job = client.post("/v1/batches", json={}, headers=headers).json()["job"]
    worker = Worker(state.engine, state.settings, lambda: state.holder.current)
    assert worker.step()
    assert not worker.step(), "no other worker may take the job"
    worker._reader.close()
    job_now = client.get(f"/v1/jobs/{job}", headers=headers).json()
    assert (job_now["state"], job_now["judged"]) == ("done", 160)
    with reading(state.engine) as connection:
        counts = [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in ("scores", "jobs")]
    assert counts == [job_now["kept"], 1]


def test_rollback_affects_the_current_release_even_after_the_clock_was_set_back(live, set_clock):
    with writing(live.app.state.engine) as connection:
        for version, shift in (("riskml-a", 2 * DAY), ("riskml-b", -DAY)):
            set_clock(shift)
            repository.record_release(connection, version, "here", clock.now())
        assert service.roll_back(connection) == ("riskml-b", "riskml-a")
        repository.record_release(connection, "riskml-a", "here", clock.now())
        repository.accept(connection, "riskml-b")
        assert service.roll_back(connection) == ("riskml-a", "riskml-b")
