"""The OpenAPI description is committed and complete, its examples work, and real responses match its types."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest
from fastapi import APIRouter
from pydantic import TypeAdapter
from starlette.responses import Response

from riskml_serving.api.openapi import BODIES, PROBLEM, Body, require_answer_types
from riskml_serving.api.routers import ANSWERS, ROUTERS
from riskml_serving.base.settings import Settings
from riskml_serving.running.app import create_app

COMMITTED = Path(__file__).parents[3] / "serving" / "openapi.json"
DAY = dt.date(2024, 12, 31)


@pytest.fixture(scope="module")
def description():
    return json.loads(json.dumps(create_app(Settings(database_url="sqlite://")).openapi()))


def test_the_committed_description_matches_the_service(description, golden):
    golden(COMMITTED, json.dumps(description, ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def test_every_reference_points_to_a_schema(description):
    names = set(description["components"]["schemas"])
    text = json.dumps(description)
    wanted = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert wanted <= names


def test_every_operation_documents_problem_responses_and_requires_a_key(description):
    for path, item in description["paths"].items():
        for operation in item.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert ("security" in operation) == (path != "/healthz")
            assert operation["description"]


def test_an_endpoint_without_a_response_type_prevents_startup():
    router = APIRouter()

    @router.get("/v1/visits")
    async def visits() -> Response:
        return Response()

    with pytest.raises(TypeError, match=r"GET /v1/visits declares no response type: add response_model"):
        require_answer_types((*ROUTERS, router))
    router.routes.clear()
    router.get("/v1/visits", response_model=ANSWERS["get", "/healthz"])(visits)
    assert require_answer_types([router]) == {("get", "/v1/visits"): ANSWERS["get", "/healthz"]}


def test_a_request_body_without_an_example_prevents_startup():
    with pytest.raises(KeyError, match="VisitRequest"):
        Body("VisitRequest", {"visited_on": str})


def wait_until_done(client, headers, job):
    for _ in range(600):
        if client.get(f"/v1/jobs/{job}", headers=headers).json()["state"] == "done":
            return job
        time.sleep(0.1)
    raise AssertionError("the job is not done")


def test_the_examples_work_in_sequence_and_every_response_matches_its_type(make_client, key):
    client = make_client(today=DAY)
    headers = key()
    steps = (
        ("post", "/v1/scores", "ScoreRequest", 200),
        ("post", "/v1/records", "RecordsRequest", 200),
        ("post", "/v1/clues", "ClueRequest", 201),
        ("get", "/v1/clues", None, 200),
        ("post", "/v1/batches", "BatchRequest", 202),
        ("get", "/v1/jobs/{job_id}", None, 200),
        ("get", "/v1/jobs/{job_id}/results", None, 200),
        ("delete", "/v1/jobs/{job_id}", None, 409),
        ("get", "/v1/households", None, 200),
        ("post", "/v1/households/{household_id}/verifications", "VerificationRequest", 201),
        ("post", "/v1/households/{household_id}/help", "HelpRequest", 201),
        ("get", "/v1/reassessments", None, 200),
        ("get", "/v1/households/{household_id}", None, 200),
        ("get", "/v1/households/{household_id}/explanation", None, 200),
        ("get", "/v1/verifications/monitoring", None, 200),
        ("get", "/v1/changes", None, 200),
        ("get", "/v1/regions/{code}/summary", None, 200),
        ("get", "/v1/model", None, 200),
        ("post", "/v1/households/{household_id}/closure", "ClosureRequest", 200),
        ("get", "/healthz", None, 200),
    )
    assert {(method, path) for method, path, _, _ in steps} == set(ANSWERS), "add the endpoint to steps"
    assert {example for _, _, example, _ in steps if example} == set(BODIES)
    job = ""
    for method, path, example, status in steps:
        where = path.format(household_id="demo-1", code="370112", job_id=job)
        answer = client.request(method, where, json=example and BODIES[example].example, headers=headers)
        assert answer.status_code == status, (path, answer.text)
        if path == "/v1/batches":
            job = wait_until_done(client, headers, answer.json()["job"])
        if status < 400 and not path.endswith("/results"):
            TypeAdapter(ANSWERS[method, path]).validate_json(answer.content)
    TypeAdapter(PROBLEM).validate_json(client.post("/v1/scores", json={"x": 1}, headers=headers).content)
