"""What a visit finds becomes rows of the contract, is scored at once, and never counts twice."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text

from riskml_serving.base.database import reading, writing
from riskml_serving.casework.visits.service import undo
from riskml_serving.judging.act import Act
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.people.auth import Caller

HERE = "370112001001"
DAY = "2023-06-10"
BILL = {"fact": "bill", "kind": "inpatient", "amount": 90000, "day": DAY}
INCOME = {"period_start": "2022-06-01", "months": 12, "source": "total", "amount": 60000}
ROW = {"household_id": "h1", "kind": "inpatient", "occurred_on": "2023-06-20", "self_paid": 88000, "cost": 180000}


@pytest.fixture
def headers(client, key):
    own = key()
    tables = {
        "households": [{"household_id": "h1", "region_code": HERE, "size": 3, "kind": "exited"}],
        "income": [{"household_id": "h1", **INCOME}],
        **{name: [] for name in ("illness", "events", "disaster", "help")},
    }
    answer = client.post("/v1/records", json={"tables": tables}, headers=own)
    assert answer.status_code == 200, answer.text
    return own


def visit(client, headers, **body):
    return client.post("/v1/households/h1/verifications", json={"outcome": "confirmed", **body}, headers=headers)


def deliver(client, headers, table="illness", **row):
    return client.post("/v1/records", json={"tables": {table: [row]}}, headers=headers)


def read_bills(client):
    """Return the self-paid amounts that count, latest version by record number."""
    query = "SELECT * FROM record_illness WHERE NOT superseded ORDER BY recorded_on, row_id"
    with reading(client.app.state.engine) as connection:
        rows = connection.execute(text(query)).mappings().all()
    last = {row["record_id"] or row["row_id"]: row for row in rows}
    return sorted(row["self_paid"] for row in last.values() if not row["withdrawn"])


def count(client, table):
    with reading(client.app.state.engine) as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_bill_confirmed_at_the_door_is_scored_at_once(client, headers):
    """Julu: a man paid 90,000 yuan himself; the line alone does not show it."""
    answer = visit(client, headers, category="sudden_hardship", facts=[BILL])
    assert answer.status_code == 201, answer.text
    score = answer.json()["score"]
    assert (score["before"]["status"], score["before"]["signal"]) == ("at_risk", "green")
    assert (score["after"]["status"], score["after"]["signal"]) == ("in_hardship", "orange")
    assert answer.json()["verification"]["facts"] == [BILL]
    page = client.get("/v1/households/h1", headers=headers).json()
    assert page["verifications"][0]["facts"] == [BILL]
    with reading(client.app.state.engine) as connection:
        events = connection.execute(text("SELECT kind, channel, occurred_on FROM record_events")).all()
    assert [tuple(map(str, row)) for row in events] == [("visit", "visit", "2023-06-30")]


@pytest.mark.parametrize("order", ["visit first", "list first"])
@pytest.mark.parametrize(("later", "counted"), [(31, [88000.0]), (32, [88000.0, 90000.0])])
def test_a_bill_that_a_list_has_too_counts_once(client, headers, order, later, counted):
    row = {**ROW, "occurred_on": str(dt.date.fromisoformat(DAY) - dt.timedelta(later))}
    steps = [lambda: visit(client, headers, facts=[BILL]), lambda: deliver(client, headers, **row)]
    for step in steps if order == "visit first" else reversed(steps):
        assert step().status_code < 300
    assert read_bills(client) == counted


def test_each_row_of_a_list_corrects_one_bill_and_a_withdrawn_one_none(client, headers):
    second = {**BILL, "amount": 3000, "day": "2023-06-25"}
    assert visit(client, headers, facts=[BILL, second]).status_code == 201
    deliver(client, headers, **{**ROW, "occurred_on": "2023-06-11", "record_id": "b1"})
    assert read_bills(client) == [3000.0, 88000.0]
    deliver(client, headers, **{**ROW, "occurred_on": "2023-06-11", "record_id": "b1", "withdrawn": True})
    assert read_bills(client) == [3000.0, 90000.0]


def test_a_bill_of_another_person_or_kind_adds_up(client, headers):
    assert visit(client, headers, facts=[{**BILL, "member_id": "m1"}]).status_code == 201
    deliver(client, headers, **ROW, member_id="m2")
    deliver(client, headers, **{**ROW, "kind": "outpatient"})
    assert read_bills(client) == [88000.0, 88000.0, 90000.0]
    deliver(client, headers, **ROW, member_id="m1")
    assert read_bills(client) == [88000.0] * 3


def test_a_later_visit_corrects_an_earlier_one_and_both_stay(client, headers):
    visit(client, headers, facts=[BILL])
    visit(client, headers, facts=[{**BILL, "amount": 80000}])
    assert read_bills(client) == [80000.0]
    shown = client.get("/v1/households/h1", headers=headers).json()["verifications"]
    assert [one["facts"][0]["amount"] for one in shown] == [80000, 90000]
    deliver(client, headers, **ROW)
    assert read_bills(client) == [88000.0]


def test_a_change_of_income_is_a_report_and_no_income_row(client, headers):
    before = count(client, "record_income")
    fact = {"fact": "income", "kind": "wage", "amount": -2500.0, "day": "2023-05-01"}
    assert visit(client, headers, facts=[fact]).status_code == 201
    assert count(client, "record_income") == before
    with reading(client.app.state.engine) as connection:
        rows = connection.execute(text("SELECT amount, channel FROM record_events WHERE kind = 'report'")).all()
    assert [tuple(row) for row in rows] == [(-2500.0, "visit")]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"outcome": "rejected"}, {"reason": "missing_reason"}),
        ({"outcome": "rejected", "reason": "other"}, {"note": "missing_words"}),
        ({"outcome": "rejected", "reason": "not_so", "category": "borderline"}, {"category": "not_confirmed"}),
        ({"outcome": "rejected", "reason": "not_so", "told_on": "2023-06-29"}, {"told_on": "before_visit"}),
        ({"outcome": "rejected", "reason": "not_so", "told_on": "2023-07-01"}, {"told_on": "in_future"}),
        ({"reason": "not_so", "told_on": "2023-06-30"}, {"reason": "not_rejected", "told_on": "not_rejected"}),
        ({"verified_on": "2023-07-01"}, {"verified_on": "in_future"}),
        ({"outcome": "not_met", "facts": [BILL]}, {"facts": "not_met"}),
        ({"facts": [{**BILL, "amount": -1}]}, {"facts[0].amount": "greater_than_equal"}),
        ({"facts": [{**BILL, "day": "2023-07-02"}]}, {"facts[0].day": "in_future"}),
        ({"verified_on": "2023-06-09", "facts": [BILL]}, {"facts[0].day": "after_visit"}),
        ({"facts": [{"fact": "loss", "kind": "inpatient", "day": DAY}]},
         {"facts[0].amount": "missing", "facts[0].kind": "enum"}),
        ({"facts": [{"fact": "event", "kind": "report", "day": DAY}]}, {"facts[0].kind": "enum"}),
        ({"facts": [{"fact": "help", "day": DAY, "measure": "低保", "until": "2023-06-01", "kind": "flood"}]},
         {"facts[0].until": "before_start", "facts[0].kind": "extra_forbidden"}),
    ],
)  # fmt: skip
def test_nonsense_is_refused_field_by_field(client, headers, body, paths):
    answer = visit(client, headers, **body)
    assert answer.status_code == 422, answer.text
    assert {error["path"]: error["code"] for error in answer.json()["errors"]} == paths
    assert all(error["detail"] and error["detail"] != error["detail_en"] for error in answer.json()["errors"])
    assert count(client, "verifications") == count(client, "case_facts") == 0


def test_a_signal_is_not_rejected_before_it_began_but_may_be_confirmed(client, headers):
    deliver(client, headers, **ROW)
    answer = visit(client, headers, verified_on="2023-06-29", outcome="rejected", reason="affordable")
    assert [error["code"] for error in answer.json()["errors"]] == ["before_signal"]
    assert visit(client, headers, verified_on="2023-06-29").status_code == 201


@pytest.mark.parametrize(("day", "heard"), [("2023-06-29", None), ("2001-01-01", None), ("2023-06-19", "2023-06-20")])
def test_a_clue_is_not_rejected_before_what_it_is_about(client, headers, day, heard):
    clue = {"household_id": "h1", "what": "job_loss", "channel": "hotline", **({"occurred_on": heard} if heard else {})}
    assert client.post("/v1/clues", json=clue, headers=headers).status_code == 201
    answer = visit(client, headers, verified_on=day, outcome="rejected", reason="not_so")
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [("verified_on", "before_signal")]
    settling = visit(client, headers, verified_on=heard or "2023-06-30", outcome="rejected", reason="not_so")
    assert settling.status_code == 201, "a clue may be registered after the visit that it led to"
    assert visit(client, headers, verified_on=day, outcome="rejected", reason="not_so").status_code == 201, "settled"


def test_health_is_neither_shown_to_nor_stated_by_a_key_without_the_right(client, headers, key):
    blind = key("", "read", "write")
    for body in (
        {"facts": [BILL]},
        {"facts": [{**BILL, "fact": "event", "kind": "disability"}]},
        {"checks": {"body": "bad"}},
    ):
        answer = visit(client, blind, **body)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["path"] in ("facts[0]", "checks.body")
        assert "上报线索" in answer.json()["detail"]
    assert count(client, "case_facts") == 0
    assert visit(client, headers, facts=[BILL], checks={"body": "bad", "tap": "ok"}).status_code == 201
    shown = client.get("/v1/households/h1", headers=blind).json()["verifications"][0]
    assert (shown["facts"], shown["hidden_facts"], shown["checks"]) == ([], 1, {"tap": "ok"})


def test_the_second_writer_sees_the_first_entry_and_decides(client, headers):
    assert visit(client, headers, seen="0", facts=[BILL]).status_code == 201
    late = visit(client, headers, seen="0", outcome="pending")
    assert (late.status_code, late.json()["type"]) == (409, "urn:riskml:problem:finding-changed")
    assert late.json()["verification"]["outcome"] == "confirmed"
    assert count(client, "verifications") == 1
    assert visit(client, headers, seen=late.json()["seen"], outcome="pending").status_code == 201
    assert visit(client, headers, seen="nonsense").status_code == 422


def test_a_finding_settles_the_signal_that_its_own_facts_raise(client, headers):
    """After a visit, the page must not say that nobody came."""
    visit(client, headers, facts=[BILL])
    with reading(client.app.state.engine) as connection:
        row = connection.execute(text("SELECT signal, after_signal, score_seq, after_seq FROM verifications")).one()
    assert (row.signal, row.after_signal) == (0, 2)
    assert row.after_seq > row.score_seq


@pytest.mark.parametrize("order", ["visit first", "import first"])
def test_a_bill_in_an_imported_list_counts_once_and_taking_the_import_back_restores_the_fact(
    client, headers, tmp_path, order
):
    folder, engine = tmp_path / "records", client.app.state.engine
    folder.mkdir()
    tables = {
        "households": "household_id,region_code,size,kind\nh1,370112001001,3,exited\n",
        "income": "household_id,period_start,months,source,amount\nh1,2022-06-01,12,total,60000\n",
        "lines": "region_code,effective_from,amount\n,2020-01-01,7000\n",
        "illness": "household_id,occurred_on,kind,self_paid,recorded_on\nh1,2023-06-08,inpatient,88000,2023-06-25\n",
    }
    for name, content in tables.items():
        (folder / f"{name}.csv").write_text(content)
    done = []
    steps = [
        lambda: visit(client, headers, facts=[BILL]),
        lambda: done.append(import_folder(engine, folder, dt.date(2023, 6, 30), simulated=True)),
    ]
    for step in steps if order == "visit first" else reversed(steps):
        step()
    assert read_bills(client) == [88000.0]
    assert count(client, "record_illness") == 3, "the fact, its withdrawal, and the row of the list"
    withdraw_import(engine, done[0].import_id, dt.date(2023, 6, 30))
    assert read_bills(client) == [90000.0]


def test_undoing_a_visit_takes_its_facts_back_and_keeps_them_in_the_history(client, headers):
    saved = visit(client, headers, facts=[BILL]).json()["verification"]
    engine, household = client.app.state.engine, "h1"
    with writing(engine) as connection:
        who = connection.execute(text("SELECT created_by FROM verifications")).scalar_one()
        caller = Caller(who, "", frozenset(("read", "write")))
        undo(Act(connection, caller, dt.date(2023, 6, 30), "r"), household, saved["verification_id"])
    assert read_bills(client) == []
    assert count(client, "case_facts") == count(client, "record_illness") == 2


def test_a_second_look_at_help_that_is_due_leaves_the_day_of_newer_help(client, headers):
    def read_help():
        page = client.get("/v1/households/h1", headers=headers).json()["help"]
        return {one["measure"]: one["reassessed"] for one in page}

    def begin(measure, day):
        body = {"measure": measure, "given_by": "县民政局", "started_on": day}
        assert client.post("/v1/households/h1/help", json=body, headers=headers).status_code == 201

    begin("低保", "2023-03-25")  # due on 25 June
    begin("公益岗位", "2023-06-20")
    begin("务工补贴", "2023-03-30")  # due on 30 June, the day of the visit
    assert visit(client, headers, outcome="pending", reassessment="working").status_code == 201
    assert read_help() == {"低保": True, "公益岗位": False, "务工补贴": True}
    assert visit(client, headers, outcome="pending", reassessment="working").status_code == 201
    assert read_help()["公益岗位"], "none is due, so that this visit is about the one that is due next"


def test_households_due_for_a_second_look_are_listed_page_by_page_within_the_region(client, headers, key):
    homes = [{"household_id": code, "region_code": HERE, "size": 3} for code in ("h2", "h3", "h4")]
    client.post("/v1/records", json={"tables": {"households": homes}}, headers=headers)
    body = {"measure": "临时救助", "given_by": "县民政局"}
    for code, day in (("h1", "2023-03-31"), ("h2", "2023-03-20"), ("h3", "2023-03-20"), ("h4", "2023-05-01")):
        answer = client.post(f"/v1/households/{code}/help", json={**body, "started_on": day}, headers=headers)
        assert answer.status_code == 201, answer.text
    rows, after = [], None
    while len(rows) < 9:
        params = {"limit": 1} if after is None else {"limit": 1, "after": after}
        page = client.get("/v1/reassessments", params=params, headers=headers).json()
        rows += page["households"]
        after = page["next"]
        if after is None:
            break
    assert [(row["household_id"], row["due_on"], row["late"]) for row in rows] == [
        ("h2", "2023-06-20", True),
        ("h3", "2023-06-20", True),
        ("h1", "2023-06-30", False),
    ], "h4 is due in August"
    visit(client, headers, reassessment="not_working")
    (failing,) = [
        row for row in client.get("/v1/reassessments", headers=headers).json()["households"] if row["failing"]
    ]
    assert failing["household_id"] == "h1"
    assert client.get("/v1/reassessments", headers=key("370112002", "read")).json()["households"] == []
    assert client.get("/v1/reassessments", params={"after": "x"}, headers=headers).status_code == 422
