"""A small county on the staff pages: three villages in two towns, one account a role, and a browser."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import uvicorn
from fastapi.testclient import TestClient
from sqlalchemy import text

from riskml.progress import Silent
from riskml_serving.base.database import open_engine, reading, upgrade, writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands.demo.county import list_month_ends, score_month
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.model import Model, load_model
from riskml_serving.people.accounts.service import create_user
from riskml_serving.running.app import create_app

TODAY = dt.date(2023, 6, 30)
PASSWORD = "a sentence of words"
ROLES = ("village", "township", "county", "analyst")


@pytest.fixture(scope="session")
def model(bundle_path: Path) -> Model:
    return load_model(bundle_path)


@dataclass
class World:
    """What the prepared database holds."""

    database: Path
    villages: list[str]
    regions: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def world(county: Path, model: Model, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three villages of the simulated county, scored as of two month ends, and the accounts."""
    folder = tmp_path_factory.mktemp("web")
    homes = pq.read_table(county / "households.parquet", columns=["household_id", "region_code"])
    every = sorted(set(homes["region_code"].to_pylist()))
    far = f"{every[2][:6]}199{every[2][9:]}"  # the third village is moved to another town
    villages = [*every[:2], every[2]]
    codes = homes.filter(pc.is_in(homes["region_code"], pa.array(villages)))["household_id"]
    (folder / "records").mkdir()
    for path in county.glob("*.parquet"):
        if path.stem != "truth":
            table = pq.read_table(path)
            if "household_id" in table.column_names:
                keep = pc.or_kleene(pc.is_in(table["household_id"], codes), pc.is_null(table["household_id"]))
                table = table.filter(keep)
            if path.stem == "households":
                moved = pc.if_else(pc.equal(table["region_code"], every[2]), far, table["region_code"])
                table = table.set_column(table.column_names.index("region_code"), "region_code", moved)
            pq.write_table(table, folder / "records" / path.name)
    engine = open_engine(f"sqlite:///{folder / 'service.db'}")
    upgrade(engine)
    import_folder(engine, folder / "records", TODAY, None, Silent())
    for as_of in list_month_ends(TODAY, 2):
        score_month(engine, model, as_of)
    village = villages[0]
    regions = {"village": village, "township": village[:9], "county": village[:6], "analyst": village[:6]}
    for role, region in regions.items():
        with writing(engine) as connection:
            create_user(connection, role, PASSWORD, role, region, health_details=role == "county")
    with writing(engine) as connection:
        create_user(connection, "blind", PASSWORD, "county", village[:6])
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return World(folder / "service.db", [*villages[:2], far], regions)


class Site:
    """The service, and what a reader does with it."""

    def __init__(self, client: TestClient, world: World) -> None:
        self.client, self.world, self.engine = client, world, client.app.state.engine

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    @staticmethod
    def token(page: str, name: str = "csrf") -> str:
        return re.search(rf'name="{name}" value="([^"]+)"', page).group(1)

    def sign_in(self, username: str, password: str = PASSWORD, back: str = "/worklist") -> httpx.Response:
        page = self.get("/sign-in")
        return self.post("/sign-in", csrf=self.token(page.text), username=username, password=password, back=back)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        return self.client.post(path, data=fields, follow_redirects=False)

    def verify(self, household: str, **fields: Any) -> httpx.Response:
        """Fill in and send the form of a household's page."""
        page = self.get(f"/households/{household}").text
        once = re.search(r'name="once" value="([^"]+-v)"', page).group(1)
        sent = {"csrf": self.token(page), "once": once, "outcome": "confirmed"} | fields
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
    """Settings on a copy of the prepared database."""

    def make(**changed: Any) -> Settings:
        database = tmp_path / "service.db"
        if not database.exists():
            shutil.copy(world.database, database)
        own: dict[str, Any] = {
            "database_url": f"sqlite:///{database}",
            "bundle": bundle_path,
            "today": TODAY,
            "simulated": True,
            "model_store": tmp_path / "models",
            "export_folder": tmp_path / "exports",
            "job_worker": False,
        }
        return Settings(**{**own, **changed})

    return make


@pytest.fixture
def make_site(
    make_settings: Callable[..., Settings], world: World, model: Model, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Site]]:
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    started: list[TestClient] = []

    def make(**changed: Any) -> Site:
        client = TestClient(create_app(make_settings(**changed)), raise_server_exceptions=False)
        client.__enter__()
        started.append(client)
        return Site(client, world)

    yield make
    for client in started:
        client.__exit__(None, None, None)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@dataclass
class Served:
    """The service on a port of this machine."""

    address: str
    server: uvicorn.Server


@pytest.fixture
def served(make_settings: Callable[..., Settings], model: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Run the service as in life, in a thread."""
    monkeypatch.setattr("riskml_serving.running.app.load_model", lambda *_: model)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(make_settings(port=port))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Served(f"http://127.0.0.1:{port}", server)
    server.should_exit = True
    thread.join(10)
