"""Error responses, compared word for word with golden files; limits on requests; and API keys that are rejected."""

from __future__ import annotations

import json
import re
from pathlib import Path

import anyio
import pytest
from starlette.requests import Request

import riskml_serving
from riskml_serving.base.limits import read_body
from riskml_serving.base.problems import PROBLEMS, Problem

GOLDEN = Path(__file__).with_name("golden")
HOME = "370112001001"
HOUSEHOLD = {"household_id": "张三-secret", "region_code": HOME, "size": 3}
INCOME = {"household_id": "张三-secret", "period_start": "2023-01-01", "source": "wage", "amount": 1000}


def build_body(**tables):
    return {"tables": {"households": [HOUSEHOLD], "income": [INCOME], **tables}}


CASES = {
    "wrong_types": build_body(income=[{**INCOME, "amount": "12,5 secret", "period_start": "2023-01-02", "months": 0}]),
    "unknown_field": build_body(income=[{**INCOME, "张三 secret": 1, "currency": "secret"}]),
    "unknown_code": build_body(income=[{**INCOME, "source": "secret"}]),
    "missing_field": build_body(income=[{"household_id": "张三-secret"}]),
    "unknown_table": {"tables": {"households": [HOUSEHOLD], "income": [], "phones": []}},
    "no_household": build_body(households=[], income=[]),
    "row_of_a_stranger": build_body(income=[{**INCOME, "household_id": "李四-secret"}]),
    "disaster_nowhere": build_body(disaster=[{"occurred_on": "2023-01-01", "kind": "flood"}]),
    "attribute_of_attributes": build_body(households=[{**HOUSEHOLD, "roof": {"secret": 1}}]),
    "infinite": '{"tables": {"households": [], "income": [], "lines": [{"amount": 1e999}]}}',
    "not_json": "{secret",
    "not_an_object": "[1]",
}


def read_problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    return {**problem, "request_id": "…"}


@pytest.mark.parametrize("name", CASES)
def test_the_response_to_an_invalid_body_matches_its_golden_file(client, key, name, golden):
    body = CASES[name]
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.post("/v1/scores", content=text, headers=key())
    golden(GOLDEN / f"problem_{name}.json", json.dumps(read_problem(answer), ensure_ascii=False, indent=2) + "\n")


def test_every_kind_of_problem_is_described_in_both_languages():
    for name, kind in PROBLEMS.items():
        body = Problem(name).to_json("r")
        assert body["type"] == f"urn:riskml:problem:{name}"
        assert 400 <= kind.status < 600
        assert any("\u4e00" <= letter <= "\u9fff" for letter in body["detail"])
        assert body["detail_en"].isascii()
        for zh, en in kind.details.values():
            assert any("\u4e00" <= letter <= "\u9fff" for letter in zh) or zh == "{zh}"
            assert en.isascii()


def test_every_detail_is_declared_and_used():
    calls = re.compile(r'\bProblem\(\s*"([a-z-]+)", "([a-z-]+)"')
    sources = [path.read_text("utf-8") for path in Path(riskml_serving.__file__).parent.rglob("*.py")]
    used = {match for source in sources for match in calls.findall(source)}
    assert used == {(name, detail) for name, kind in PROBLEMS.items() for detail in kind.details}


def test_a_body_that_is_too_large_is_rejected(make_client, key):
    client = make_client(max_body_bytes=1000)
    headers = key()
    answer = client.post("/v1/scores", content=b" " * 1001, headers=headers)
    assert (answer.status_code, read_problem(answer)["type"]) == (413, "urn:riskml:problem:body-too-large")
    assert client.post("/v1/scores", content=b" " * 1000, headers=headers).status_code == 400


def test_a_body_of_unknown_length_is_read_only_until_it_exceeds_the_limit():
    read = 0

    async def receive():
        nonlocal read
        read += 100
        return {"type": "http.request", "body": b" " * 100, "more_body": True}

    with pytest.raises(Problem, match="body-too-large"):
        anyio.run(read_body, Request({"type": "http", "headers": []}, receive), 1000)
    assert read == 1100


def test_households_and_rows_are_limited_and_the_message_names_the_setting(make_client, key):
    client = make_client(max_households=2, max_rows_per_household=3)
    headers = key()
    many = [{**HOUSEHOLD, "household_id": f"h{i}"} for i in range(3)]
    answer = client.post("/v1/scores", json=build_body(households=many, income=[]), headers=headers)
    assert (answer.status_code, "max_households" in read_problem(answer)["detail_en"]) == (413, True)
    rows = [{**INCOME, "period_start": f"2023-0{m}-01"} for m in range(1, 5)]
    for path in ("/v1/scores", "/v1/records"):
        answer = client.post(path, json={"tables": {"households": [HOUSEHOLD], "income": rows}}, headers=headers)
        assert (answer.status_code, "max_rows_per_household" in read_problem(answer)["detail_en"]) == (413, True)
    assert client.post("/v1/scores", json=build_body(income=rows[:2]), headers=headers).status_code == 200


def test_requests_per_key_are_rate_limited(make_client, key):
    client = make_client(rate_per_minute=3)
    first, second = key(), key()
    assert [client.get("/v1/model", headers=first).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get("/v1/model", headers=first)
    assert read_problem(answer)["type"] == "urn:riskml:problem:too-many-requests"
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    assert client.get("/v1/model", headers=second).status_code == 200


def test_a_revoked_key_stops_working(make_client, key):
    from riskml_serving.base.database import writing
    from riskml_serving.people.auth.service import revoke_key

    client = make_client(key_cache_seconds=0)
    headers = key()
    assert client.get("/v1/model", headers=headers).status_code == 200
    token = headers["Authorization"].removeprefix("Bearer ")
    with writing(client.app.state.engine) as connection:
        revoke_key(connection, token)
    assert client.get("/v1/model", headers=headers).status_code == 401
    wrong = {"Authorization": f"Bearer {token[:-1]}{'a' if token[-1] != 'a' else 'b'}"}
    assert client.get("/v1/model", headers=wrong).status_code == 401


def test_a_key_with_the_wrong_prefix_is_rejected(client, key):
    token = key()["Authorization"].removeprefix("Bearer rk_")
    assert client.get("/v1/model", headers={"Authorization": f"Bearer rk_{token}"}).status_code == 200
    assert client.get("/v1/model", headers={"Authorization": f"Bearer xk_{token}"}).status_code == 401


def test_only_the_hash_of_a_key_is_stored(client, key):
    from sqlalchemy import text

    secret = key()["Authorization"].split("_", 2)[2]
    with client.app.state.engine.connect() as connection:
        assert all(secret not in str(row) for row in connection.execute(text("SELECT * FROM api_keys")))


@pytest.mark.parametrize("day", ["0003-01-01", "1899-12-31", "2101-01-01", "9999-12-31"])
def test_dates_before_1900_and_after_2100_are_rejected(client, key, day):
    headers = key()
    for answer in (
        client.get("/v1/households/nobody/explanation", params={"as_of": day}, headers=headers),
        client.post("/v1/batches", json={"as_of": day}, headers=headers),
        client.post("/v1/scores", json={"as_of": day, "tables": {"households": [], "income": []}}, headers=headers),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"].endswith("as_of")
