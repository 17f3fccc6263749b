"""Help gets a day on which it is assessed again, whichever way it became known, on both databases."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.serving.conftest import TODAY

from riskml.lists.writing import make_table
from riskml_serving.base.database import reading, writing
from riskml_serving.casework.visits.service import undo
from riskml_serving.judging.act import Act
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.corrections import WINDOW
from riskml_serving.store.helps.service import _goes_on, _pair

HERE = "370112001001"
INCOME = {"household_id": "h1", "period_start": "2022-06-01", "months": 12, "source": "total", "amount": 60000}
HELP = {"household_id": "h1", "measure": "临时救助", "amount": 900.0}


class Service:
    """The service with one household; each method is one way in which its help becomes known."""

    def __init__(self, client, headers, model, folder):
        self.client, self.headers, self.model, self.folder = client, headers, model, folder
        tables = {"households": [{"household_id": "h1", "region_code": HERE, "size": 3}], "income": [INCOME]}
        self.send("/v1/records", {"tables": {**tables, "help": [], "illness": [], "events": []}}, 200)

    def send(self, path, body, status=201):
        answer = self.client.post(path, json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def request(self, **row):
        self.send("/v1/records", {"tables": {"help": [HELP | {"record_id": "d"} | row]}}, 200)

    def deliver(self, **row):
        """Import a records folder, as the desk does with lists too; return the ID of the import."""
        row = HELP | {"record_id": "d"} | row
        row |= {name: dt.date.fromisoformat(row[name]) for name in ("started_on", "recorded_on") if row.get(name)}
        folder = self.folder / f"delivery-{len(list(self.folder.glob('delivery-*')))}"
        folder.mkdir()
        day = dt.date.fromisoformat(INCOME["period_start"])
        tables = {
            "households": [{"household_id": "h1", "region_code": HERE, "size": 3}],
            "income": [INCOME | {"period_start": day}],
            "help": [row],
            "lines": [],
        }
        for name, rows in tables.items():
            pq.write_table(make_table(name, rows), folder / f"{name}.parquet")
        return import_folder(self.client.app.state.engine, folder, TODAY, self.model, simulated=True).import_id

    def state(self, started_on, **_):
        fact = {"fact": "help", "day": started_on, "measure": HELP["measure"], "amount": HELP["amount"]}
        self.send("/v1/households/h1/verifications", {"outcome": "pending", "facts": [fact]})

    def begin(self, started_on, **_):
        body = {"measure": HELP["measure"], "given_by": "县民政局", "started_on": started_on}
        self.send("/v1/households/h1/help", body)

    def read(self):
        """Return the start and the day of the second look of the household's help, as its page lists it."""
        page = self.client.get("/v1/households/h1", headers=self.headers).json()
        return sorted((one["started_on"], one["due_on"]) for one in page["help"])

    def list_due(self):
        rows = self.client.get("/v1/reassessments", headers=self.headers).json()["households"]
        return [(row["due_on"], row["late"]) for row in rows]


@pytest.fixture
def service(client, key, model, tmp_path):
    return Service(client, key(), model, tmp_path)


WAYS = pytest.mark.parametrize("way", ["request", "deliver", "state", "begin"])
RECORDED = pytest.mark.parametrize("way", ["request", "deliver"])


@WAYS
def test_help_is_assessed_again_three_months_after_it_began_whichever_way_it_came(service, way):
    getattr(service, way)(started_on="2023-04-01")
    assert service.read() == [("2023-04-01", "2023-07-01")]
    assert service.list_due() == [("2023-07-01", False)]


@WAYS
def test_what_the_help_is_may_reveal_an_illness_and_is_for_readers_of_health_data(service, key, way):
    getattr(service, way)(started_on="2023-04-01")
    for rights, measure, known in (("read",), None, False), (("read", "health-details"), HELP["measure"], True):
        page = service.client.get("/v1/households/h1", headers=key("", *rights)).json()
        (one,) = page["help"]
        assert one["measure"] == measure
        assert (one["amount"] or one["given_by"]) == ((900.0 if way != "begin" else "县民政局") if known else None)


@RECORDED
def test_the_same_delivery_again_changes_nothing(service, way):
    for _ in range(2):
        getattr(service, way)(started_on="2023-04-01")
        assert service.read() == [("2023-04-01", "2023-07-01")]


@RECORDED
@pytest.mark.parametrize("record_id", ["d", None])
def test_help_whose_second_look_was_due_before_it_became_known_is_history(service, way, record_id):
    getattr(service, way)(started_on="2023-03-29", record_id=record_id)  # due on 29 June, a day before
    assert service.read() == []
    getattr(service, way)(started_on="2023-06-01", measure="低保", record_id=record_id and "e")
    assert service.read() == [("2023-06-01", "2023-09-01")]


@RECORDED
def test_a_correction_moves_the_day_and_ended_help_stays_due(service, way):
    getattr(service, way)(started_on="2023-04-05", recorded_on="2023-06-30")
    getattr(service, way)(started_on="2023-03-05", ended_on=None, recorded_on="2023-07-01")
    assert service.read() == [("2023-03-05", "2023-06-05")], "it was known in time, so it is overdue now"
    if way == "request":
        service.request(started_on="2023-03-05", ended_on="2023-05-01", recorded_on="2023-07-02")
    assert service.list_due() == [("2023-06-05", True)]


