"""Whenever somebody views a household, an audit entry is written, at any address and even if a stored response is
replayed."""

from __future__ import annotations

import io
import time

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from riskml_serving.api.routers import ANSWERS
from riskml_serving.base.database import reading, writing
from riskml_serving.http.idempotent_writes.service import collect_households
from riskml_serving.people.audit.pseudonyms import SHORT, read_pseudonym
from riskml_serving.people.auth.service import create_key

HERE, THERE = "370112001001", "370112002001"
HOUSEHOLDS = {"h1": HERE, "h2": HERE, "h3": HERE, "t1": THERE}
FLOOD = {"occurred_on": "2023-06-20", "kind": "flood"}


def build_tables(*codes):
    return {
        "households": [{"household_id": code, "region_code": HOUSEHOLDS[code], "size": 2} for code in codes],
        "income": [
            {"household_id": code, "period_start": "2022-01-01", "months": 12, "source": "wage", "amount": 30000}
            for code in codes
        ],
    }


@pytest.fixture
def filled_client(client, key):
    answer = client.post("/v1/records", json={"tables": build_tables(*HOUSEHOLDS)}, headers=key())
    assert answer.status_code == 200, answer.text
    closed = client.post("/v1/households/h2/closure", json={"because": "split", "followed_by": ["h3"]}, headers=key())
    assert closed.status_code == 200, closed.text
    return client


@pytest.fixture
def job(filled_client, key):
    headers = key()
    number = filled_client.post("/v1/batches", json={}, headers=headers).json()["job"]
    for _ in range(1200):
        if filled_client.get(f"/v1/jobs/{number}", headers=headers).json()["state"] == "done":
            return number
        time.sleep(0.05)
    raise AssertionError("the job has not ended")


def read_entries(client):
    """Return the request, action and households of every entry."""
    with reading(client.app.state.engine) as connection:
        codes = {read_pseudonym(connection, code)[:SHORT]: code for code in HOUSEHOLDS}
        about = "coalesce(households, substr(household_id, 1, 32), '')"
        rows = connection.execute(text(f"SELECT request_id, action, {about} FROM audit ORDER BY seq")).all()
    return [(number, what, {codes[who] for who in about.split()}) for number, what, about in rows]


def find_entries_about(client, number):
    return {code for request, _, codes in read_entries(client) if request == number for code in codes}


BODIES = {
    "/v1/scores": {"tables": build_tables("h1", "h3")},
    "/v1/records": {"tables": {"disaster": [{"region_code": HERE, **FLOOD}]}},
    "/v1/clues": {"household_id": "h1", "what": "accident", "channel": "hotline"},
    "/v1/batches": {},
    "/v1/households/{household_id}/closure": {"because": "merged", "followed_by": ["h3"]},
    "/v1/households/{household_id}/help": {"measure": "低保", "given_by": "县民政局", "started_on": "2023-01-01"},
    "/v1/households/{household_id}/verifications": {"outcome": "confirmed", "category": "borderline"},
}
NAMES_NOBODY = {
    ("post", "/v1/batches"),
    ("get", "/v1/jobs/{job_id}"),
    ("delete", "/v1/jobs/{job_id}"),
    ("get", "/v1/regions/{code}/summary"),
    ("get", "/v1/model"),
    ("get", "/healthz"),
}


def test_every_view_of_households_leaves_an_entry_about_each_of_them(filled_client, job, key):
    headers = key()
    finding = BODIES["/v1/households/{household_id}/verifications"]
    filled_client.post("/v1/households/h1/verifications", json=finding, headers=headers)
    filled_client.post("/v1/clues", json=BODIES["/v1/clues"], headers=headers)
    filled_client.post("/v1/households/h1/help", json=BODIES["/v1/households/{household_id}/help"], headers=headers)
    calls = sorted(ANSWERS, key=lambda call: ("closure" in call[1], call))  # a closed household takes no help
    for method, path in calls:
        where = path.format(household_id="h1", code="370112", job_id=job)
        answer = filled_client.request(method, where, json=BODIES.get(path), headers=headers)
        assert answer.status_code < 300 or method == "delete", answer.text
        if path.endswith("/results"):
            shown = set(pq.read_table(io.BytesIO(answer.content))["household_id"].to_pylist())
        else:
            shown = collect_households(answer.json())
        assert bool(shown) == ((method, path) not in NAMES_NOBODY), f"{path}: NAMES_NOBODY is wrong about it"
        assert shown <= find_entries_about(filled_client, answer.headers["x-request-id"]), path


def test_reading_a_closed_household_also_leaves_an_entry_about_its_successor(filled_client, key):
    answer = filled_client.get("/v1/households/h2", headers=key())
    assert (
        collect_households(answer.json())
        == {"h2", "h3"}
        == find_entries_about(filled_client, answer.json()["request_id"])
    )


def test_a_flood_leaves_an_entry_about_every_household_whose_score_is_shown(filled_client, key):
    answer = filled_client.post("/v1/records", json=BODIES["/v1/records"], headers=key()).json()
    assert (
        {row["household_id"] for row in answer["scores"]}
        == {"h1", "h3"}
        == find_entries_about(filled_client, answer["request_id"])
    )


def test_a_replayed_response_is_recorded_again(filled_client, key):
    headers = {**key(), "Idempotency-Key": "flood"}
    first = filled_client.post("/v1/records", json=BODIES["/v1/records"], headers=headers)
    before = len(read_entries(filled_client))
    again = filled_client.post("/v1/records", json=BODIES["/v1/records"], headers=headers)
    assert again.content == first.content
    assert read_entries(filled_client)[before:] == [(again.headers["x-request-id"], "answer.repeated", {"h1", "h3"})]


def test_a_response_is_not_replayed_to_a_caller_whose_rights_have_changed(filled_client):
    engine = filled_client.app.state.engine
    with writing(engine) as connection:
        token = create_key(connection, "test", "370112", ("read", "write", "health-details"))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "flood"}
    assert filled_client.post("/v1/records", json=BODIES["/v1/records"], headers=headers).status_code == 200
    with writing(engine) as connection:
        connection.execute(text("UPDATE api_keys SET rights = 'read write' WHERE name = 'test' AND region = '370112'"))
    filled_client.app.state.authenticator.trust = 0
    again = filled_client.post("/v1/records", json=BODIES["/v1/records"], headers=headers)
    assert again.json()["type"] == "urn:riskml:problem:idempotency-conflict"
