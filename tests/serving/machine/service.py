"""The service under test: two instances that share a database, a worker, and the keys of its callers."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

from fastapi.testclient import TestClient

from riskml_serving.base.database import open_engine, reading
from riskml_serving.base.settings import Settings
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.people.audit.chain import find_faults
from riskml_serving.people.audit.repository import read_all
from riskml_serving.running.app import create_app

BUNDLE = Path(__file__).parents[3] / "models" / "simulated-county-1"
FIRST_DAY, AT_ONCE, DIGITS, PART = dt.date(2023, 6, 1), 3, 6, 2
ALL = ("score", "read", "write", "health-details")
KEYS = (  # digits of the region in county A, or None for all of county B; rights
    (0, ALL),
    (6, ALL),
    (6, ("score", "read", "write")),
    (6, ("read",)),
    (6, ("score", "read")),
    (9, ALL),
    (12, ("read", "write")),
    (None, ALL),
    (6, ("read", "write", "score")),
)
"""The last key can be revoked."""


class Service:
    """Two instances of the service and a worker, on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.day, self.numbers = url, folder, FIRST_DAY, itertools.count(1)
        self.engine, self.reader = open_engine(url), Reader(url)
        self.clients = [self.open(), self.open()]
        self.start_worker()

    def open(self) -> TestClient:
        client = TestClient(create_app(self.settings), raise_server_exceptions=False)
        return client.__enter__()

    @property
    def settings(self) -> Settings:
        return Settings(
            database_url=self.url,
            bundle=BUNDLE,
            today=self.day,
            model_store=self.folder / "models",
            export_folder=self.folder / "exports",
            simulated=True,
            job_worker=False,
            job_chunk=PART,
            rate_per_minute=0,
            key_cache_seconds=0,
            rescore_at_once=AT_ONCE,
            register_digits=DIGITS,
        )

    def start_worker(self) -> None:
        self.worker = Worker(
            self.engine, self.settings, lambda: self.clients[0].app.state.holder.current, reader=self.reader
        )

    def restart(self, *, next_day: bool) -> None:
        self.close_parts()
        self.day = min(self.day + dt.timedelta(next_day), dt.date(2023, 6, 25))
        self.clients = [self.open(), self.open()]
        self.start_worker()

    def close_parts(self) -> None:
        for client in self.clients:
            client.__exit__(None, None, None)

    def close(self) -> None:
        self.close_parts()
        self.reader.close()
        with reading(self.engine) as connection:
            assert list(find_faults(read_all(connection))) == []
        self.engine.dispose()
