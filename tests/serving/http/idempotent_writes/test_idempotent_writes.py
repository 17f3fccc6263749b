"""A write that is sent again with its idempotency key is carried out once, and gets the response of the first time."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from tests.serving.posting import HOME, count_rows, make_household, make_wages, post

TODAY = dt.date(2023, 6, 30)


def test_a_request_sent_twice_counts_once_and_gets_an_identical_response(client, key):
    headers = key()
    first = post(client, headers, key="a-1", households=[make_household()], income=make_wages())
    again = post(client, headers, key="a-1", households=[make_household()], income=make_wages())
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count_rows(client, "record_income") == 24
    assert count_rows(client, "scores") == 1
    other = post(client, headers, key="a-1", households=[make_household()], income=make_wages(amount=9.0))
    assert other.status_code == 409
    assert other.json()["type"] == "urn:riskml:problem:idempotency-conflict"
    elsewhere = post(
        client, key(), key="a-1", events=[{"household_id": "h1", "occurred_on": "2023-06-01", "kind": "job_loss"}]
    )
    assert elsewhere.status_code == 200


def test_a_request_repeated_the_next_day_gets_the_original_response(make_client, key):
    """The rows state the day of the first request as ``recorded_on``; a new request on the next day may not do so."""
    rows = [make_household(recorded_on=TODAY.isoformat())]
    headers, late = key(), make_client(today=TODAY + dt.timedelta(1))
    first = post(make_client(), headers, key="night", households=rows)
    again = post(late, headers, key="night", households=rows)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert post(late, headers, key="morning", households=rows).status_code == 422
    assert post(late, headers, households=rows).status_code == 422


def test_a_request_sent_by_many_clients_at_once_counts_once(make_client, key):
    first, second = make_client(), make_client()
    headers = {**key(), "Idempotency-Key": "same"}
    event = {"household_id": "a", "occurred_on": "2023-06-02", "kind": "report"}
    body = {"tables": {"households": [make_household("a")], "events": [event]}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda i: (first, second)[i % 2].post("/v1/records", json=body, headers=headers), range(16))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert (count_rows(first, "record_events"), count_rows(first, "scores")) == (1, 1)


def test_one_idempotency_key_does_not_serve_two_households(client, key):
    rows = [{"household_id": code, "region_code": HOME, "size": 2} for code in ("a?b", "a?c")]
    assert client.post("/v1/records", json={"tables": {"households": rows}}, headers=key()).status_code == 200
    headers = {**key(), "Idempotency-Key": "k1"}
    body = {"because": "died_out"}
    assert client.post("/v1/households/a%3Fb/closure", json=body, headers=headers).status_code == 200
    assert client.post("/v1/households/a%3Fc/closure", json=body, headers=headers).status_code == 409
