"""The desk as an officer of a county uses it, on both databases, with a few households and their lists."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from riskml.lists.persons.id_numbers import compute_check_digit
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.desk.work import JOB, make_task
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import Model
from riskml_serving.people.accounts.service import create_user
from riskml_serving.register.keys import add_key, read_keys

PASSWORD = "a sentence of words"
COUNTY = "990123"
REGISTER = ("户编号", "人编号", "姓名", "证件号码", "与户主关系", "乡镇", "行政村", "家庭人口数", "年工资性收入")
BILLS = ("姓名", "身份证号", "乡镇", "行政村", "就诊类别", "入院日期", "总费用", "个人自付")
WHERE = ("青石镇", "新民村")
NAMES = {"A-1": "赵春山", "A-2": "钱秋水", "A-3": "赵小河", "B-1": "孙北斗"}


def make_number(code: str) -> str:
    first = f"99012319800301{100 + list(NAMES).index(code)}"
    return first + compute_check_digit(first)


def write_csv(header: tuple[str, ...], rows: list[tuple[object, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()


def make_register(*members: tuple[str, str, str], wage: int = 30_000) -> bytes:
    """Make an export of the register: person, household, relation to the head."""
    sizes = [home for _, home, _ in members]
    return write_csv(
        REGISTER,
        [(h, c, NAMES[c], make_number(c), relation, *WHERE, sizes.count(h), wage) for c, h, relation in members],
    )


def make_bill(code: str, day: str, cost: float, paid: float, name: str = "") -> tuple[object, ...]:
    return (name or NAMES[code], make_number(code), *WHERE, "住院", day, cost, paid)


FIRST = make_register(("A-1", "A", "户主"), ("A-2", "A", "配偶"), ("A-3", "A", "之子"), ("B-1", "B", "户主"))
SPLIT = make_register(("A-1", "A", "户主"), ("A-2", "A", "配偶"), ("A-3", "C", "户主"), ("B-1", "B", "户主"))


@dataclass
class Desk:
    """The desk as an officer of the county sees it."""

    client: TestClient
    engine: Engine
    settings: Settings
    model: Model
    last: httpx.Response | None = None
    worker: Worker | None = None

    def open(self, step: str = "") -> httpx.Response:
        self.last = self.client.get(f"/lists/delivery?id={self.id}" + (f"&step={step}" if step else ""))
        return self.last

    @property
    def id(self) -> str:
        return re.search(r"id=([0-9a-f-]{36})", str(self.last.url)).group(1)

    @property
    def step(self) -> str:
        return self.read("SELECT step FROM deliveries WHERE delivery_id = :id", id=self.id)[0][0]

    def read(self, query: str, **values: object) -> list[tuple[object, ...]]:
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def upload(self, files: dict[str, bytes], received_on: str = "", **fields: str) -> httpx.Response:
        token = read_token(self.client.get("/lists").text)
        named = [("files", (name, content)) for name, content in files.items() or [("", b"")]]
        values = {"csrf": token, "received_on": received_on, **fields}
        self.last = self.client.post("/lists", data=values, files=named, follow_redirects=True)
        return self.last

    def post(self, path: str, **fields: str) -> httpx.Response:
        values = {"csrf": read_token(self.client.get("/lists").text), "id": self.id, **fields}
        answer = self.client.post(path, data=values, follow_redirects=True)
        if "/lists/delivery" in str(answer.url):
            self.last = answer
        return answer

    def work(self) -> None:
        """Do what waits, as a worker does."""
        if self.worker is None:  # one worker, since each starts a process
            tasks = {JOB: make_task(self.engine, self.settings, read_keys(self.settings))}
            self.worker = Worker(self.engine, self.settings, lambda: self.model, tasks)
        while self.worker.step():
            pass

    def stop_work(self) -> None:
        """End the worker's reading process."""
        if self.worker is not None:
            self.worker.stop()
            self.worker.run()

    def import_lists(self, files: dict[str, bytes], received_on: str) -> httpx.Response:
        """Go the whole way without a question."""
        self.upload(files, received_on)
        self.work()
        for step in ("preview", "import"):
            self.post("/lists/next", step=step)
            self.work()
        assert self.step == "done", self.open("preview").text[-3000:]
        return self.open()


def read_token(page: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', page).group(1)


@pytest.fixture
def make_desk(make_client: Callable[..., TestClient], model: Model, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Return a function that starts the service with an identity key and signs in an officer of the county."""
    desks: list[Desk] = []

    def make(**settings: object) -> Desk:
        key = tmp_path / "identity.key"
        add_key(key)
        client = make_client(identity_key=key, job_worker=False, today=dt.date(2024, 6, 30), **settings)
        state = client.app.state
        with writing(state.engine) as connection:
            create_user(connection, "officer", PASSWORD, "county", COUNTY, identity=True, health_details=True)
        fields = {"csrf": read_token(client.get("/sign-in").text), "username": "officer", "password": PASSWORD}
        assert client.post("/sign-in", data=fields, follow_redirects=False).status_code == 303
        desks.append(Desk(client, state.engine, state.settings, model))
        return desks[-1]

    yield make
    for one in desks:
        one.stop_work()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()
