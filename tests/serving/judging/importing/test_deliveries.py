"""A county delivers again and again: what a folder repeats is known, what it changes replaces, what it lacks stays."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import nullcontext

import pytest
from sqlalchemy import text

from riskml.errors import UsageError
from riskml.records.contract.schema import TABLES
from riskml_serving.base.database import writing
from riskml_serving.judging.importing import service
from riskml_serving.judging.importing.repository import append
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.importing.staging import to_arrow
from riskml_serving.judging.importing.withdrawal import withdraw_import
from riskml_serving.operations.exporting.service import export_records
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, keep_persons, read_persons
from riskml_serving.store.households.repository import close_household
from riskml_serving.store.records.repository import supersede

TODAY = dt.date(2023, 6, 30)
MAY = dt.date(2023, 5, 31)
EARLIER = dt.date(2023, 1, 10)


def make_household(code="h1", *, region="370112001001", size=3, on=None):
    return {"household_id": code, "region_code": region, "size": size, "recorded_on": on}


def make_income(code="h1", month=1, amount=900.0, **more):
    start = dt.date(2023, month, 1)
    return {"household_id": code, "period_start": start, "months": 1, "source": "wage", "amount": amount, **more}


@pytest.fixture
def take(engine, deliver):
    """Return a function that writes a delivery and imports it without scoring."""

    def run(**tables):
        return import_folder(engine, deliver(**tables), TODAY, simulated=True)

    return run


@pytest.fixture
def first(take):
    """Import a first delivery of two households."""
    return take(
        households=[make_household("h1"), make_household("h2", region="370112001002")],
        income=[
            *(make_income("h1", month, record_id=f"w{month}") for month in (1, 2)),
            make_income("h2"),
            make_income("h2"),
        ],
        lines=[{"region_code": "37", "effective_from": dt.date(2023, 1, 1), "amount": 8300.0}],
    )


FIRST = {"households": [make_household("h1"), make_household("h2", region="370112001002")]}


@pytest.fixture
def stored(engine, read_in_force):
    """Return a function that reads what counts in the database."""
    return lambda: read_in_force(engine)


def count_amounts(stored, code):
    return sorted(row[4] for row in stored()["income"] if row[0] == code)


def test_rows_that_a_delivery_repeats_bring_nothing_new_and_rows_that_it_lacks_stay(stored, take, first):
    before = stored()
    again = take(**FIRST, income=[make_income("h1", 1, record_id="w1"), make_income("h2")])
    assert (again.rows, again.changed) == (0, 0)
    assert stored() == before


@pytest.mark.parametrize(("copies", "new"), [(1, 0), (2, 0), (3, 1)])
def test_of_equal_rows_without_number_only_those_beyond_the_stored_ones_are_new(stored, take, first, copies, new):
    assert take(**FIRST, income=[make_income("h2")] * copies).rows == new
    assert len(count_amounts(stored, "h2")) == 2 + new


def test_a_row_replaces_the_stored_row_of_its_record_and_day_and_corrects_it_from_a_later_day(stored, take, first):
    done = take(**FIRST, income=[make_income("h1", 1, 500.0, record_id="w1")])
    assert (done.rows, done.changed) == (1, 1)
    assert count_amounts(stored, "h1") == [500.0, 900.0], "the same day: the day's last row counts"
    # The first row has no day of recording; by default, that is the last day of its month.
    take(**FIRST, income=[make_income("h1", 1, 400.0, record_id="w1", recorded_on=dt.date(2023, 1, 31))])
    assert count_amounts(stored, "h1") == [400.0, 900.0]
    take(**FIRST, income=[make_income("h1", 1, 300.0, record_id="w1", recorded_on=MAY)])
    assert count_amounts(stored, "h1") == [300.0, 400.0, 900.0], "a later day: both are versions of one record"


def test_a_later_version_moves_the_household_and_an_earlier_one_does_not(stored, take, first):
    take(
        households=[make_household("h1", region="370112001005", on=EARLIER), FIRST["households"][1]],
        income=[make_income()],
    )
    take(households=[make_household("h1", region="370112001007", on=dt.date(2022, 1, 1))], income=[make_income()])
    assert dict(row[:2] for row in stored()["register"])["h1"] == "370112001005"


def test_a_table_of_a_later_delivery_is_known_for_its_households_only(stored, take, first):
    done = take(households=[make_household("h1")], income=[make_income("h1", 1, record_id="w1")], illness=[])
    assert (done.rows, done.changed) == (0, 1), "knowing that there was no illness changes features"
    assert {row[0]: row[2] for row in stored()["register"]} == {"h1": "illness", "h2": ""}


def test_lines_and_disasters_of_regions_are_compared_too(stored, take, first):
    flood = {"region_code": "370112001", "occurred_on": MAY, "kind": "flood"}
    line = {"region_code": "37", "effective_from": dt.date(2023, 1, 1), "amount": 8500.0}
    for rows in (2, 0):
        assert take(**FIRST, income=[make_income("h2")], disaster=[flood], lines=[line]).rows == rows
    assert [row[2] for row in stored()["lines"]] == [8500.0]


def test_rows_of_a_request_are_known_to_a_delivery(client, key, deliver):
    event = {"household_id": "h1", "occurred_on": "2023-06-20", "kind": "job_loss"}
    home = {"household_id": "h1", "region_code": "370112001001", "size": 3}
    wage = {"household_id": "h1", "period_start": "2023-01-01", "source": "wage", "amount": 900}  # of one month
    body = {"tables": {"households": [home], "income": [wage], "events": [event]}}
    assert client.post("/v1/records", json=body, headers=key()).status_code == 200
    own = {"household_id": "h1", "occurred_on": dt.date(2023, 6, 20), "kind": "job_loss", "recorded_on": TODAY}
    wages = [make_income(recorded_on=TODAY), make_income(month=2)]
    folder = deliver(households=[make_household(on=TODAY)], income=wages, events=[own])
    assert import_folder(client.app.state.engine, folder, TODAY, simulated=True).rows == 1


def test_income_that_would_contradict_what_is_stored_is_refused_and_nothing_changes(stored, take, first):
    before = stored()
    with pytest.raises(UsageError, match="The income of 1 households would contradict what is stored: h1"):
        take(**FIRST, income=[make_income("h1", 1, 9000.0) | {"source": "total"}])
    assert stored() == before


def test_the_records_of_a_closed_household_are_left_alone(engine, take, first):
    with writing(engine) as connection:
        close_household(connection, "h1", "", TODAY, "split", "")
    done = take(**FIRST, income=[make_income("h1", 5), make_income("h2", 5)])
    assert (done.rows, done.closed) == (1, 1)


def receive(engine, row):
    """Store an income row as a request does."""
    rows = to_arrow("income", {name: [row.get(name)] for name in TABLES["income"].names})
    with writing(engine) as connection:
        if row.get("record_id"):
            supersede(connection, "income", rows.to_pylist())
        append(connection, "income", rows, dt.datetime(2023, 6, 30), "request")


def test_a_record_received_while_an_import_is_staged_is_not_stored_twice(engine, stored, take, first, monkeypatch):
    stage, runs = service._Import._stage, []

    def stage_then_receive(self, *own):
        closed = stage(self, *own)
        if not runs:
            receive(engine, make_income("h2", 4))
        runs.append(own)
        return closed

    monkeypatch.setattr(service._Import, "_stage", stage_then_receive)
    assert take(**FIRST, income=[make_income("h2", 4), make_income("h1", 4)]).rows == 1
    assert len(count_amounts(stored, "h2")) == 3
    assert len(runs) == 2


DELIVERIES = {
    "new rows": {"income": [make_income("h1", 5), make_income("h2", 6)]},
    "a correction on the same day": {"income": [make_income("h1", 1, 1.0, record_id="w1")]},
    "a correction on a later day": {"income": [make_income("h1", 1, 1.0, record_id="w1", recorded_on=MAY)]},
    "a move": {"households": [make_household("h1", region="370112009009", on=MAY)], "income": [make_income("h1", 5)]},
    "another version": {
        "households": [make_household("h1", size=5), make_household("h3")],
        "income": [make_income("h3")],
    },
    "tables": {"income": [make_income("h1", 5)], "illness": [], "members": []},
    "a line": {
        "income": [make_income("h2")],
        "lines": [{"region_code": "37", "effective_from": dt.date(2023, 1, 1), "amount": 9000.0}],
    },
}


@pytest.mark.parametrize("delivery", DELIVERIES.values(), ids=DELIVERIES)
def test_a_withdrawn_import_leaves_what_was_there_before_and_can_be_imported_again(
    engine, stored, deliver, first, delivery
):
    before = stored()
    folder = deliver(**{**FIRST, **delivery})
    done = import_folder(engine, folder, TODAY, simulated=True)
    after = stored()
    assert after != before
    taken = withdraw_import(engine, done.import_id, TODAY)
    assert stored() == before
    assert taken.rows == done.rows
    again = import_folder(engine, folder, TODAY, simulated=True)
    assert (again.import_id, again.rows) == (done.import_id, done.rows)
    assert stored() == after


def test_withdrawing_the_only_import_leaves_an_empty_database_and_an_audit_entry(engine, stored, first):
    keys = IdentityKeys([bytes(32)])
    with writing(engine) as connection:
        keep_persons(connection, keys, [Person("m1", "h1", name="王宝明")])
    done = withdraw_import(engine, f"import-{first.import_id}", TODAY)
    assert (done.rows, done.households, done.gone) == (7, 2, 2)
    assert not any(stored().values())
    with engine.connect() as connection:
        assert read_persons(connection, keys, ["h1"]) == {}
        actions = connection.execute(text("SELECT action, request_id FROM audit ORDER BY seq")).all()
    assert actions == [(f"records.{what}", f"import-{first.import_id}") for what in ("import", "withdraw")]


def test_what_has_been_corrected_since_stays_corrected_when_the_import_is_withdrawn(engine, stored, take, first):
    second = take(**FIRST, income=[make_income("h1", 1, 2.0, record_id="w1")])
    receive(engine, make_income("h1", 1, 3.0, record_id="w1"))
    withdraw_import(engine, second.import_id, TODAY)
    assert count_amounts(stored, "h1") == [3.0, 900.0]


def test_an_import_is_withdrawn_only_after_the_later_ones_for_its_county(engine, stored, take, first):
    other = take(households=[make_household("x", region="440101001001")], income=[make_income("x")])
    second = take(**FIRST, income=[make_income("h1", 5)])
    with pytest.raises(UsageError, match=f"A later import, {second.import_id}, concerns the same county") as refused:
        withdraw_import(engine, first.import_id, TODAY)
    assert "Withdraw it first" in refused.value.hint
    withdraw_import(engine, other.import_id, TODAY)
    withdraw_import(engine, second.import_id, TODAY)
    withdraw_import(engine, first.import_id, TODAY)
    assert not any(stored().values())
    with pytest.raises(UsageError, match="There is no import 'abc'"):
        withdraw_import(engine, "abc", TODAY)


def test_a_withdrawn_import_is_reported_to_readers_of_changes_and_the_others_are_scored_again(client, key, deliver):
    engine, model, headers = client.app.state.engine, client.app.state.holder.current, key("370112")
    wages = [make_income("h1", month) for month in range(1, 7)]
    first = {"households": [make_household("h1")], "income": wages}
    assert import_folder(engine, deliver(**first), TODAY, model, simulated=True).scored == 1
    home = make_household("h2", region="370112001002")
    second = {"households": [*first["households"], home], "income": [make_income("h1", 6, 50000.0), make_income("h2")]}
    done = import_folder(engine, deliver(**second), TODAY, model, simulated=True)
    assert done.scored == 2
    before = client.get("/v1/changes", headers=headers).json()
    assert withdraw_import(engine, done.import_id, TODAY, model).scored == 1
    news = client.get("/v1/changes", params={"since": before["next"]}, headers=headers).json()["changes"]
    reported = {(row["household_id"], row["change"], row["region_code"]) for row in news}
    assert ("h2", "closed", "370112001002") in reported
    assert client.get("/v1/households/h2", headers=headers).status_code == 404
    assert not client.get("/v1/changes", headers=key("440101")).json()["changes"]


BILL = {"household_id": "h1", "occurred_on": TODAY, "kind": "inpatient", "cost": 900.0, "record_id": "b1"}
FLOOD = {"region_code": "370112001", "occurred_on": TODAY, "kind": "flood", "record_id": "f1"}
LINE = {"region_code": "37", "effective_from": TODAY, "amount": 8400.0}


@pytest.fixture
def imported(client, deliver):
    """Import a county that states no day of recording, so that today's rows became known today."""
    homes = [make_household("h1"), make_household("h2", region="370112001002")]
    members = [{"household_id": "h1", "member_id": "m1"}]
    income = [make_income("h1", 6, record_id="w6"), make_income("h2")]
    more = {"members": members, "illness": [BILL], "disaster": [FLOOD], "lines": [LINE]}
    return import_folder(
        client.app.state.engine, deliver(households=homes, income=income, **more), TODAY, simulated=True
    )


