"""A delivery goes from upload to new warnings in steps that can be left; questions are asked once."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from riskml.lists.persons.id_numbers import compute_check_digit
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands.cli import app
from riskml_serving.desk import work
from riskml_serving.desk.service import rotate_desk
from riskml_serving.desk.work import JOB, make_task
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import Model
from riskml_serving.operations.retention.service import forget
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
        tasks = {JOB: make_task(self.engine, self.settings, read_keys(self.settings))}
        Worker(self.engine, self.settings, lambda: self.model, tasks).work_off()

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
def database_url(tmp_path: Path, sqlite_tables: Path) -> str:
    """The desk's own SQL is plain, so most tests use SQLite only."""
    return f"sqlite:///{shutil.copy(sqlite_tables, tmp_path / 'service.db')}"


@pytest.fixture
def make_desk(make_client: Callable[..., TestClient], model: Model, tmp_path: Path) -> Callable[..., Desk]:
    """Return a function that starts the service with an identity key and signs in an officer of the county."""

    def make(**settings: object) -> Desk:
        key = tmp_path / "identity.key"
        add_key(key)
        client = make_client(identity_key=key, job_worker=False, today=dt.date(2024, 6, 30), **settings)
        state = client.app.state
        with writing(state.engine) as connection:
            create_user(connection, "officer", PASSWORD, "county", COUNTY, identity=True, health_details=True)
        fields = {"csrf": read_token(client.get("/sign-in").text), "username": "officer", "password": PASSWORD}
        assert client.post("/sign-in", data=fields, follow_redirects=False).status_code == 303
        return Desk(client, state.engine, state.settings, model)

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


BIG = write_csv(BILLS, [make_bill("B-1", "2024-05-09", 180_000, 90_000)])
DOUBTFUL = write_csv(BILLS, [make_bill("B-1", "2024-05-09", 5_000, 2_000, name="吴南山")])


