"""If a household moves, splits, merges or is closed, those who could read its score learn exactly once that it left."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml_serving.base.database import reading, writing
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, keep_persons, read_persons
from riskml_serving.store.households.repository import add_households

HERE, THERE = "370112001001", "370112002001"
TOWN, OTHER, COUNTY = HERE[:9], THERE[:9], HERE[:6]


def make_household(code, region):
    return {"household_id": code, "region_code": region, "size": 2}


def make_wages(code):
    return [
        {"household_id": code, "period_start": f"2022-{month:02d}-01", "source": "wage", "amount": 1800}
        for month in range(1, 13)
    ]


def append(client, headers, status=200, **tables):
    answer = client.post("/v1/records", json={"tables": tables}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def get_changes(client, headers, since=0, **query):
    return client.get("/v1/changes", params={"since": since, **query}, headers=headers).json()


def list_changes(page):
    return [(row["change"], row["household_id"], row["region_code"]) for row in page["changes"]]


def list_households(client, headers):
    return [row["household_id"] for row in client.get("/v1/households", headers=headers).json()["households"]]


@pytest.fixture
def read_changes(client, key):
    """Store two households in one town; return a function that reads the changes since then as one of three readers."""
    for code in ("h1", "h2"):
        append(client, key(), households=[make_household(code, HERE)], income=make_wages(code))
    readers = {region: key(region, "read") for region in (TOWN, OTHER, COUNTY)}
    since = get_changes(client, readers[COUNTY])["next"]

    def read(reader, **query):
        return get_changes(client, readers[reader], since, **query)

    read.client, read.headers = client, readers
    return read


def test_a_household_that_moves_leaves_one_town_and_joins_the_other(read_changes, key):
    append(read_changes.client, key(), households=[make_household("h1", THERE)])
    assert list_changes(read_changes(TOWN)) == [("left", "h1", HERE)]
    assert list_changes(read_changes(OTHER))[0] == ("moved", "h1", THERE)
    assert list_changes(read_changes(COUNTY))[0] == ("moved", "h1", THERE)
    assert list_changes(read_changes(COUNTY, region=TOWN)) == [("left", "h1", HERE)]
    assert THERE not in str(read_changes(TOWN)), "readers in its old town must not learn where it went"
    assert list_households(read_changes.client, read_changes.headers[TOWN]) == ["h2"]
    assert list_households(read_changes.client, read_changes.headers[OTHER]) == ["h1"]
    counted = read_changes.client.get(f"/v1/regions/{COUNTY}/summary", headers=read_changes.headers[COUNTY]).json()
    assert [(part["region"], part["households"]) for part in counted["parts"]] == [(TOWN, 1), (OTHER, 1)]


def test_changes_after_a_move_are_hidden_from_the_old_region(read_changes, key):
    append(read_changes.client, key(), households=[make_household("h1", THERE)])
    after = read_changes(TOWN)["next"]
    bill = {"household_id": "h1", "occurred_on": "2023-06-20", "kind": "inpatient", "cost": 90000, "self_paid": 60000}
    append(read_changes.client, key(), illness=[bill])
    read_changes.client.post("/v1/households/h1/closure", json={"because": "died_out"}, headers=key())
    assert get_changes(read_changes.client, read_changes.headers[TOWN], after)["changes"] == []
    assert list_changes(read_changes(OTHER))[-1] == ("closed", "h1", THERE)


def test_a_household_that_moves_back_has_not_left_its_first_town(read_changes, key):
    append(read_changes.client, key(), households=[make_household("h1", THERE)])
    append(read_changes.client, key(), households=[make_household("h1", HERE)])
    assert {change for change, *_ in list_changes(read_changes(TOWN))} <= {"moved", "scored"}
    assert list_changes(read_changes(OTHER)) == [("left", "h1", THERE)]
    assert list_households(read_changes.client, read_changes.headers[TOWN]) == ["h1", "h2"]


def test_a_move_takes_full_effect_before_a_job_rescores_the_household(make_client, read_changes, key):
    late = make_client(rescore_at_once=0, job_worker=False)
    append(late, key(), 202, households=[make_household("h1", THERE)])
    assert list_households(late, read_changes.headers[TOWN]) == ["h2"], "the town's key no longer sees it"
    assert list_households(late, read_changes.headers[OTHER]) == ["h1"]
    assert list_changes(read_changes(TOWN)) == [("left", "h1", HERE)]
    assert list_changes(read_changes(OTHER)) == [("moved", "h1", THERE)]
    (row,) = read_changes(OTHER)["changes"]
    assert late.get("/v1/households/h1", headers=read_changes.headers[OTHER]).json()["score"]["tier"] == row["tier"]


def test_two_households_merge_into_one(read_changes, key):
    append(read_changes.client, key(), households=[make_household("h3", HERE)], income=make_wages("h3"))
    body = {"because": "merged", "followed_by": ["h3"]}
    for code in ("h1", "h2"):
        assert read_changes.client.post(f"/v1/households/{code}/closure", json=body, headers=key()).status_code == 200
    assert list_changes(read_changes(TOWN)) == [("scored", "h3", HERE), ("closed", "h1", HERE), ("closed", "h2", HERE)]
    assert list_households(read_changes.client, read_changes.headers[TOWN]) == ["h3"]
    history = read_changes.client.get("/v1/households/h1", headers=read_changes.headers[TOWN]).json()["history"]
    assert [row["change"] for row in history] == ["closed", "scored"]
    same = {"cursor": "", "change": ""}
    assert {**history[0], **same} == {**history[1], **same}, "the closure repeats the last score"


def test_a_closed_household_cannot_be_a_successor_and_a_rejected_closure_is_not_a_change(read_changes, key):
    read_changes.client.post("/v1/households/h1/closure", json={"because": "died_out"}, headers=key())
    body = {"because": "merged", "followed_by": ["h1"]}
    refused = read_changes.client.post("/v1/households/h2/closure", json=body, headers=key())
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:riskml:problem:household-closed")
    assert refused.json()["errors"][0]["path"] == "followed_by[0]"
    assert list_changes(read_changes(TOWN)) == [("closed", "h1", HERE)]


def test_closing_a_household_that_was_never_scored_is_not_listed_as_a_change(read_changes, key):
    row = {"household_id": "h4", "region_code": HERE, "known_tables": "", "opened_on": dt.date(2023, 6, 30)}
    with writing(read_changes.client.app.state.engine) as connection:
        add_households(connection, [row])
    body = {"because": "moved_away"}
    assert read_changes.client.post("/v1/households/h4/closure", json=body, headers=key()).status_code == 200
    assert list_changes(read_changes(TOWN)) == []


def test_a_closure_does_not_count_as_the_latest_scoring(read_changes, key):
    def read_last_scoring():
        text = read_changes.client.get("/metrics", headers=key("", "admin")).text
        return next(line for line in text.splitlines() if line.startswith("riskml_data_scored_timestamp_seconds"))

    before = read_last_scoring()
    read_changes.client.post("/v1/households/h1/closure", json={"because": "died_out"}, headers=key())
    assert read_last_scoring() == before


def test_a_closure_date_cannot_be_in_the_future(read_changes, key):
    ask = {"because": "died_out", "closed_on": "2023-07-01"}
    answer = read_changes.client.post("/v1/households/h1/closure", json=ask, headers=key())
    assert answer.status_code == 422
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [("closed_on", "in_future")]
    answer = read_changes.client.post(
        "/v1/households/h1/closure", json={**ask, "closed_on": "2023-05-31"}, headers=key()
    )
    assert (answer.status_code, answer.json()["closed_on"]) == (200, "2023-05-31")


def test_after_a_split_a_successor_is_unknown_until_its_own_past_is_sent(read_changes, key, sign_in_county):
    client = read_changes.client
    low = [{**row, "amount": 300} for row in make_wages("old")]
    append(client, key(), households=[make_household("old", HERE)], income=low)
    before = client.get("/v1/households/old", headers=key()).json()["score"]["signal"]
    assert before in ("orange", "red")
    append(
        client, key(), households=[make_household("new;1", HERE), make_household("new;2", HERE)], members=[], illness=[]
    )
    body = {"because": "split", "followed_by": ["new;1", "new;2"]}
    assert client.post("/v1/households/old/closure", json=body, headers=key()).status_code == 200
    shown = client.get("/v1/households/old", headers=key()).json()
    assert (shown["followed_by"], shown["followed_elsewhere"]) == (["new;1", "new;2"], 0)
    sign_in_county(client, COUNTY)
    for code in ("new;1", "new;2"):
        score = client.get(f"/v1/households/{code}", headers=key()).json()["score"]
        assert (score["status"], score["signal"], score["rule_signal"]) == ("no_income", "unknown", "unknown")
        assert "原户的记录不会自动转入" in client.get(f"/households/{code}").text
    append(client, key(), income=[{**row, "household_id": "new;1"} for row in low])
    assert client.get("/v1/households/new;1", headers=key()).json()["score"]["signal"] == before
    assert "原户的记录不会自动转入" not in client.get("/households/new;1").text
    assert "原户的记录不会自动转入" not in client.get("/households/h1").text


def test_persons_follow_to_the_household_of_a_merger_or_to_the_part_that_has_them_as_members(client, key):
    keys, homes = IdentityKeys([bytes(32)]), ("h1", "h2", "h3", "h4")
    append(client, key(), households=[make_household(code, HERE) for code in homes])
    with writing(client.app.state.engine) as connection:
        keep_persons(connection, keys, [Person(f"m{n}", "h1" if n < 4 else "h2") for n in range(5)])

    def close(code, *followers):
        body = {"because": "merged" if len(followers) == 1 else "split", "followed_by": followers}
        assert client.post(f"/v1/households/{code}/closure", json=body, headers=key()).status_code == 200

    def read_homes():
        with reading(client.app.state.engine) as connection:
            persons = read_persons(connection, keys, homes)
        return {code: {person.person_id for person in own} for code, own in persons.items()}

    append(client, key(), members=[{"household_id": "h3", "member_id": "m1"}])  # known before the closure
    close("h1", "h3", "h4")
    append(
        client, key(), members=[{"household_id": "h4", "member_id": "m2"}, {"household_id": "h4", "member_id": "m4"}]
    )
    assert read_homes() == {"h1": {"m0", "m3"}, "h2": {"m4"}, "h3": {"m1"}, "h4": {"m2"}}
    close("h2", "h4")
    assert read_homes() == {"h1": {"m0", "m3"}, "h3": {"m1"}, "h4": {"m2", "m4"}}
