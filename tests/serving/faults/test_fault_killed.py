"""After kill -9 in the middle of a county job or an upload, and a restart, nothing is lost or stored twice."""

from __future__ import annotations

import signal
import threading
import time

import httpx2 as httpx
import pyarrow as pa
import pytest
from sqlalchemy import text

from riskml_serving.base.database import reading
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.run import from_parquet


def fetch_one(engine, query, **values):
    with reading(engine) as connection:
        return connection.execute(text(query), values).scalar_one()


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.02)


def test_a_county_job_resumes_where_the_killed_service_stopped(county_engine, headers, serve):
    service = serve().wait()
    job = httpx.post(f"{service.url}/v1/batches", json={}, headers=headers).json()["job"]
    wait_until(lambda: fetch_one(county_engine, "SELECT count(*) FROM job_parts") >= 2)
    service.end(signal.SIGKILL)
    before = fetch_one(county_engine, "SELECT count(*) FROM job_parts")
    assert fetch_one(county_engine, "SELECT state FROM jobs") == "running"
    service = serve().wait()
    wait_until(lambda: fetch_one(county_engine, "SELECT state FROM jobs") == "done")
    state = httpx.get(f"{service.url}/v1/jobs/{job}", headers=headers).json()
    with reading(county_engine) as connection:
        parts = [from_parquet(content) for content in repository.read_parts(connection, job)]
    codes = pa.concat_tables(parts)["household_id"].to_pylist()
    assert len(parts) == 8 > before >= 2
    assert codes == sorted(set(codes)), "no household occurs twice"
    assert state["judged"] == 160
    assert len(codes) == state["kept"] == fetch_one(county_engine, "SELECT count(*) FROM current_scores")
    assert fetch_one(county_engine, "SELECT count(*) FROM scores") == len(codes)
    assert httpx.get(f"{service.url}/v1/jobs/{job}/results", headers=headers).status_code == 200


def test_uploads_interrupted_by_a_kill_are_stored_once_after_being_sent_again(county_engine, headers, serve):
    service, sent, answered = serve(job_worker=False).wait(), {}, set()
    for i in range(400):
        row = {
            "household_id": f"H{i % 32 * 25:07d}",
            "occurred_on": "2023-06-20",
            "kind": "job_loss",
            "record_id": f"k-{i}",
        }
        sent[f"key-{i}"] = {"tables": {"events": [row]}}
    going = threading.Event()

    def upload():
        with httpx.Client(base_url=service.url, headers=headers, timeout=20) as client:
            for name, body in sent.items():
                try:
                    answer = client.post("/v1/records", json=body, headers={"Idempotency-Key": name})
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                answered.add(name)
                if len(answered) > 5:
                    going.set()

    thread = threading.Thread(target=upload)
    thread.start()
    assert going.wait(30)
    service.end(signal.SIGKILL)
    thread.join()
    assert 5 < len(answered) < 400
    stored = fetch_one(county_engine, "SELECT count(*) FROM record_events WHERE record_id LIKE 'k-%'")
    assert stored >= len(answered), "every acknowledged record is stored"
    service = serve(job_worker=False).wait()
    again = list(sent.items())[: len(answered) + 3]
    with httpx.Client(base_url=service.url, headers=headers, timeout=20) as client:
        answers = [client.post("/v1/records", json=body, headers={"Idempotency-Key": name}) for name, body in again]
    assert {answer.status_code for answer in answers} == {200}
    replayed = sum(answer.headers.get("idempotent-replayed") == "true" for answer in answers)
    assert replayed == stored
    assert fetch_one(county_engine, "SELECT count(*) FROM record_events WHERE record_id LIKE 'k-%'") == len(again)
    assert fetch_one(
        county_engine, "SELECT count(DISTINCT record_id) FROM record_events WHERE record_id LIKE 'k-%'"
    ) == len(again)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_several_worker_processes_share_the_jobs_and_take_over_that_of_a_killed_one(county_engine, headers, serve):
    """Workers on several machines share only the database: no clock, no memory, no file."""
    service = serve(job_worker=False).wait()
    with reading(county_engine) as connection:
        regions = connection.execute(text("SELECT DISTINCT region_code FROM households ORDER BY 1")).scalars().all()
    for region in regions:
        posted = httpx.post(f"{service.url}/v1/batches", json={"region": region}, headers=headers)
        assert posted.status_code == 202, posted.text
    dies = ("riskml_serving.judging.jobs.repository.add_part", 2)
    killed = serve(command="worker", dies=dies, job_chunk=3)
    killed.process.join(60)
    assert killed.process.exitcode == -signal.SIGKILL
    owner = fetch_one(county_engine, "SELECT lease_owner FROM jobs WHERE state = 'running'")
    workers = [serve(command="worker", job_chunk=3) for _ in range(2)]
    left = "SELECT count(*) FROM jobs WHERE state <> 'done'"
    wait_until(lambda: fetch_one(county_engine, left) == 0, seconds=120)
    assert all(worker.process.is_alive() for worker in workers)
    assert owner
    assert fetch_one(county_engine, "SELECT sum(total) FROM jobs") == 160
    assert fetch_one(county_engine, "SELECT count(*) FROM scores") == 160, "every household was scored exactly once"
    assert fetch_one(county_engine, "SELECT count(DISTINCT household_id) FROM current_scores") == 160