def test_from_upload_to_new_warnings(desk):
    answer = desk.upload({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    assert "refresh" in answer.headers  # the page follows the work without JavaScript
    desk.work()
    page = desk.open().text
    assert "refresh" not in desk.last.headers
    assert "年工资性收入" in page
    assert "赵春山" in page
    desk.post("/lists/next", step="preview")
    desk.work()
    assert "还没有写入" in desk.open().text
    assert desk.read("SELECT count(*) FROM households") == [(0,)]
    desk.post("/lists/next", step="import")
    desk.work()
    assert desk.step == "done"
    assert desk.read("SELECT household_id FROM households ORDER BY 1") == [("A",), ("B",)]
    page = desk.import_lists({"医保5月住院.csv": BIG}, "2024-06-05").text
    assert re.search(r"本月新增预警.*1 户.*孙北斗.*医保5月住院\.csv", page, re.DOTALL)
    copy = desk.post("/lists/returned", number="0")
    assert "已采用" in {cell.value for row in load_workbook(io.BytesIO(copy.content)).active for cell in row}


def test_every_import_names_the_hash_of_the_file_and_who_imported_it(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    (row,) = desk.read("SELECT actor, detail FROM audit WHERE action = 'lists.import'")
    assert row[0] == "user:officer"
    assert hashlib.sha256(FIRST).hexdigest() in row[1]
    assert desk.read("SELECT name FROM delivery_contents WHERE name LIKE 'file%'") == []


def test_a_file_is_kept_if_the_county_wants_it_and_is_encrypted(make_desk):
    desk = make_desk(keep_lists=True)
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    contents = desk.read("SELECT name, content FROM delivery_contents")
    assert "file 0" in {name for name, _ in contents}
    stored = b"".join(bytes(content) for _, content in contents)
    assert not [name for name in NAMES.values() if name.encode() in stored]
    memory = desk.read("SELECT content FROM list_memory")
    assert memory
    assert not [row for row in memory if b"events" in bytes(row[0])]


def test_an_answer_is_asked_once_and_holds_for_later_lists(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.upload({"医保5月住院.csv": DOUBTFUL}, "2024-06-05")
    desk.work()
    page = desk.open("questions").text
    assert "吴南山" in page  # what the list says
    assert "孙北斗" in page  # whom the register has
    assert make_number("B-1") in page
    assert desk.post("/lists/answers", answer0="A-1").status_code == 422  # nobody who is in question
    desk.post("/lists/answers", answer0="B-1")
    desk.work()
    assert "没有需要核对的人员" in desk.open("questions").text
    desk.post("/lists/discard")
    assert desk.read("SELECT count(*) FROM delivery_contents WHERE delivery_id = :id", id=desk.id) == [(0,)]
    desk.upload({"医保5月住院（重报）.csv": DOUBTFUL}, "2024-06-06")
    desk.work()
    assert "没有需要核对的人员" in desk.open("questions").text
    assert [row for (row,) in desk.read("SELECT content FROM list_answers") if "吴".encode() in bytes(row)] == []


def test_a_confirmed_header_is_remembered_for_later_lists(desk):
    header = (*BILLS[:6], "花费", "个人自付")
    unclear = write_csv(header, [make_bill("B-1", "2024-05-09", 5_000, 2_000)])
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.upload({"医保5月住院.csv": unclear}, "2024-06-05")
    desk.work()
    assert re.search(r'name="field7".*?value="other" selected', desk.open("columns").text, re.DOTALL)
    refused = desk.post("/lists/columns", sheet="0", topic="illness", field7="no.such")
    assert refused.status_code == 422
    desk.post("/lists/columns", sheet="0", topic="illness", field7="illness.cost")
    desk.work()
    chosen = r'name="field7".*?value="illness.cost" selected'
    assert re.search(chosen, desk.open("columns").text, re.DOTALL)
    desk.post("/lists/discard")
    desk.upload({"医保6月住院.csv": unclear}, "2024-06-06")
    desk.work()
    assert re.search(chosen, desk.open("columns").text, re.DOTALL)


def test_a_second_month_corrects_a_bill_and_splits_a_household(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.import_lists(
        {"医保4月住院.csv": write_csv(BILLS, [make_bill("A-3", "2024-04-09", 8_000, 3_000)])}, "2024-05-06"
    )
    desk.import_lists(
        {"医保5月住院.csv": write_csv(BILLS, [make_bill("A-3", "2024-04-09", 8_000, 2_500)])}, "2024-06-05"
    )
    bills = "SELECT record_id, self_paid FROM record_illness WHERE household_id = :home ORDER BY recorded_on"
    (first, paid), (second, corrected) = desk.read(bills, home="A")
    assert first == second
    assert (paid, corrected) == (3_000, 2_500)
    desk.import_lists({"农户信息导出2024-06-20.csv": SPLIT}, "2024-06-20")
    assert [paid for _, paid in desk.read(bills, home="C")] == [2_500]
    assert desk.read("SELECT household_id FROM persons WHERE person_id = 'A-3'") == [("C",)]


@pytest.mark.parametrize("step", ["read", "preview", "import"])
def test_work_that_is_killed_starts_over_and_changes_nothing_before_its_end(desk, monkeypatch, step):
    """The worker dies in the transaction that would end a step; another one does the step again."""
    end, killed = work.jobs.end, []

    def die(connection, job_id, owner, state, **values):
        end(connection, job_id, owner, state, **values)
        if state == "done" and f'"step": "{step}"' in job_steps(desk, job_id) and not killed:
            killed.append(job_id)
            raise KeyboardInterrupt

    monkeypatch.setattr(work.jobs, "end", die)
    desk.upload({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    for name in ("read", "preview", "import"):
        if name != "read":
            desk.post("/lists/next", step=name)
        before = desk.read("SELECT step FROM deliveries"), desk.read("SELECT count(*) FROM persons")
        if name == step:
            with pytest.raises(KeyboardInterrupt):
                desk.work()
            assert (desk.read("SELECT step FROM deliveries"), desk.read("SELECT count(*) FROM persons")) == before
            with writing(desk.engine) as connection:
                connection.exec_driver_sql("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")
        desk.work()
    assert desk.step == "done"
    assert desk.read("SELECT count(*) FROM persons") == [(4,)]
    assert desk.read("SELECT count(*) FROM record_households") == [(2,)]


def job_steps(desk, job_id):
    return desk.read("SELECT payload FROM jobs WHERE job_id = :id", id=job_id)[0][0]


def test_a_list_that_cannot_be_read_keeps_the_delivery_and_says_why(desk):
    desk.upload({"医保.xlsx": b"no workbook"}, "2024-06-05")
    desk.work()
    assert "医保.xlsx" in re.search(r'class="alert".*?</section>', desk.open().text, re.DOTALL).group()
    assert desk.step == "files"
    desk.post("/lists/discard")
    assert desk.read("SELECT count(*) FROM deliveries") == [(0,)]


def test_uploads_are_checked(desk):
    assert desk.upload({}, "2024-06-05").status_code == 422
    assert desk.upload({"a.csv": BIG}, "2024-12-01").status_code == 422  # it lies ahead
    assert desk.upload({"a.csv": BIG}, "5 March").status_code == 422
    assert desk.read("SELECT count(*) FROM deliveries") == [(0,)]


def test_an_upload_that_is_too_large_is_refused(make_desk):
    desk = make_desk(max_upload_bytes=1_000)
    assert desk.upload({"a.csv": b"x" * 2_000}).status_code == 413


@pytest.mark.parametrize("who", [{"role": "county"}, {"role": "analyst", "identity": True}])
def test_nobody_without_identity_and_the_county_role_sees_a_delivery(desk, who):
    desk.upload({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.work()
    address = f"/lists/delivery?id={desk.id}"
    role = who.pop("role")
    with writing(desk.engine) as connection:
        create_user(connection, "other", PASSWORD, role, COUNTY, **who)
    desk.client.cookies.clear()
    fields = {"csrf": read_token(desk.client.get("/sign-in").text), "username": "other", "password": PASSWORD}
    desk.client.post("/sign-in", data=fields)
    for path in ("/lists", address):
        page = desk.client.get(path, follow_redirects=True).text
        assert not [name for name in NAMES.values() if name in page]
    assert desk.upload({"a.csv": BIG}).status_code == 403


def test_a_delivery_of_another_county_is_not_found(desk):
    desk.upload({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    with writing(desk.engine) as connection:
        create_user(connection, "other", PASSWORD, "county", "990124", identity=True)
    address = f"/lists/delivery?id={desk.id}"
    desk.client.cookies.clear()
    fields = {"csrf": read_token(desk.client.get("/sign-in").text), "username": "other", "password": PASSWORD}
    desk.client.post("/sign-in", data=fields)
    assert desk.client.get(address).status_code == 404


VEHICLES = write_csv(
    ("机动车所有人", "身份证号", "车辆品牌型号", "初次登记日期"),
    [("孙北斗", make_number("B-1"), "五菱面包车", "2023-05-06")],
)


def test_a_property_comparison_is_shown_on_the_household_page_and_gives_no_record(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST, "车管所机动车登记名单.csv": VEHICLES}, "2024-05-01")
    assert "五菱面包车" in desk.client.get("/households/B").text
    assert "五菱" not in desk.client.get("/households/A").text
    assert "五菱".encode() not in bytes(desk.read("SELECT content FROM facts")[0][0])
    with writing(desk.engine) as connection:
        create_user(connection, "other", PASSWORD, "county", COUNTY)
    desk.client.cookies.clear()
    fields = {"csrf": read_token(desk.client.get("/sign-in").text), "username": "other", "password": PASSWORD}
    desk.client.post("/sign-in", data=fields)
    assert "五菱" not in desk.client.get("/households/B").text


def test_the_night_imports_lists_and_leaves_questions_to_the_desk(desk, tmp_path, monkeypatch):
    for name, value in desk.settings.to_environment().items():
        monkeypatch.setenv(name, value)
    for name, content in (("农户信息导出2024-05-01.csv", FIRST), ("医保5月住院.csv", DOUBTFUL)):
        (tmp_path / name).write_bytes(content)

    def run(name):
        return CliRunner().invoke(app, ["lists", str(tmp_path / name), "--region", COUNTY])

    done = run("农户信息导出2024-05-01.csv")
    assert done.exit_code == 0, done.output
    assert desk.read("SELECT step FROM deliveries") == [("done",)]
    left = run("医保5月住院.csv")
    assert left.exit_code == 0, left.output
    assert [row for (row,) in desk.read("SELECT step FROM deliveries ORDER BY created_at")] == ["done", "columns"]
    assert "1 " in left.output


def test_what_the_desk_keeps_is_encrypted_again_with_a_new_key_and_forgotten_with_its_household(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST, "车管所机动车登记名单.csv": VEHICLES}, "2024-05-01")
    keys = add_key(desk.settings.identity_key)
    rotate_desk(desk.engine, keys)
    for table in ("delivery_contents", "list_memory", "facts"):
        contents = desk.read(f"SELECT content FROM {table}")
        assert contents
        assert {bytes(row[0])[:4].hex() for row in contents} == {keys.current}
    with writing(desk.engine) as connection:
        forget(connection, "B")
    for table in ("delivery_contents", "facts"):
        assert desk.read(f"SELECT count(*) FROM {table}") == [(0,)]
    assert desk.read("SELECT household_id FROM list_memory") == [("A",)]
