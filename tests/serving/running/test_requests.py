"""Any failed request gets a problem response that carries the request's number."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError

SCORES = {
    "tables": {
        "households": [{"household_id": "张三-secret", "region_code": "370112001001", "size": 3}],
        "income": [{"household_id": "张三-secret", "period_start": "2023-01-01", "source": "wage", "amount": 1000}],
    }
}


def read_problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    return {**problem, "request_id": "…"}


def test_requests_rejected_by_the_framework_get_the_same_kind_of_response(client, key):
    assert read_problem(client.get("/nowhere"))["type"] == "urn:riskml:problem:not-found"
    assert read_problem(client.delete("/v1/model"))["type"] == "urn:riskml:problem:method-not-allowed"
    assert client.get("/v1/households?limit=0", headers=key()).json()["type"] == "urn:riskml:problem:invalid-request"
    assert client.get("/v1/households?after=x", headers=key()).json()["type"] == "urn:riskml:problem:invalid-request"
    assert client.get("/v1/households?tier=secret", headers=key()).json()["errors"][0]["path"] == "tier"


def test_an_internal_error_shows_no_traceback_and_a_lost_database_says_to_retry(client, key, monkeypatch, caplog):
    headers = key()
    client.get("/v1/model", headers=headers)

    def fail(*_):
        raise ValueError("secret")

    monkeypatch.setattr("riskml_serving.judging.batch_judge.judge_tables", fail)
    answer = client.post("/v1/scores", json=SCORES, headers=headers)
    assert (answer.status_code, read_problem(answer)["type"]) == (500, "urn:riskml:problem:internal-error")
    assert "secret" not in caplog.text

    def lose_database(*_, **__):
        raise OperationalError("SELECT secret", {}, Exception("secret"))

    monkeypatch.setattr("riskml_serving.api.households.endpoints.read_ranked", lose_database)
    answer = client.get("/v1/households", headers=headers)
    assert (answer.status_code, read_problem(answer)["type"]) == (503, "urn:riskml:problem:database-unavailable")
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("path", ["/v1/households/h%001", "/v1/households?cause=%00", "/v1/households?after=%1f%7F"])
def test_control_characters_in_an_address_are_removed(client, key, path):
    """PostgreSQL takes no NUL, and SQLite would compare texts only up to it."""
    answer, plain = (client.get(one, headers=key()) for one in (path, re.sub("%[0-9a-fA-F]{2}", "", path)))
    assert (answer.status_code, answer.json().get("type")) == (plain.status_code, plain.json().get("type"))
    assert answer.status_code < 500
