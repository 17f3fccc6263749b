"""A clue becomes a record, lists its household until a visit settles it, and shows nobody what they may not see."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import text

from riskml_serving.base.clock import now
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.casework.clues.service import resolve
from riskml_serving.judging.act import Act
from riskml_serving.operations.retention.service import OPERATOR, apply_retention
from riskml_serving.people.auth.service import create_key
from riskml_serving.register.keys import add_key

HERE, THERE, TODAY = "370112001001", "370112002001", "2023-06-30"
CLUE = {"household_id": "h1", "what": "illness", "channel": "hotline", "amount": 9800.0, "note": "产后大出血"}
FLOOD = {"region_code": "370112001", "what": "disaster", "disaster": "flood", "channel": "department"}
UNLISTED = {"unlisted": {"village": HERE, "name": "王二"}, "what": "accident", "channel": "neighbour"}


@pytest.fixture
def keyed_client(make_client, tmp_path):
    """Start a service with an identity key."""
    add_key(tmp_path / "key")
    return make_client(identity_key=tmp_path / "key")


@pytest.fixture
def filled_client(keyed_client):
    client, headers = keyed_client, make_headers(keyed_client)
    wages = [
        {"household_id": code, "period_start": f"{year}-{month:02d}-01", "source": "wage", "amount": amount}
        for code, amount in (("h1", 6000), ("h2", 700), ("t1", 6000))
        for year in (2021, 2022)
        for month in range(1, 13)
    ]
    homes = [
        {"household_id": code, "region_code": region, "size": 2}
        for code, region in (("h1", HERE), ("h2", HERE), ("t1", THERE))
    ]
    tables = {"households": homes, "income": wages}
    assert client.post("/v1/records", json={"tables": tables}, headers=headers).status_code == 200
    return client


def make_headers(client, region="", *rights):
    with writing(client.app.state.engine) as connection:
        token = create_key(connection, "test", region, rights or ("score", "read", "write", "health-details"))
    return {"Authorization": f"Bearer {token}"}


def report(client, headers, status=201, **changed):
    answer = client.post("/v1/clues", json={**CLUE, **changed}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def read(client, query):
    with reading(client.app.state.engine) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def read_list(client, headers, **params):
    return client.get("/v1/clues", params=params, headers=headers).json()["clues"]


def test_a_clue_is_a_row_of_events_scored_and_audited_in_one_transaction(filled_client):
    headers = make_headers(filled_client)
    answer = report(filled_client, headers)
    clue = answer["clue"]
    assert (clue["state"], clue["what"], clue["amount"], clue["recorded_on"]) == ("open", "illness", 9800.0, TODAY)
    rows = read(
        filled_client,
        "SELECT household_id, kind, channel, amount, record_id, request_id FROM record_events",
    )
    ((record, request_id),) = {(row[4], row[5]) for row in rows}
    assert rows == [("h1", "report", "hotline", 9800.0, record, answer["request_id"])]
    assert read(filled_client, "SELECT record_id FROM clues") == [(record,)]
    actions = read(filled_client, f"SELECT action FROM audit WHERE request_id = '{request_id}' ORDER BY seq")
    assert actions == [("records.append",), ("clue.add",)]
    assert [one["clue_id"] for one in read_list(filled_client, headers)] == [clue["clue_id"]]


def test_a_report_that_fails_leaves_nothing_behind(filled_client, monkeypatch):
    headers = make_headers(filled_client)
    monkeypatch.setattr("riskml_serving.casework.clues.repository.add_clue", lambda *_: 1 / 0)
    report(filled_client, headers, 500)
    assert read(filled_client, "SELECT count(*) FROM record_events") == [(0,)]
    assert read(filled_client, "SELECT count(*) FROM clues") == [(0,)]


def test_a_report_sent_twice_counts_once(filled_client):
    headers = {**make_headers(filled_client), "Idempotency-Key": "call-17"}
    first, again = report(filled_client, headers), report(filled_client, headers)
    assert first == again
    assert read(filled_client, "SELECT count(*) FROM clues") == [(1,)]
    assert read(filled_client, "SELECT count(*) FROM record_events") == [(1,)]


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        ({"household_id": ""}, {"household_id"}),
        ({"region_code": HERE}, {"household_id", "region_code"}),
        ({"what": "gossip"}, {"what"}),
        ({"channel": "visit"}, {"channel"}),
        ({"amount": 0}, {"amount"}),
        ({"amount": -5.0}, {"amount"}),
        ({"occurred_on": "2023-07-01"}, {"occurred_on"}),
        ({"what": "income_fall", "household_id": None, "region_code": HERE}, {"what"}),
        ({"unlisted": {"village": "370112", "name": "王"}, "household_id": None}, {"unlisted.village"}),
        ({"note": "x" * 4001}, {"note"}),
    ],
)
def test_nonsense_is_refused_with_the_field_and_nothing_is_stored(filled_client, changed, paths):
    body = {name: value for name, value in {**CLUE, **changed}.items() if value is not None}
    answer = filled_client.post("/v1/clues", json=body, headers=make_headers(filled_client))
    assert answer.status_code == 422
    assert {error["path"] for error in answer.json()["errors"]} == paths
    assert all(error["detail"] and error["detail_en"] for error in answer.json()["errors"])
    assert read(filled_client, "SELECT count(*) FROM clues") == [(0,)]


def test_a_clue_elsewhere_is_refused_and_audited_and_none_is_shown(filled_client):
    report(filled_client, make_headers(filled_client))
    other = make_headers(filled_client, "370112002")
    for body in (CLUE, FLOOD, UNLISTED):
        assert filled_client.post("/v1/clues", json=body, headers=other).status_code == 404
    refused = read(filled_client, "SELECT action FROM audit WHERE action LIKE '%.refused' ORDER BY seq")
    assert [action for (action,) in refused] == ["household.refused", "region.refused", "region.refused"]
    assert read_list(filled_client, other) == []
    assert (
        filled_client.post("/v1/clues", json=CLUE, headers=make_headers(filled_client, "", "read")).status_code == 403
    )
    closing = {"because": "moved_away"}
    filled_client.post("/v1/households/h2/closure", json=closing, headers=make_headers(filled_client))
    report(filled_client, make_headers(filled_client), 409, household_id="h2")


def test_a_key_without_health_details_reports_an_illness_and_reads_only_its_own(filled_client):
    blind, other = (make_headers(filled_client, "", "read", "write") for _ in range(2))
    own = report(filled_client, blind)["clue"]
    assert (own["what"], own["hidden"], own["note"]) == ("illness", False, CLUE["note"])
    (seen,) = read_list(filled_client, other)
    assert (seen["what"], seen["amount"], seen["note"], seen["hidden"]) == (None, None, None, True)
    assert (seen["channel"], seen["state"]) == ("hotline", "open")
    (whole,) = read_list(filled_client, make_headers(filled_client))
    assert (whole["what"], whole["amount"], whole["note"]) == ("illness", 9800.0, CLUE["note"])
    report(filled_client, blind, what="job_loss")
    assert [one["what"] for one in read_list(filled_client, other)] == [None, "job_loss"]


def visit(client, headers, outcome, code="h1"):
    path = f"/v1/households/{code}/verifications"
    return client.post(path, json={"outcome": outcome}, headers=headers).status_code


def test_only_a_decision_that_comes_after_a_clue_settles_it(filled_client):
    headers = make_headers(filled_client)
    visit(filled_client, headers, "confirmed")
    first = report(filled_client, headers)["clue"]["clue_id"]
    for outcome in ("not_met", "pending"):
        visit(filled_client, headers, outcome)
        (clue,) = read_list(filled_client, headers, state="open")
        assert (clue["clue_id"], clue["outcome"]) == (first, outcome)
    visit(filled_client, headers, "confirmed")
    assert read_list(filled_client, headers, state="open") == []
    (clue,) = read_list(filled_client, headers, state="closed")
    assert (clue["outcome"], clue["closed_on"]) == ("confirmed", TODAY)
    second = report(filled_client, headers)["clue"]["clue_id"]
    assert [one["clue_id"] for one in read_list(filled_client, headers, state="open")] == [second]
    visit(filled_client, headers, "pending")
    states = {one["clue_id"]: (one["state"], one["outcome"]) for one in read_list(filled_client, headers)}
    assert states == {first: ("closed", "confirmed"), second: ("open", "pending")}


def test_an_open_clue_follows_a_household_that_moves_and_splits_and_every_successor_is_to_be_visited(filled_client):
    headers, town = make_headers(filled_client), make_headers(filled_client, "370112002")
    report(filled_client, headers)
    visit(filled_client, headers, "confirmed")
    first = report(filled_client, headers, what="job_loss", channel="neighbour")["clue"]["clue_id"]
    homes = [{"household_id": code, "region_code": THERE, "size": 1} for code in ("h1", "s1", "s2")]
    filled_client.post("/v1/records", json={"tables": {"households": homes}}, headers=headers)
    visit(filled_client, headers, "confirmed", "s2")
    closing = {"because": "split", "followed_by": ["s2", "s1"]}
    answer = filled_client.post("/v1/households/h1/closure", json=closing, headers=town)
    assert answer.status_code == 200, answer.text
    clues = read_list(filled_client, town, state="open")
    assert [(one["household_id"], one["what"]) for one in clues] == [("s2", "job_loss"), ("s1", "job_loss")]
    assert clues[0]["clue_id"] == first
    stored = "SELECT household_id FROM record_events WHERE channel = 'neighbour' ORDER BY household_id"
    assert read(filled_client, stored) == [("h1",), ("s1",), ("s2",)]
    assert read(filled_client, "SELECT household_id FROM current_scores WHERE household_id LIKE 's%'") != []
    visit(filled_client, town, "confirmed", "s2")
    assert [one["household_id"] for one in read_list(filled_client, town, state="open")] == ["s1"]
    (settled, _) = read_list(filled_client, town, state="closed")
    assert settled["household_id"] == "h1", "a settled clue stays with the household that was visited"


def test_a_flood_is_a_disaster_of_the_place_and_answers_with_its_households_by_risk(filled_client):
    headers = make_headers(filled_client)
    answer = filled_client.post("/v1/clues", json=FLOOD, headers=headers)
    assert answer.status_code == 201, answer.text
    assert [row["household_id"] for row in answer.json()["households"]] == ["h2", "h1"]
    rows = read(filled_client, "SELECT region_code, household_id, kind FROM record_disaster")
    assert rows == [("370112001", None, "flood")]
    number = answer.headers["x-request-id"]
    entries = read(filled_client, f"SELECT action FROM audit WHERE request_id = '{number}'")
    assert {action for (action,) in entries} == {"records.append", "clue.add", "households.list"}
    assert read_list(filled_client, headers, state="open") == []
    assert [one["subject"] for one in read_list(filled_client, headers)] == ["place"]


def test_a_flood_where_nobody_lives_is_refused_and_leaves_nothing_behind(filled_client):
    headers = make_headers(filled_client)
    answer = filled_client.post("/v1/clues", json={**FLOOD, "region_code": f"{HERE[:9]}999"}, headers=headers)
    assert (answer.status_code, answer.json()["detail_en"]) == (404, "No household lives in this region")
    assert read(filled_client, "SELECT count(*) FROM record_disaster") == [(0,)]
    assert read(filled_client, "SELECT count(*) FROM clues") == [(0,)]


def test_the_names_in_a_clue_are_stored_encrypted_and_never_returned(filled_client):
    headers = make_headers(filled_client)
    body = UNLISTED | {"told_by": "王三"}
    answer = filled_client.post("/v1/clues", json=body, headers={**headers, "Idempotency-Key": "n"})
    assert answer.json()["clue"]["state"] == "missing"
    assert "王" not in answer.text + filled_client.get("/v1/clues", headers=headers).text
    assert read(filled_client, "SELECT count(*) FROM record_events") == [(0,)]
    with reading(filled_client.app.state.engine) as connection:
        ((number, content),) = connection.execute(text("SELECT clue_id, content FROM clue_names"))
        assert "王".encode() not in bytes(content)
        keys = filled_client.app.state.identity
        assert json.loads(keys.decrypt(bytes(content), "clue_names", str(number))) == {
            "household": "王二", "told_by": "王三"
        }  # fmt: skip
        for table in ("clues", "audit", "idempotency"):
            assert "王" not in str(connection.execute(text(f"SELECT * FROM {table}")).all())


def test_retention_deletes_the_names_in_clues_that_belong_to_no_household_and_wait_for_nobody(
    filled_client, monkeypatch
):
    headers = make_headers(filled_client)
    bodies = (UNLISTED, UNLISTED, FLOOD | {"told_by": "王三"}, CLUE | {"told_by": "王三"})
    answers = [filled_client.post("/v1/clues", json=body, headers=headers) for body in bodies]
    ended = answers[1].json()["clue"]["clue_id"]
    with writing(filled_client.app.state.engine) as connection:
        resolve(Act(connection, OPERATOR, dt.date(2023, 6, 30), "r"), ended, None, "外县户")
        assert apply_retention(connection, Settings(retention_closed_days=10))["names"] == 0, "just received"
        later = now() + dt.timedelta(days=11)
        monkeypatch.setattr("riskml_serving.operations.retention.service.now", lambda: later)
        assert apply_retention(connection, Settings())["names"] == 0, "no period is set"
        assert apply_retention(connection, Settings(retention_closed_days=10))["names"] == 2
    kept = read(filled_client, "SELECT subject FROM clues JOIN clue_names USING (clue_id) ORDER BY clue_id")
    assert kept == [("unlisted",), ("household",)]


@pytest.mark.parametrize("body", [UNLISTED, {"region_code": HERE, "what": "disaster", "told_by": "王三"}])
def test_without_an_identity_key_no_name_is_accepted(client, key, body):
    client.post(
        "/v1/records",
        json={"tables": {"households": [{"household_id": "h1", "region_code": HERE, "size": 2}]}},
        headers=key(),
    )
    answer = client.post("/v1/clues", json={"channel": "hotline", **body}, headers=key())
    assert answer.json()["type"] == "urn:riskml:problem:no-identity-key"
    assert read(client, "SELECT count(*) FROM clues") == [(0,)], "nothing is saved without the name"


def test_pages_of_clues_follow_one_another_without_gaps(filled_client):
    headers = make_headers(filled_client)
    numbers = [
        report(filled_client, headers, what=what)["clue"]["clue_id"] for what in ("job_loss", "other", "dropout")
    ]
    ids, cursor, more = [], "0", True
    while more:
        page = filled_client.get("/v1/clues", params={"since": cursor, "limit": 2}, headers=headers).json()
        ids += [clue["clue_id"] for clue in page["clues"]]
        cursor, more = page["next"], page["more"]
    assert ids == numbers
    for wrong in ({"state": "lost"}, {"since": "1"}):
        assert filled_client.get("/v1/clues", params=wrong, headers=headers).status_code == 422