REQUESTS = {
    "income": {"income": [make_income("h1", 6, 500.0, record_id="w6")]},
    "a bill": {"illness": [BILL | {"cost": 700.0}]},
    "a disaster of a region": {"disaster": [FLOOD | {"kind": "hail"}]},
    "a line": {"lines": [LINE | {"amount": 9000.0}]},
    "a member who has left": {"members": [{"household_id": "h1", "member_id": "m1", "left_on": str(TODAY)}]},
    "a move": {"households": [make_household("h1", region="370112009009")]},
    "a new household": {"households": [make_household("h3")], "income": [make_income("h3")], "help": []},
    "a table for the first time": {"monitoring": [], "income": [make_income("h2", 5)]},
}


def send(client, key, tables):
    answer = client.post(
        "/v1/records", content=json.dumps({"tables": tables}, default=str), headers=key("", "read", "write", "admin")
    )
    assert answer.status_code == 200, answer.text
    return answer.headers["x-request-id"]


@pytest.mark.parametrize("tables", [*REQUESTS.values()][:4], ids=[*REQUESTS][:4])
def test_a_request_replaces_what_an_import_made_known_on_the_same_day(
    client, key, imported, read_in_force, tmp_path, tables
):
    engine = client.app.state.engine
    before = read_in_force(engine)
    send(client, key, tables)
    after = read_in_force(engine)
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    export_records(engine, tmp_path / "out")  # refuses two rows for one record and day