def test_withdrawn_help_is_not_assessed_again_and_comes_back_with_its_record(service):
    service.request(started_on="2023-04-01")
    service.request(started_on="2023-04-01", withdrawn=True)
    assert service.read() == service.list_due() == []
    service.request(started_on="2023-04-01", withdrawn=False)
    assert service.list_due() == [("2023-07-01", False)]


def test_the_withdrawal_of_an_import_and_of_a_visit_takes_their_help_off_the_list(service):
    number = service.deliver(started_on="2023-04-01")
    withdraw_import(service.client.app.state.engine, number, TODAY, service.model)
    assert service.read() == []
    service.state("2023-04-01")
    with writing(service.client.app.state.engine) as connection:
        ((author, visit),) = connection.execute(text("SELECT created_by, verification_id FROM verifications")).all()
    page = service.client.get("/v1/households/h1", headers=service.headers).json()
    caller = Caller(author, "", frozenset(("read", "write")))
    with writing(service.client.app.state.engine) as connection:
        act = Act(connection, caller, TODAY, "r", lambda: service.model)
        undo(act, "h1", page["verifications"][0]["verification_id"])
    assert service.read() == [], visit


@pytest.mark.parametrize("first", ["staff", "department"])
def test_help_that_staff_and_a_department_state_is_due_once_and_says_who_gives_it(service, first):
    steps = [lambda: service.begin("2023-04-20"), lambda: service.request(started_on="2023-04-01")]
    for step in steps if first == "staff" else steps[::-1]:
        step()
    (one,) = service.client.get("/v1/households/h1", headers=service.headers).json()["help"]
    assert (one["started_on"], one["due_on"], one["given_by"], one["amount"]) == (
        "2023-04-01", "2023-07-01", "县民政局", 900
    )  # fmt: skip
    service.request(started_on="2023-04-01", withdrawn=True)
    (one,) = service.client.get("/v1/households/h1", headers=service.headers).json()["help"]
    assert (one["started_on"], one["due_on"], one["given_by"]) == ("2023-04-20", "2023-07-20", "县民政局")


def test_help_that_a_visit_finds_does_not_settle_that_help_does_not_work(service):
    service.begin("2023-05-01")
    fact = {"fact": "help", "day": "2023-05-10", "measure": "低保"}
    body = {"outcome": "pending", "reassessment": "not_working", "facts": [fact]}
    service.send("/v1/households/h1/verifications", body)
    assert service.list_due() == [("2023-06-30", False)]
    service.request(started_on="2023-06-29", measure="公益岗位")
    assert service.list_due() == [], "other help has begun since"


def test_a_county_that_is_delivered_with_its_past_has_no_second_look_overdue(client, key, model, small_county):
    engine = client.app.state.engine
    number = import_folder(engine, small_county, TODAY, model, simulated=True).import_id
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT min(due_on), count(*) FROM help_begun")).one()
        held = connection.execute(text("SELECT count(*) FROM record_help")).scalar_one()
    assert str(rows[0]) >= str(TODAY)
    assert 0 < rows[1] < held
    listed = client.get("/v1/reassessments?limit=200", headers=key()).json()["households"]
    assert not any(row["late"] for row in listed)
    starts = pa.compute.max(pq.read_table(small_county / "help.parquet")["started_on"]).as_py()
    assert starts > TODAY - dt.timedelta(days=92), "the county has new help, too"
    withdraw_import(engine, number, TODAY, model)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM help_begun")).scalar_one() == 0


ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 90), st.booleans(), st.sampled_from([None, "gives"])), max_size=8
)


@given(ROWS, ROWS)
def test_every_help_is_kept_or_lost_and_every_record_is_taken_at_most_once(known, recorded):
    def make(i, measure, day):
        return {"record_id": f"{i}", "row_id": i, "measure": measure, "started_on": TODAY + dt.timedelta(days=day)}

    rows = {f"{i}": make(i, *one[:2]) for i, one in enumerate(recorded)}
    begun = [
        make(i if here else 100 + i, measure, day) | {"given_by": by}
        for i, (measure, day, here, by) in enumerate(known)
    ]
    kept, lost, left = _pair(begun, rows)
    assert sorted(map(id, begun)) == sorted(map(id, [one for one, _ in kept] + lost))
    assert sorted(map(id, rows.values())) == sorted(map(id, [row for _, row in kept] + left))
    for one, row in kept:
        same = one["measure"] == row["measure"] and abs(one["started_on"] - row["started_on"]) <= WINDOW
        assert one["record_id"] == row["record_id"] or (same and one["record_id"] not in rows)
    for measure in "ab":  # help goes on as long as no gap is longer than the window: only what follows a gap is new
        days = sorted((row["started_on"], row["row_id"]) for row in rows.values() if row["measure"] == measure)
        gaps = [i for i, (day, _) in enumerate(days) if i == 0 or day - days[i - 1][0] > WINDOW]
        assert [days[i][1] for i in gaps] == [
            row["row_id"] for row in sorted(rows.values(), key=lambda row: (row["started_on"], row["row_id"]))
            if row["measure"] == measure and not _goes_on(row, rows.values())
        ]  # fmt: skip
