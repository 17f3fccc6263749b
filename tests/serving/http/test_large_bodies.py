"""A large body, right or wrong, does not hold up other requests: it is validated in slices, in a thread."""

from __future__ import annotations

import json
import random
import threading

import pytest
from pydantic_core import from_json
from tests.serving.api.test_fuzz import corrupt_value

from riskml_serving.api.openapi import BODIES
from riskml_serving.base.problems import MOST_ERRORS, Problem
from riskml_serving.http import bodies

HOME = {"household_id": "h", "region_code": "370112001001", "size": 3}
WAGE = {"household_id": "h", "source": "wage", "amount": 1000}


def list_wages(number, **cells):
    return [{**WAGE, "period_start": f"{1950 + i // 12 % 70}-{1 + i % 12:02}-01", **cells} for i in range(number)]


WRONG = {
    "an unknown field in each row": list_wages(4_000, x=1),
    "a wrong value in each row": list_wages(4_000, amount="much"),
    "a code with blanks in each row, and one wrong row": [*list_wages(3_000, record_id=" a "), {}],
    "a fault in the last row": [*list_wages(4_000), {**WAGE, "period_start": "soon"}],
    "rows without fields": [{}] * 70_000,
    "a row of countless fields": [{f"k{i}": 1 for i in range(30_000)}],
    "not even rows": [0] * 100_000,
}


@pytest.mark.parametrize("path", ["/v1/scores", "/v1/records"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_large_wrong_body_costs_other_requests_little(client, key, monkeypatch, path, wrong):
    validated, fields, names, parse, read, read_json = [], [], [], bodies.parse, [], bodies._read_json

    def read_once(body):
        read.append(len(body))
        return read_json(body)

    def watch(body, adapter):
        validated.append(len(body))
        rows = from_json(body)
        fields.append(sum(len(row) if isinstance(row, dict) else 1 for row in rows) if isinstance(rows, list) else 0)
        names.append(threading.current_thread().name)
        return parse(body, adapter)

    monkeypatch.setattr(bodies, "parse", watch)
    monkeypatch.setattr(bodies, "_read_json", read_once)
    body = json.dumps({"tables": {"households": [HOME], "income": WRONG[wrong]}})
    assert len(body) > 2 * bodies.LARGE
    answer = client.post(path, content=body, headers=key())
    assert answer.status_code == 422, answer.text
    assert 1 <= answer.json()["error_count"] <= MOST_ERRORS
    assert max(validated, default=0) < 100_000
    assert max(fields, default=0) <= bodies.SLICE + bodies.MOST_FIELDS
    assert len(read) <= 1
    assert all(name.startswith("AnyIO worker") for name in names)


def test_other_threads_run_while_a_large_body_is_read():
    body = json.dumps({"tables": {"households": [HOME], "income": list_wages(100_000)}}).encode()
    turns, ended = [], threading.Event()

    def take_turns():
        while not ended.wait(0.0001):
            turns.append(None)

    other = threading.Thread(target=take_turns)
    other.start()
    before = len(turns)
    bodies._read_json(body)
    taken = len(turns) - before
    ended.set()
    other.join()
    assert taken > 5  # none, or one, beside a parser that never pauses


@pytest.mark.parametrize(("wrong", "status"), [('"\\ud800"', 400), ("[" * 5_000, 400), ("NaN", 422), ("1e999", 422)])
def test_a_large_body_is_refused_like_a_small_one(client, key, wrong, status):
    for rows in (1, 4_000):
        income = [*list_wages(rows), {**WAGE, "period_start": "2020-01-01", "amount": "?"}]
        body = json.dumps({"tables": {"households": [HOME], "income": income}})
        answer = client.post("/v1/records", content=body.replace('"?"', wrong), headers=key())
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("name", ["RecordsRequest", "ScoreRequest"])
def test_slices_find_the_faults_that_the_whole_body_has(name, monkeypatch):
    adapter, rng, counts = BODIES[name].adapter, random.Random(19), {}
    for size in (1, 5, 2000):
        monkeypatch.setattr(bodies, "SLICE", size)
        for _ in range(200):
            body = json.dumps(corrupt_value(rng, BODIES[name].example)).encode()
            try:
                whole, faults = bodies.parse(body, adapter), set()
            except Problem as problem:
                if problem.kind == "invalid-json" or len(problem.errors) > MOST_ERRORS:
                    continue
                whole, faults = None, {(error.path, error.code) for error in problem.errors}
            try:
                sliced, listed = bodies._parse_in_slices(from_json(body), adapter), set()
            except Problem as problem:
                sliced, listed = None, {(error.path, error.code) for error in problem.errors}
            assert (sliced, listed) == (whole, faults), body
            counts[bool(faults)] = counts.get(bool(faults), 0) + 1
    assert min(counts[True], counts[False]) > 20


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/households/h/verifications", "/v1/households/h/closure"])
def test_other_bodies_are_small(client, key, path):
    body = json.dumps({f"k{i}": 1 for i in range(10_000)})
    assert client.post(path, content=body, headers=key()).status_code == 413
