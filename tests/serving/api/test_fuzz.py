"""Fuzzing from the OpenAPI description: no input causes a 5xx response, and every response has the documented form.

`make test` makes a short run; `make fuzz REQUESTS=...` sets ``RISKML_FUZZ`` and writes a report.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import random
from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS as KNOWN
from schemathesis.checks import load_all_checks
from tests.campaigns.slices import note, read_seed

from riskml_serving.api.openapi import BODIES
from riskml_serving.base.settings import Settings
from riskml_serving.running.app import create_app

LONG = int(os.environ.get("RISKML_FUZZ", "0"))
"""Number of malformed bodies to send in a long run; 0 means a short run."""

CORRUPTED = 4
"""In a long run, how often each generated request is also sent with corrupted parts."""

ROOT = Path(__file__).parents[3]
DESCRIPTION, BUNDLE = ROOT / "serving" / "openapi.json", ROOT / "models" / "simulated-county-1"
CODES = ("demo-1", "demo-2")
PATHS = {
    "RecordsRequest": "/v1/records",
    "ScoreRequest": "/v1/scores",
    "VerificationRequest": "/v1/households/demo-1/verifications",
    "ClosureRequest": "/v1/households/{open}/closure",
    "BatchRequest": "/v1/batches",
}
load_all_checks()
CHECKS = KNOWN.get_by_names(
    ["not_a_server_error", "response_schema_conformance", "status_code_conformance", "content_type_conformance"]
)
QUICK = {
    "database": None,
    "deadline": timedelta(seconds=20),
    "phases": (Phase.generate,),
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture
def service(database_url, key, tmp_path, request):
    """Start a service that holds two households and has no rate limit; return it with headers that carry all rights.

    Its current day is the one that the examples in the documentation use. The requests count for the report.
    """
    folders = {"model_store": tmp_path / "models", "export_folder": tmp_path / "exports"}
    day = {"today": dt.date(2024, 12, 31), "simulated": True}
    limits = {"rate_per_minute": 0, "job_poll_seconds": 0.1}
    own = Settings(database_url=database_url, bundle=BUNDLE, **folders, **day, **limits)
    headers = key("", "score", "read", "write", "health-details", "admin")
    with TestClient(create_app(own), raise_server_exceptions=False) as client:
        statuses, send = Counter(), client.request

        def count(*words, **more):
            response = send(*words, **more)
            statuses[response.status_code] += 1
            return response

        for code in CODES:
            register(client, headers, code)
        client.request = count
        yield client, headers
    done = {"kind": request.node.originalname, "statuses": dict(sorted(statuses.items()))}
    note(database=database_url.partition(":")[0], count=statuses.total(), **done)
    assert not [status for status in statuses if status >= 500]


def register(client, headers, code):
    tables = copy.deepcopy(BODIES["RecordsRequest"].example["tables"])
    for rows in tables.values():
        for row in rows:
            row["household_id"] = code
    answer = client.post("/v1/records", json={"tables": tables}, headers=headers)
    assert answer.status_code == 200, answer.text
    return code


@cache
def generate_cases(mode):
    """Generate requests to every operation, and pick the household that each is about; None: as generated."""
    cases = []
    for result in schemathesis.openapi.from_path(DESCRIPTION).get_all_operations():
        operation = result.ok()

        @seed(read_seed(20240101))
        @settings(max_examples=LONG // 50 or 12, **QUICK)
        @given(operation.as_strategy(generation_mode=mode), st.sampled_from([*CODES, None]))
        def keep(case, code):
            cases.append((case, code))

        try:
            keep()
        except Unsatisfiable:  # nothing in this operation's requests can be wrong
            assert mode is GenerationMode.NEGATIVE
            assert not operation.body
            assert not operation.path_parameters
    random.Random(read_seed(20240101)).shuffle(cases)
    return cases


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_neither_valid_nor_invalid_requests_break_the_service(service, key, mode):
    """A long run also sends each request with other keys, which may not do or see everything, and corrupted."""
    client, headers = service
    rng, homes = random.Random(read_seed(20240101)), {code: code for code in CODES}
    others = [{}, key("99", "score", "read", "write"), key("", "read")] if LONG else []
    for number, (case, code) in enumerate(generate_cases(mode)):
        if code is not None and "household_id" in (case.path_parameters or {}):
            case.path_parameters["household_id"] = homes[code]
        made = make_request(case)
        requests = [(made, headers), *((made, other) for other in others)]
        requests += [(corrupt_request(rng, case, made), headers) for _ in range(CORRUPTED if LONG else 0)]
        for request, caller in requests:
            response = send(client, caller, request)
            if response is not None:
                case.validate_response(response, checks=CHECKS)
                if response.status_code == 200 and request["url"].endswith("/closure") and code is not None:
                    homes[code] = register(client, headers, f"fresh-{number}")


def make_request(case):
    """Make the words of a request from a generated case."""
    made = case.as_transport_kwargs(base_url="http://testserver")
    if isinstance(made.get("data"), str | bytes):
        made["content"] = made.pop("data")
    return {name: made[name] for name in SENT if made.get(name) is not None}


def corrupt_request(rng, case, made):
    """Corrupt the body of a generated request, or else its query and the last part of its path that varies."""
    if isinstance(case.body, dict | list) and rng.random() < 0.9:
        rest = {name: value for name, value in made.items() if name not in ("json", "data", "content")}
        return {**rest, "content": corrupt_body(rng, case.body)}
    names = [one.name for one in case.operation.query]
    query = {name: str(pick_junk(rng)) for name in rng.sample(names, rng.randint(0, len(names)))}
    path = {name: pick_junk(rng) for name in case.path_parameters or {}}
    path = {name: quote(value, safe="", errors="replace") for name, value in path.items() if is_part(value)}
    url = "http://testserver" + case.path.format(**{**(case.path_parameters or {}), **path})
    return {**made, "url": url, "params": {**made.get("params", {}), **query}}


def is_part(value):
    """Return whether a value is one part of a path, so that the address still belongs to the operation."""
    return isinstance(value, str) and bool(value.strip(".")) and "/" not in value


SENT = ("method", "url", "headers", "params", "content", "data", "json")


def send(client, headers, request):
    """Send a request; return None if the client itself cannot send it."""
    try:
        return client.request(**{**request, "headers": {**request.get("headers", {}), **headers}})
    except ValueError:
        return None


def test_sequences_of_linked_requests_do_not_break_the_service(service):
    client, headers = service
    schema = schemathesis.openapi.from_path(DESCRIPTION)
    followed = Counter()

    class Sequences(schema.as_state_machine()):
        def step(self, input):  # the name in the base class
            if input.transition is not None and input.is_applied:
                followed[input.transition.id.rpartition(" -> ")[0] or input.transition.id] += 1
            return super().step(input)

        def call(self, case, **_):
            response = send(client, headers, make_request(case))
            assume(response is not None)
            return schemathesis.Response.from_any(response)

        def validate_response(self, response, case, **_):
            case.validate_response(response, checks=CHECKS)

    chosen = settings(**{**QUICK, "deadline": None}, max_examples=LONG // 20 or 6, stateful_step_count=10)
    run_state_machine_as_test(seed(read_seed(20240101))(Sequences), settings=chosen)
    assert len(followed) >= 3


NUMBERS = (0, -1, 1.5, 1e308, -1e308, 2**31, 2**63, -(2**63) - 1, 10**400, float("nan"), float("inf"), float("-inf"))
TEXTS = ("", " ", "\0", "a\0b", "\ud800", "x" * 5000, "' OR 1=1 --", "汉字" * 100, "\u202e", "NaN", *CODES)
DATES = ("9999-12-31", "0001-01-01", "2024-02-30", "10000-01-01", "2024-12-31T00:00:00Z", "1e10")
SHAPES = (None, True, False, [], {}, [[]], [None], {"a": 1}, [[[[[[[[[[]]]]]]]]]], {"__proto__": {}})
JUNK = (*NUMBERS, *TEXTS, *DATES, *SHAPES)
"""Values that are put where they do not belong."""


def pick_junk(rng):
    """Return a junk value; it is copied so that no value can contain itself after parts are repeated."""
    return copy.deepcopy(rng.choice(JUNK))


def list_paths(value, path=()):
    """List the paths of everything inside a JSON value, including the value itself."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from list_paths(inner, (*path, name))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from list_paths(inner, (*path, i))


