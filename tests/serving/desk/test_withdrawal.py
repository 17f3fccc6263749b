"""An import of lists is visible whole or not at all, and a withdrawn one leaves nothing: the same files bring the same
records, persons and memory again."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from tests.serving.desk.conftest import (
    BILLS,
    COUNTY,
    FIRST,
    SPLIT,
    make_bill,
    make_number,
    make_register,
    write_csv,
)

from riskml.errors import UsageError
from riskml_serving.base.database import reading, writing
from riskml_serving.casework.visits.service import verify
from riskml_serving.desk import repository, undoing, work
from riskml_serving.desk.service import require_delivery, start_job
from riskml_serving.desk.undoing import make_take_back
from riskml_serving.judging.act import Act
from riskml_serving.judging.importing import repository as imports
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.judging.jobs import repository as jobs
from riskml_serving.people.auth import IDENTITY, Caller
from riskml_serving.register.keys import read_keys
from riskml_serving.register.service import read_persons
from riskml_serving.store.records.tables import RECORDS, list_columns

TODAY = dt.date(2024, 6, 30)
VEHICLES = write_csv(("机动车所有人", "身份证号", "车辆品牌型号"), [("孙北斗", make_number("B-1"), "五菱面包车")])


def read_state(desk):
    """Read what the service knows, without times of receipt and numbers of rows."""
    keys = read_keys(desk.settings)
    with reading(desk.engine) as connection:
        state = {
            name: sorted(
                (tuple(row) for row in connection.execute(select(*list_columns(name)).where(~table.c.superseded))),
                key=repr,
            )
            for name, table in RECORDS.items()
        }
        homes = [code for (code,) in connection.execute(text("SELECT DISTINCT household_id FROM persons"))]
        state["persons"] = sorted(repr(one) for own in read_persons(connection, keys, homes).values() for one in own)
        codes = [code for (code,) in connection.execute(text("SELECT household_id FROM list_memory"))]
        state["memory"] = repository.read_memory(connection, keys, COUNTY, codes)
        state["county"] = repository.read_county(connection, COUNTY) | {"confirmed": None}
        names = "household_id, person_id, kind, happened_on"
        state["facts"] = sorted(map(tuple, connection.execute(text(f"SELECT {names} FROM facts"))))
        state["answers"] = [(a["words"], a["answer"]) for a in repository.read_answers(connection, keys, COUNTY)]
        query = "SELECT household_id, region_code, known_tables FROM households WHERE closed_on IS NULL ORDER BY 1"
        state["register"] = list(map(tuple, connection.execute(text(query))))
    return state


def withdraw(desk):
    """Withdraw the latest import."""
    query = "SELECT import_id FROM deliveries WHERE step = 'done' ORDER BY imported_at DESC LIMIT 1"
    take_back = make_take_back(read_keys(desk.settings))
    withdraw_import(desk.engine, desk.read(query)[0][0], TODAY, take_back=take_back)


DELIVERIES = {
    "a bill": {"医保5月住院.csv": write_csv(BILLS, [make_bill("A-3", "2024-05-09", 8_000, 3_000)])},
    "the same bill, corrected": {"医保5月更正.csv": write_csv(BILLS, [make_bill("A-3", "2024-05-09", 8_000, 2_500)])},
    "a split": {"农户信息导出2024-06-20.csv": SPLIT},
    "a death": {
        "农户信息导出2024-06-21.csv": make_register(("A-1", "A", "户主"), ("A-3", "A", "之子"), ("B-1", "B", "户主"))
    },
    "a vehicle": {"车管所机动车登记名单.csv": VEHICLES},
    "a doubtful bill": {
        "医保住院存疑.csv": write_csv(BILLS, [make_bill("B-1", "2024-05-09", 5_000, 2_000, name="吴南山")])
    },
}


def deliver(desk, name, received_on="2024-06-25"):
    desk.upload(DELIVERIES[name], received_on)
    desk.work()
    if name == "a doubtful bill":
        desk.post("/lists/answers", answer0="B-1")
        desk.work()
    for step in ("preview", "import"):
        desk.post("/lists/next", step=step)
        desk.work()
    assert desk.step == "done", name


@pytest.fixture
def started(desk):
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    return desk


@pytest.mark.parametrize("told_on", ["", "2024-06-10", "2024-06-25"], ids=["visit", "list", "list after the split"])
def test_what_a_visit_found_follows_a_person_whom_a_list_shows_elsewhere_and_comes_back_with_a_withdrawal(
    started, told_on, model
):
    person, home = started.read("SELECT member_id, household_id FROM record_members ORDER BY row_id")[2]
    caller = Caller("officer", "", frozenset(("read", "write", "health-details")))
    bill = {"fact": "bill", "kind": "inpatient", "amount": 3_200.0, "day": dt.date(2024, 5, 12), "member_id": person}
    with writing(started.engine) as connection:
        verify(Act(connection, caller, TODAY, "r", lambda: model), home, {"outcome": "confirmed", "facts": [bill]})
    if told_on:
        deliver(started, "a bill", told_on)
    amount = 3_000.0 if told_on else 3_200.0
    assert count_bills(started) == [(home, amount)]
    before = read_state(started)
    deliver(started, "a split")
    (new,) = {code for (code,) in started.read("SELECT household_id FROM persons WHERE person_id = :p", p=person)}
    assert new != home
    after = [(home if told_on == "2024-06-25" else new, amount)]  # a list that is known only later stays where it was
    assert count_bills(started) == after, "it counts once"
    withdraw(started)
    assert read_state(started) == before
    deliver(started, "a split")
    assert count_bills(started) == after


def count_bills(desk):
    """Count the money of bills in force now, by household."""
    rows = desk.read(
        "SELECT household_id, record_id, self_paid, withdrawn FROM record_illness WHERE NOT superseded "
        "ORDER BY recorded_on, row_id"
    )
    last = {row[:2]: row for row in rows}
    return sorted((row[0], row[2]) for row in last.values() if not row[3])


@given(names=st.lists(st.sampled_from(sorted(DELIVERIES)), min_size=1, max_size=3, unique=True))
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_lists_that_are_withdrawn_leave_nothing_and_bring_the_same_again(started, names):
    states = [read_state(started)]
    for name in names:
        deliver(started, name)
        states.append(read_state(started))
    for _ in range(2):  # what was withdrawn is delivered once more
        for before in reversed(states[:-1]):
            withdraw(started)
            assert read_state(started) == before
        for name, after in zip(names, states[1:], strict=True):
            deliver(started, name)
            assert read_state(started) == after
    for _ in names:
        withdraw(started)
    assert read_state(started) == states[0]


def test_the_first_lists_can_be_withdrawn_and_the_page_says_so(started):
    withdraw(started)
    state = read_state(started)
    assert not any(value for name, value in state.items() if name not in ("county", "lines"))
    assert "已撤回" in started.open().text
    assert started.read("SELECT count(*) FROM delivery_contents") == [(0,)]
    actions = [row[0] for row in started.read("SELECT action FROM audit WHERE action LIKE 'records.%' ORDER BY seq")]
    assert actions == ["records.import", "records.withdraw"]
    started.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")


def test_lists_are_not_withdrawn_in_part(started):
    """Without the key, or without what the import replaced, a withdrawal is refused and changes nothing."""
    before, query = read_state(started), "SELECT import_id FROM deliveries"
    number = started.read(query)[0][0]
    with pytest.raises(UsageError, match="no identity key"):
        withdraw_import(started.engine, number, TODAY)
    with writing(started.engine) as connection:
        connection.execute(text("DELETE FROM delivery_contents WHERE name = 'before'"))
    with pytest.raises(UsageError, match="can no longer be withdrawn"):
        withdraw(started)
    assert read_state(started) == before


def test_the_audit_log_names_the_officer_who_imported_lists_and_the_delivery(started):
    (row,) = started.read("SELECT actor, detail FROM audit WHERE action = 'records.import'")
    assert row[0] == "user:officer"
    assert json.loads(row[1])["delivery"] == started.id


KILLS = {
    "the preview is stored": (repository, "write_content"),
    "a part is staged": (imports, "add_part"),
    "rows are written": (imports, "append"),
    "persons are kept": (undoing, "keep_persons"),
    "the delivery knows its import": (repository, "change_delivery"),
    "the import is finished, but not committed": (imports, "finish_import"),
    "everything is visible": (work, "finish_scores"),
    "the job would end": (jobs, "end"),
}


def test_a_kill_at_any_moment_leaves_all_of_an_import_visible_or_nothing(started, monkeypatch):
    """The process dies at each of these moments, one after the other; the next worker takes the import up."""
    before, seen = read_state(started), {}
    files = {**DELIVERIES["a split"], **DELIVERIES["a vehicle"], **DELIVERIES["a bill"]}
    started.import_lists(files, "2024-06-25")
    after = read_state(started)
    withdraw(started)
    started.upload(files, "2024-06-25")
    started.work()
    start_import(started)
    for moment, (module, name) in KILLS.items():
        with monkeypatch.context() as patch:
            patch.setattr(module, name, die_after(getattr(module, name)))
            with pytest.raises(Killed):
                started.work()
        state = read_state(started)
        assert state in (before, after), moment
        seen[moment] = state == after
        with writing(started.engine) as connection:
            connection.exec_driver_sql("UPDATE jobs SET state = 'waiting', attempts = 0 WHERE state = 'running'")
    started.work()
    assert read_state(started) == after
    assert started.step == "done"
    assert [moment for moment, visible in seen.items() if visible] == list(KILLS)[-2:]


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def die_after(call):
    def run(*args, **options):
        call(*args, **options)
        raise Killed

    return run


def start_import(desk):
    """Let a worker import a delivery, as the command for the night does, whether or not it has a preview."""
    with writing(desk.engine) as connection:
        caller = Caller("user:officer", COUNTY, frozenset((IDENTITY,)))
        delivery = require_delivery(connection, desk.id, caller)
        start_job(Act(connection, caller, TODAY, "request"), delivery, "import")
