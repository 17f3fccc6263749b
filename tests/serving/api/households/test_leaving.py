"""If a household moves, splits, merges or is closed, those who could read its score learn exactly once that it left."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml_serving.base.database import writing
from riskml_serving.store.households.repository import add_households

HERE, THERE = "370112001001", "370112002001"
TOWN, OTHER, COUNTY = HERE[:9], THERE[:9], HERE[:6]


def household(code, region):
    return {"household_id": code, "region_code": region, "size": 2}


def wages(code):
    return [
        {"household_id": code, "period_start": f"2022-{month:02d}-01", "source": "wage", "amount": 1800}
        for month in range(1, 13)
    ]


def append(client, headers, status=200, **tables):
    answer = client.post("/v1/records", json={"tables": tables}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def changes(client, headers, since=0, **query):
    return client.get("/v1/changes", params={"since": since, **query}, headers=headers).json()


def list_changes(page):
    return [(row["change"], row["household_id"], row["region_code"]) for row in page["changes"]]


def listed(client, headers):
    return [row["household_id"] for row in client.get("/v1/households", headers=headers).json()["households"]]


@pytest.fixture
def two(client, key):
    """Store two households in one town; return a function that reads the changes since then as one of three readers."""
    for code in ("h1", "h2"):
        append(client, key(), households=[household(code, HERE)], income=wages(code))
    readers = {region: key(region, "read") for region in (TOWN, OTHER, COUNTY)}
    since = changes(client, readers[COUNTY])["next"]

    def read(reader, **query):
        return changes(client, readers[reader], since, **query)

    read.client, read.headers = client, readers
    return read


def test_a_household_that_moves_leaves_one_town_and_comes_into_the_other(two, key):
    append(two.client, key(), households=[household("h1", THERE)])
    assert list_changes(two(TOWN)) == [("left", "h1", HERE)]
    assert list_changes(two(OTHER))[0] == ("moved", "h1", THERE)
    assert list_changes(two(COUNTY))[0] == ("moved", "h1", THERE)
    assert list_changes(two(COUNTY, region=TOWN)) == [("left", "h1", HERE)]
    assert THERE not in str(two(TOWN)), "readers in its old town must not learn where it went"
    assert listed(two.client, two.headers[TOWN]) == ["h2"]
    assert listed(two.client, two.headers[OTHER]) == ["h1"]
    counted = two.client.get(f"/v1/regions/{COUNTY}/summary", headers=two.headers[COUNTY]).json()
    assert [(part["region"], part["households"]) for part in counted["parts"]] == [(TOWN, 1), (OTHER, 1)]


def test_changes_after_a_move_are_hidden_from_the_old_region(two, key):
    append(two.client, key(), households=[household("h1", THERE)])
    after = two(TOWN)["next"]
    bill = {"household_id": "h1", "occurred_on": "2023-06-20", "kind": "inpatient", "cost": 90000, "self_paid": 60000}
    append(two.client, key(), illness=[bill])
    two.client.post("/v1/households/h1/closure", json={"because": "died_out"}, headers=key())
    assert changes(two.client, two.headers[TOWN], after)["changes"] == []
    assert list_changes(two(OTHER))[-1] == ("closed", "h1", THERE)


def test_one_that_comes_back_has_not_left(two, key):
    append(two.client, key(), households=[household("h1", THERE)])
    append(two.client, key(), households=[household("h1", HERE)])
    assert {change for change, *_ in list_changes(two(TOWN))} <= {"moved", "scored"}
    assert list_changes(two(OTHER)) == [("left", "h1", THERE)]
    assert listed(two.client, two.headers[TOWN]) == ["h1", "h2"]


def test_a_move_is_whole_before_a_job_has_scored_again(make_client, two, key):
    late = make_client(rescore_at_once=0, job_worker=False)
    append(late, key(), 202, households=[household("h1", THERE)])
    assert listed(late, two.headers[TOWN]) == ["h2"], "the town's key no longer sees it"
    assert listed(late, two.headers[OTHER]) == ["h1"]
    assert list_changes(two(TOWN)) == [("left", "h1", HERE)]
    assert list_changes(two(OTHER)) == [("moved", "h1", THERE)]
    (row,) = two(OTHER)["changes"]
    assert late.get("/v1/households/h1", headers=two.headers[OTHER]).json()["score"]["tier"] == row["tier"]


def test_two_merge_into_one(two, key):
    append(two.client, key(), households=[household("h3", HERE)], income=wages("h3"))
    body = {"because": "merged", "followed_by": ["h3"]}
    for code in ("h1", "h2"):
        assert two.client.post(f"/v1/households/{code}/closure", json=body, headers=key()).status_code == 200
    assert list_changes(two(TOWN)) == [("scored", "h3", HERE), ("closed", "h1", HERE), ("closed", "h2", HERE)]
    assert listed(two.client, two.headers[TOWN]) == ["h3"]
    history = two.client.get("/v1/households/h1", headers=two.headers[TOWN]).json()["history"]
    assert [row["change"] for row in history] == ["closed", "scored"]
    same = {"cursor": "", "change": ""}
    assert {**history[0], **same} == {**history[1], **same}, "the closure repeats the last score"


def test_a_closed_household_cannot_succeed_another_and_a_refused_closure_is_no_change(two, key):
    two.client.post("/v1/households/h1/closure", json={"because": "died_out"}, headers=key())
    body = {"because": "merged", "followed_by": ["h1"]}
    refused = two.client.post("/v1/households/h2/closure", json=body, headers=key())
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:riskml:problem:household-closed")
    assert refused.json()["errors"][0]["path"] == "followed_by[0]"
    assert list_changes(two(TOWN)) == [("closed", "h1", HERE)]


def test_a_household_that_was_never_scored_is_closed_without_a_word(two, key):
    row = {"household_id": "h4", "region_code": HERE, "known_tables": "", "opened_on": dt.date(2023, 6, 30)}
    with writing(two.client.app.state.engine) as connection:
        add_households(connection, [row])
    body = {"because": "moved_away"}
    assert two.client.post("/v1/households/h4/closure", json=body, headers=key()).status_code == 200
    assert list_changes(two(TOWN)) == []


def test_the_time_of_the_last_scoring_is_none_of_a_move_or_closure(two, key):
    def last():
        text = two.client.get("/metrics", headers=key("", "admin")).text
        return next(line for line in text.splitlines() if line.startswith("riskml_data_scored_timestamp_seconds"))

    before = last()
    two.client.post("/v1/households/h1/closure", json={"because": "died_out"}, headers=key())
    assert last() == before


def test_a_closure_is_not_dated_after_today(two, key):
    ask = {"because": "died_out", "closed_on": "2023-07-01"}
    answer = two.client.post("/v1/households/h1/closure", json=ask, headers=key())
    assert answer.status_code == 422
    assert [(error["path"], error["code"]) for error in answer.json()["errors"]] == [("closed_on", "in_future")]
    answer = two.client.post("/v1/households/h1/closure", json={**ask, "closed_on": "2023-05-31"}, headers=key())
    assert (answer.status_code, answer.json()["closed_on"]) == (200, "2023-05-31")