def corrupt_value(rng, value):
    """Corrupt a JSON value by replacing, removing, repeating, renaming or adding a few parts."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        path = rng.choice(list(list_paths(value)))
        if not path:
            if rng.random() < 0.1:
                value = pick_junk(rng)
            continue
        inside = value
        for step in path[:-1]:
            inside = inside[step]
        step, what = path[-1], rng.randrange(5)
        if what == 0:
            del inside[step]
        elif what == 1 and isinstance(inside, list):
            inside.extend(copy.deepcopy(inside[step]) for _ in range(rng.randint(1, 3)))
        elif what == 2 and isinstance(inside, dict):
            inside[rng.choice(["x", "", "household_id", "attributes", "record_id", "withdrawn", "\ud800"])] = (
                inside.pop(step)
            )
        elif what == 3 and isinstance(inside, dict):
            inside[rng.choice(["as_of", "recorded_on", "record_id", "attributes", "zz"])] = pick_junk(rng)
        else:
            inside[step] = pick_junk(rng)
    return value


def corrupt_body(rng, example):
    """Return a body that was corrupted either as a JSON value or as bytes."""
    text = json.dumps(corrupt_value(rng, example)).encode("utf-8", "surrogatepass")
    kind = rng.randrange(10)
    if kind == 0:
        return text[: rng.randrange(len(text) + 1)]
    if kind == 1:
        at = rng.randrange(len(text) + 1)
        return text[:at] + rng.randbytes(rng.randint(1, 4)) + text[at:]
    if kind == 2:
        return rng.randbytes(rng.randint(0, 200))
    if kind == 3:
        depth = rng.choice([10, 1000, 50_000])
        return rng.choice([b"[", b'{"tables":']) * depth
    return text


def test_malformed_bodies_get_a_problem_response_and_break_nothing(service):
    client, headers = service
    rng = random.Random(read_seed(20241231))
    statuses = {name: set() for name in PATHS}
    still_open = "demo-2"
    for number in range(LONG or 300):
        name = rng.choice(list(PATHS))
        body = corrupt_body(rng, BODIES[name].example)
        sent = dict(headers)
        if rng.random() < 0.2:
            sent["Idempotency-Key"] = rng.choice(["a", "b", "k" * 128, "k" * 129, "%00", "x y"])
        response = client.post(PATHS[name].format(open=still_open), content=body, headers=sent)
        assert response.status_code < 500, (number, name, body[:2000], response.text)
        statuses[name].add(response.status_code)
        if name == "ClosureRequest" and response.status_code == 200:
            still_open = register(client, headers, f"fresh-{number}")
        if response.status_code >= 400:
            problem = response.json()
            assert response.headers["content-type"] == "application/problem+json"
            assert problem["type"].startswith("urn:riskml:problem:")
            assert problem["status"] == response.status_code
            assert "demo-1" not in response.text
    for name, codes in statuses.items():
        assert 400 in codes, name
        assert 422 in codes, name
        assert 429 not in codes, name
        assert codes & {200, 201, 202}, f"{name}: some corrupted bodies must still be accepted"
    assert client.get("/readyz").status_code == 200
