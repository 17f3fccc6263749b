"""A delivery goes from upload to new warnings in steps that can be left; questions are asked once."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from openpyxl import load_workbook
from tests.serving.desk.conftest import (
    BILLS,
    COUNTY,
    FIRST,
    NAMES,
    PASSWORD,
    REGISTER,
    SPLIT,
    WHERE,
    make_bill,
    make_number,
    read_token,
    write_csv,
)
from typer.testing import CliRunner

from riskml_serving.base.database import writing
from riskml_serving.commands.cli import app
from riskml_serving.desk import work
from riskml_serving.desk.service import STEPS
from riskml_serving.judging.model.counters import SCORED
from riskml_serving.people.accounts.service import create_user

BIG = write_csv(BILLS, [make_bill("B-1", "2024-05-09", 180_000, 90_000)])
DOUBTFUL = write_csv(BILLS, [make_bill("B-1", "2024-05-09", 5_000, 2_000, name="吴南山")])


def count_scored() -> float:
    """Return how many households the metrics count as scored, by all tests of this process."""
    return sum(sample.value for sample in SCORED.collect()[0].samples if sample.name.endswith("_total"))


def test_from_upload_to_new_warnings(desk):
    answer = desk.upload({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    assert "refresh" in answer.headers  # the page follows the work without JavaScript
    desk.work()
    page = desk.open().text
    assert "refresh" not in desk.last.headers
    assert "年工资性收入" in page
    assert "赵春山" in page
    scored = count_scored()
    desk.post("/lists/next", step="preview")
    desk.work()
    assert "还没有写入" in desk.open().text
    assert count_scored() == scored
    assert desk.read("SELECT count(*) FROM households") == [(0,)]
    desk.post("/lists/next", step="import")
    desk.work()
    assert desk.step == "done"
    assert count_scored() == scored + 2
    assert desk.read("SELECT household_id FROM households ORDER BY 1") == [("A",), ("B",)]
    page = desk.import_lists({"医保5月住院.csv": BIG}, "2024-06-05").text
    assert re.search(r"本月新增预警.*1 户.*孙北斗.*医保5月住院\.csv", page, re.DOTALL)
    for step in STEPS:  # addresses that the browser's history keeps
        assert "导入编号" in desk.open(step).text, step
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
    assert (desk.step, "没有需要核对的人员" in desk.open().text) == ("questions", True)  # where the page opens again
    desk.post("/lists/discard")
    assert desk.read("SELECT count(*) FROM delivery_contents WHERE delivery_id = :id", id=desk.id) == [(0,)]
    desk.upload({"医保5月住院（重报）.csv": DOUBTFUL}, "2024-06-06")
    desk.work()
    assert "没有需要核对的人员" in desk.open("questions").text
    assert [row for (row,) in desk.read("SELECT content FROM list_answers") if "吴".encode() in bytes(row)] == []


QUESTIONS = {
    "another bill": (make_bill("B-1", "2024-04-09", 7_000, 2_500), "new", [5_000, 7_000]),
    "the same bill": (make_bill("B-1", "2024-04-09", 7_000, 2_500), "correction", [7_000]),
    "a row to leave out": (make_bill("B-1", "2024-04-09", 7_000, 2_500), "skip", [5_000]),
    "a unit": (make_bill("B-1", "2024-05-09", 1.5, 0.8), "万元", [5_000, 15_000]),
}


@pytest.mark.parametrize(("row", "answer", "costs"), QUESTIONS.values(), ids=QUESTIONS)
def test_what_a_row_means_is_asked_once_and_holds_for_later_lists(desk, row, answer, costs):
    before = write_csv(BILLS, [make_bill("B-1", "2024-04-09", 5_000, 2_000)])
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST, "医保4月住院.csv": before}, "2024-05-06")
    desk.upload({"医保5月住院.csv": write_csv(BILLS, [row])}, "2024-06-05")
    desk.work()
    assert f'name="answer0" value="{answer}"' in desk.open("questions").text
    assert desk.post("/lists/answers", answer0="元旦").status_code == 422
    desk.post("/lists/answers", answer0=answer)
    desk.work()
    assert "没有需要核对的人员" in desk.open("questions").text
    desk.post("/lists/discard")
    desk.import_lists({"医保5月住院（重报）.csv": write_csv(BILLS, [row])}, "2024-06-06")
    latest = "recorded_on = (SELECT max(recorded_on) FROM record_illness b WHERE b.record_id = a.record_id)"
    assert [cost for (cost,) in desk.read(f"SELECT cost FROM record_illness a WHERE {latest} ORDER BY cost")] == costs


def test_a_list_that_says_nothing_new_is_imported_and_changes_nothing(desk):
    bills = write_csv(BILLS, [make_bill("B-1", "2024-04-09", 5_000, 2_000)])
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST, "医保4月住院.csv": bills}, "2024-05-06")
    before = desk.read("SELECT record_id, recorded_on FROM record_illness")
    assert "没有农户的信号升高" in desk.import_lists({"医保4月住院（再报）.csv": bills}, "2024-06-05").text
    assert desk.read("SELECT record_id, recorded_on FROM record_illness") == before


def test_a_village_is_asked_once(desk):
    register = write_csv(
        REGISTER,
        [
            ("A", "A-1", "赵春山", make_number("A-1"), "户主", "青石镇", "新民村", 1, 30_000),
            ("B", "B-1", "孙北斗", make_number("B-1"), "户主", "柳河镇", "新民村", 1, 30_000),
        ],
    )
    desk.import_lists({"农户信息导出2024-05-01.csv": register}, "2024-05-01")
    flood = write_csv(("行政村", "受灾时间", "灾害类型", "损失金额（元）"), [("新民村", "2024-05-20", "洪涝", 80_000)])
    desk.upload({"应急局受灾村统计.csv": flood}, "2024-06-05")
    desk.work()
    villages = re.findall(r'name="answer0" value="(\d{12})"', desk.open("questions").text)
    assert len(villages) == 2
    desk.post("/lists/answers", answer0=villages[1])
    desk.work()
    for step in ("preview", "import"):
        desk.post("/lists/next", step=step)
        desk.work()
    assert desk.read("SELECT region_code FROM record_disaster") == [(villages[1],)]


def test_a_confirmed_header_is_remembered_for_later_lists(desk):
    header = (*BILLS[:6], "栏目甲", "个人自付")
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


@pytest.mark.parametrize("step", ["read", "preview"])
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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("region_code;effective_from;amount\n990777;2024-01-01;7000,50\n", "lines.csv 的各列是用分号隔开的"),
        ('effective_from,amount\n2024-01-01,"7000,50"\n', "lines.csv 第 2 行：amount 无法识别"),
        ("effective_from,region_code\n2024-01-01,990777\n", "lines.csv 缺少列 amount"),
    ],
)
def test_monitoring_lines_that_cannot_be_read_are_no_list_and_the_reason_is_given(desk, content, reason):
    desk.upload({"农户信息.csv": FIRST, "lines.csv": content.encode("gbk")}, "2024-06-05")
    desk.work()
    assert reason in re.search(r'class="alert".*?</section>', desk.open().text, re.DOTALL).group()
    assert desk.step == "files"


def make_villages(code):
    return write_csv(("village_code", "town", "village"), [(code, *WHERE)])


def test_villages_have_the_codes_that_the_county_states_and_others_are_issued(desk, tmp_path):
    desk.import_lists({"农户信息.csv": FIRST, "villages.csv": make_villages("990123105207")}, "2024-05-02")
    homes = desk.read("SELECT DISTINCT region_code FROM households")
    assert homes == desk.read("SELECT DISTINCT region_code FROM record_households") == [("990123105207",)]
    desk.import_lists({"农户信息.csv": SPLIT}, "2024-06-02")
    assert desk.read("SELECT DISTINCT region_code FROM households") == homes, "the codes are remembered"


@pytest.mark.parametrize("code", ["990124105207", "990123105", "9.90123E+11", ""])
def test_codes_of_villages_elsewhere_are_refused_and_nothing_is_lost(desk, code):
    desk.upload({"农户信息.csv": FIRST, "villages.csv": make_villages(code)}, "2024-05-02")
    desk.work()
    assert (code or "villages.csv") in re.search(r'class="alert".*?</section>', desk.open().text, re.DOTALL).group()
    assert desk.step == "files"


def test_an_account_for_a_village_without_households_is_named_with_the_codes_that_have_any(desk):
    desk.import_lists({"农户信息.csv": FIRST}, "2024-05-02")
    ((issued,),) = desk.read("SELECT DISTINCT region_code FROM households")

    def create(name, region):
        url = str(desk.engine.url.render_as_string(hide_password=False))
        options = ["users", "create", name, "--role", "village", "--region", region, "--db", url]
        done = CliRunner().invoke(app, options, input="a sentence of words\n")
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    assert f"{issued} 新民村" in create("wang", "990123999999")
    assert "No household" not in create("li", issued)


def test_uploads_are_checked(desk):
    assert desk.upload({}, "2024-06-05").status_code == 422
    for day, reason in (("2024-12-01", "收到日期晚于今天"), ("5 March", "日期无法识别")):
        answer = desk.upload({"a.csv": BIG}, day)
        assert answer.status_code == 422
        assert reason in answer.text
    assert desk.read("SELECT count(*) FROM deliveries") == [(0,)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_the_days_of_receipt_are_read_from_their_own_file(desk, encoding):
    rows = "file,received_on\r\n农户信息.csv,2024/5/2\r\n,\r\n"
    assert desk.upload({"农户信息.csv": FIRST, "received.csv": rows.encode(encoding)}).status_code == 200
    assert [(name, str(day)) for name, day in desk.read("SELECT name, received_on FROM delivery_files")] == [
        ("农户信息.csv", "2024-05-02")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("file;received_on\na.csv;2024-05-02\n", "received.csv 的各列是用分号隔开的"),
        ("file,day\na.csv,2024-05-02\n", "received.csv 缺少列 received_on"),
        ("file,received_on\na.csv,五月\n", "received.csv 第 2 行：received_on 无法识别"),
    ],
)
def test_days_of_receipt_that_cannot_be_read_are_refused_with_their_own_reason(desk, content, reason):
    answer = desk.upload({"a.csv": BIG, "received.csv": content.encode("gb18030")})
    assert answer.status_code == 422
    assert reason in answer.text
    assert desk.read("SELECT count(*) FROM deliveries") == [(0,)]


def test_an_upload_that_is_too_large_is_refused(make_desk):
    desk = make_desk(max_upload_bytes=1_000)
    assert desk.upload({"a.csv": b"x" * 2_000}).status_code == 413


@pytest.mark.parametrize("who", [("county", False), ("analyst", True)])
def test_nobody_without_identity_and_the_county_role_sees_a_delivery(desk, who):
    desk.upload({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.work()
    address = f"/lists/delivery?id={desk.id}"
    role, identity = who
    with writing(desk.engine) as connection:
        create_user(connection, "other", PASSWORD, role, COUNTY, identity=identity)
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
    done = desk.import_lists({"农户信息导出2024-05-01.csv": FIRST, "车管所机动车登记名单.csv": VEHICLES}, "2024-05-01")
    assert "财产信息（见农户页，供核实参考）</dt><dd>1<" in done.text
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
    [(number,)] = desk.read("SELECT import_id FROM deliveries WHERE import_id IS NOT NULL")
    withdrawn = CliRunner().invoke(app, ["withdraw", number])
    assert withdrawn.exit_code == 0, withdrawn.output
    actions = ("lists.import", "records.import", "records.withdraw")
    entries = desk.read(f"SELECT action, actor FROM audit WHERE action IN {actions}")
    assert {action: actor[:8] for action, actor in entries} == dict.fromkeys(actions, "command:")
