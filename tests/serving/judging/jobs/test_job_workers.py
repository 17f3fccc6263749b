"""Only one worker at a time can lease a scoring job. A job is abandoned after too many failures, and starts again if
the model changes."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from riskml_serving.base.database import reading, writing
from riskml_serving.judging.act import Act
from riskml_serving.judging.bulk import judging
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.leases import Heartbeat
from riskml_serving.judging.jobs.repository import LostLease
from riskml_serving.people.auth import Caller

AS_OF = dt.date(2023, 6, 30)


def count_parts(client):
    with reading(client.app.state.engine) as connection:
        return connection.execute(text("SELECT count(*) FROM job_parts")).scalar_one()


def test_a_change_of_model_restarts_a_job(imported, jobs, key, work):
    headers = key()
    job = jobs.start(headers)
    with writing(imported.app.state.engine) as connection:
        row = repository.list_open_jobs(connection)[0]
        repository.lease(connection, row, "w")
        repository.add_part(connection, job, 0, b"of another model")
        checkpoint = json.dumps({"after": "H0000140", "parts": 1, "judged": 140})
        repository.advance(connection, job, "w", checkpoint=checkpoint, model_version="another")
        repository.end(connection, job, "w", "waiting")
    work()
    state = jobs.wait_for(headers, job)
    assert (state["judged"], state["model_version"]) == (160, imported.app.state.holder.current.version)
    assert len(jobs.read_table(headers, job)) == state["kept"]


@pytest.mark.parametrize("known", [("policy_version", "model_version", "feature_schema_hash"), ("model_version",)])
def test_a_changed_or_unrecorded_policy_restarts_a_job(imported, jobs, key, work, known):
    headers, holder = key(), imported.app.state.holder
    job = jobs.start(headers)
    other = replace(holder.current, policy=replace(holder.current.policy, version="another"))
    with writing(imported.app.state.engine) as connection:
        repository.lease(connection, repository.list_open_jobs(connection)[0], "w")
        repository.add_part(connection, job, 0, b"by another policy")
        checkpoint = json.dumps({"after": "H0000140", "parts": 1, "judged": 140})
        repository.advance(
            connection, job, "w", checkpoint=checkpoint, **{name: other.versions[name] for name in known}
        )
        repository.end(connection, job, "w", "waiting")
    work()
    state = jobs.wait_for(headers, job)
    assert (state["judged"], state["policy_version"]) == (160, holder.current.names["policy_version"])


def test_a_job_that_fails_repeatedly_is_abandoned(imported, jobs, key, work, monkeypatch):
    headers = key()
    job = jobs.start(headers)
    monkeypatch.setattr(judging, "judge_range", lambda *_: 1 / 0)
    work()
    state = jobs.wait_for(headers, job)
    assert (state["state"], state["problem"]) == ("failed", "urn:riskml:problem:internal-error")
    monkeypatch.undo()
    again = jobs.start(headers)
    work()
    assert jobs.wait_for(headers, again)["state"] == "done"


def test_a_job_whose_workers_die_is_abandoned(imported, jobs, key, work):
    headers = key()
    job = jobs.start(headers)
    with writing(imported.app.state.engine) as connection:
        for i in range(5):
            assert repository.lease(connection, repository.list_open_jobs(connection)[0], f"dead-{i}")
    work(job_lease_seconds=0)
    assert jobs.wait_for(headers, job)["problem"] == "urn:riskml:problem:gave-up"


def test_only_one_of_two_workers_gets_a_job_and_the_other_stores_nothing(imported, jobs, key):
    headers, engine = key(), imported.app.state.engine
    job = jobs.start(headers)
    with reading(engine) as connection:
        (seen,) = repository.list_open_jobs(connection)
    with writing(engine) as connection:
        assert repository.lease(connection, seen, "one")
        assert not repository.lease(connection, seen, "two")
    with reading(engine) as connection:
        (seen,) = repository.list_open_jobs(connection)
    with writing(engine) as connection:
        assert repository.lease(connection, seen, "two")
    for act in (repository.beat, repository.advance):
        with pytest.raises(LostLease), writing(engine) as connection:
            act(connection, job, "one")
    with Heartbeat(engine, job, "one", 0.01) as heartbeat:
        assert heartbeat.lost.wait(5)


def test_the_service_runs_jobs_on_its_own_and_stops_between_two_parts(stored_county, make_client):
    client = make_client(job_chunk=10)
    caller = Caller("k", "", frozenset())
    with writing(client.app.state.engine) as connection:
        payload = {"as_of": AS_OF.isoformat(), "redact": []}
        job = repository.add_job(Act(connection, caller, AS_OF, "r"), "score", payload, total=160)
    until = time.monotonic() + 30
    while not count_parts(client) and time.monotonic() < until:
        time.sleep(0.02)
    client.__exit__(None, None, None)
    with reading(client.app.state.engine) as connection:
        (row,) = repository.list_open_jobs(connection)
    assert (row["state"], row["lease_owner"]) == ("waiting", None)
    assert 0 < row["done"] < 160
    threads = [thread.name for thread in threading.enumerate()]
    assert "riskml-heart" not in threads
    client.__enter__()
    current = None
    while current != "done" and time.monotonic() < until + 30:
        with reading(client.app.state.engine) as connection:
            current = connection.execute(text("SELECT state FROM jobs WHERE job_id = :job"), {"job": job}).scalar_one()
        time.sleep(0.05)
    assert current == "done"
    assert count_parts(client) == 16
