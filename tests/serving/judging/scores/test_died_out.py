"""A household whose last member has left is on no list, and its page says why."""

from __future__ import annotations

import datetime as dt

import pytest

from riskml_serving.judging.jobs.worker import Worker

VILLAGE = "370112001001"
COUNTY = VILLAGE[:6]


def describe_household(code, left_on=None):
    wages = [
        {"household_id": code, "period_start": f"2022-{month:02d}-01", "source": "wage", "amount": 100}
        for month in range(1, 13)
    ]
    member = {"household_id": code, "member_id": "1", "birth_year": 1950, "left_on": left_on}
    return {
        "households": [{"household_id": code, "region_code": VILLAGE, "size": 1}],
        "members": [member],
        "income": [*wages, {**wages[0], "period_start": "2023-01-01", "months": 5}],
    }


@pytest.fixture
def client(make_client):
    """Start a service that runs no jobs itself, because the tests run them."""
    return make_client(job_worker=False)


@pytest.fixture
def send(client, key):
    def post(status=200, **tables):
        answer = client.post("/v1/records", json={"tables": tables}, headers=key())
        assert answer.status_code == status, answer.text
        return answer.json()

    return post


def list_codes(client, headers):
    return [row["household_id"] for row in client.get("/v1/households", headers=headers).json()["households"]]


def leave(send, code, on="2023-06-20"):
    return send(members=[{"household_id": code, "member_id": "1", "birth_year": 1950, "left_on": on}])


def test_a_household_leaves_the_lists_with_its_last_member_and_returns_with_a_correction(client, key, send):
    for code in ("h1", "h2"):
        send(**describe_household(code))
    headers = key("", "read")
    since = client.get("/v1/changes", headers=headers).json()["next"]
    assert leave(send, "h1")["rescored"] == 0
    assert list_codes(client, headers) == ["h2"]
    (change,) = client.get("/v1/changes", params={"since": since}, headers=headers).json()["changes"]
    assert (change["household_id"], change["change"]) == ("h1", "closed")
    shown = client.get("/v1/households/h1", headers=headers).json()
    assert (shown["score"], shown["closed_on"], shown["deserted_on"]) == (None, None, "2023-06-20")
    assert client.get("/v1/households/h2", headers=headers).json()["deserted_on"] is None
    leave(send, "h1", on=None)
    assert list_codes(client, headers) == ["h1", "h2"]


def test_the_page_of_a_household_without_members_says_so_and_the_work_list_leaves_it_out(client, send, sign_in_county):
    for code in ("h1", "h2"):
        send(**describe_household(code))
    leave(send, "h1")
    sign_in_county(client, COUNTY)
    listed = client.get("/worklist").text
    assert "/households/h2" in listed
    assert "/households/h1" not in listed
    assert '最后一人于 <span class="day">2023-06-20</span> 离开' in client.get("/households/h1").text
    assert client.get("/households/h1/export.xlsx").status_code == 200
    client.get("/language/en")
    assert 'has left, the last one on <span class="day">2023-06-20</span>' in client.get("/households/h1").text


def work_off(client):
    state = client.app.state
    Worker(state.engine, state.settings, lambda: state.holder.current).work_off()


def test_a_rescoring_job_takes_a_household_without_members_off_the_list(make_client, client, key, send):
    send(**describe_household("h1"))
    late = make_client(rescore_at_once=0, job_worker=False)
    rows = [{"household_id": "h1", "member_id": "1", "birth_year": 1950, "left_on": "2023-06-20"}]
    assert late.post("/v1/records", json={"tables": {"members": rows}}, headers=key()).status_code == 202
    assert list_codes(late, key("", "read")) == ["h1"]
    work_off(late)
    assert list_codes(late, key("", "read")) == []


def test_a_county_job_takes_off_the_list_a_household_whose_last_member_left_later(make_client, client, key, send):
    """The day on which the member leaves is recorded in advance, and nothing is sent on the day itself."""
    send(**describe_household("h1", left_on="2023-07-10"))
    assert list_codes(client, key("", "read")) == ["h1"]
    later = make_client(today=dt.date(2023, 7, 31), job_worker=False)
    assert later.post("/v1/batches", json={"as_of": "2023-07-31"}, headers=key()).status_code == 202
    work_off(later)
    assert list_codes(later, key("", "read")) == []
