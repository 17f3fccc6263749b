"""Fixtures for a service with a small county, whose jobs (background scoring) are run by a worker in the test."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from riskml_serving.base.database import reading
from riskml_serving.judging.jobs.worker import Worker

AS_OF = dt.date(2023, 6, 30)
Headers = dict[str, str]


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    """Start a service that runs no jobs itself, because the test's worker runs them."""
    return make_client(job_chunk=60, job_worker=False, rescore_at_once=100)


@pytest.fixture
def imported(stored_county: None, client: TestClient) -> TestClient:
    return client


@pytest.fixture
def work(imported: TestClient) -> Callable[..., None]:
    """Return a function that runs all waiting jobs with a new worker."""
    state = imported.app.state

    def step(**settings: Any) -> None:
        worker = Worker(state.engine, state.settings.model_copy(update=settings), lambda: state.holder.current)
        worker.work_off()

    return step


class Jobs:
    """Starts jobs on a service and reads their states and results."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def start(self, headers: Headers, **body: Any) -> str:
        answer = self.client.post("/v1/batches", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert answer.headers["location"] == f"/v1/jobs/{job['job']}"
        assert (job["state"], job["results"]) == ("waiting", None)
        return job["job"]

    def wait_for(self, headers: Headers, job: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until a job ends; return its final state."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state = self.client.get(f"/v1/jobs/{job}", headers=headers).json()
            if state["state"] not in ("waiting", "running"):
                return state
            time.sleep(0.05)
        raise AssertionError(f"the job has not ended: {state}")

    def read_table(self, headers: Headers, job: str, form: str = "parquet") -> pa.Table:
        answer = self.client.get(f"/v1/jobs/{job}/results", params={"format": form}, headers=headers)
        assert answer.status_code == 200, answer.text
        read = pq.read_table if form == "parquet" else csv.read_csv
        return read(io.BytesIO(answer.content))

    def count(self, table: str) -> int:
        """Count the rows of a database table."""
        with reading(self.client.app.state.engine) as connection:
            return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.fixture
def jobs(imported: TestClient) -> Jobs:
    return Jobs(imported)