@pytest.mark.parametrize("tables", REQUESTS.values(), ids=REQUESTS)
def test_a_withdrawn_request_leaves_what_was_there_before(client, key, imported, read_in_force, tables):
    engine, keys = client.app.state.engine, IdentityKeys([bytes(32)])
    with writing(engine) as connection:
        keep_persons(connection, keys, [Person("m1", "h1", name="王宝明")])

    def read():
        with engine.connect() as connection:
            return read_in_force(engine), read_persons(connection, keys, ["h1"])

    before = read()
    number = send(client, key, tables)
    assert read() != before
    taken = withdraw_import(engine, number, TODAY, client.app.state.holder.current)
    assert read() == before
    assert taken.rows == sum(map(len, tables.values()))
    with pytest.raises(UsageError, match="There is no import"):
        withdraw_import(engine, number, TODAY)


def test_households_may_use_the_same_record_number(client, key, imported, read_in_force):
    first, second = (make_income(code, 6, 5.0, record_id="shared") for code in ("h1", "h2"))
    for rows in ([first], [second], [first | {"amount": 7.0}, make_income("h2", 5, record_id="other")]):
        send(client, key, {"income": rows})
    income = read_in_force(client.app.state.engine)["income"]
    assert sorted((row[0], row[4]) for row in income if row[-1] == "shared") == [("h1", 7.0), ("h2", 5.0)]


def test_only_requests_that_appended_records_are_withdrawn_and_only_after_later_imports(
    client, key, imported, deliver, monkeypatch
):
    number = send(client, key, REQUESTS["a bill"])
    clue = {"household_id": "h1", "what": "illness", "channel": "hotline"}
    reported = client.post("/v1/clues", json=clue, headers=key("", "write"))
    with pytest.raises(UsageError, match="There is no import"):
        withdraw_import(client.app.state.engine, reported.headers["x-request-id"], TODAY)
    folder = deliver(households=[make_household("h2", region="370112001002")], income=[make_income("h2", 3)])

    def end(*_):
        raise KeyboardInterrupt

    for killed in (True, False):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) if killed else nullcontext():
            patch.setattr(service.Publication, "write", end) if killed else None
            import_folder(client.app.state.engine, folder, TODAY, simulated=True)
        with pytest.raises(UsageError, match="A later import"):  # its rows were compared with those of the request
            withdraw_import(client.app.state.engine, number, TODAY)
