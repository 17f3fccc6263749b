"""An error becomes the same problem in the API as on pages, and unexpected errors are logged."""

from __future__ import annotations

import logging

import pytest
from adbc_driver_manager import AdbcStatusCode, OperationalError, ProgrammingError
from fastapi.exceptions import RequestValidationError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from riskml.errors import UsageError
from riskml_serving.base.errors import describe_error, is_unavailable, to_problem
from riskml_serving.base.problems import PROBLEMS, Problem


def refuse(connection):
    raise Problem("region-not-found")


def misuse(connection):
    raise UsageError("No such column.", "Use another.")


def fail(connection):
    raise ValueError("secret")


def write_bad_sql(connection):
    connection.execute(text("SELECT secret FROM nowhere"))


def lose_connection(connection):
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    create_engine("sqlite:////no/such/folder/of/secret.db").connect()


def wait_for_a_lock(connection):
    with connection.engine.connect() as other:
        if connection.dialect.name == "postgresql":
            other.execute(text("LOCK TABLE households IN ACCESS EXCLUSIVE MODE"))
            connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        else:
            other.execute(text("DELETE FROM households"))
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        connection.execute(text("DELETE FROM households"))


def raise_pool_timeout(connection):
    raise PoolTimeout("secret")


EXPECTED = {
    refuse: ("region-not-found", None),
    misuse: ("invalid-request", None),
    fail: ("internal-error", "ERROR"),
    write_bad_sql: ("internal-error", "ERROR"),
    lose_connection: ("database-unavailable", "WARNING"),
    wait_for_a_lock: ("database-unavailable", "WARNING"),
    raise_pool_timeout: ("database-unavailable", "WARNING"),
}


@pytest.fixture
def signed_in(client, sign_in_county):
    sign_in_county(client, "370112")
    return client


@pytest.mark.parametrize("cause", EXPECTED, ids=lambda cause: cause.__name__)
def test_api_and_pages_report_and_log_the_same_problem(signed_in, key, monkeypatch, caplog, cause):
    kind, level = EXPECTED[cause]

    def fail_with_cause(connection, *_):
        cause(connection)

    monkeypatch.setattr("riskml_serving.api.households.endpoints.read_ranked", fail_with_cause)
    monkeypatch.setattr("riskml_serving.web.worklist.endpoints.repository.count_by_signal", fail_with_cause)
    caplog.set_level(logging.WARNING, "riskml_serving.errors")
    api = signed_in.get("/v1/households", headers=key())
    page = signed_in.get("/worklist")
    for answer in (api, page):
        assert answer.status_code == PROBLEMS[kind].status
        assert ("retry-after" in answer.headers) == (kind == "database-unavailable")
        assert "secret" not in answer.text
    assert api.headers["content-type"] == "application/problem+json"
    assert api.json()["type"] == f"urn:riskml:problem:{kind}"
    assert page.headers["content-type"].startswith("text/html")
    assert f"<h1>{PROBLEMS[kind].zh}</h1>" in page.text
    logged = [record for record in caplog.records if record.name == "riskml_serving.errors"]
    assert [record.levelname for record in logged] == ([level] * 2 if level else [])
    for record, answer in zip(logged, (api, page), strict=False):
        assert record.request_id == answer.headers["x-request-id"]
        assert "in riskml_serving." in record.getMessage(), "the log says where the error happened"
        assert not record.exc_info, "the text of an error is not logged, since it may quote a row"
    assert "secret" not in caplog.text


def test_exceptions_raised_by_the_framework_are_also_converted():
    missing = {"type": "missing", "loc": ("query", "region"), "msg": "Field required", "input": "secret"}
    problem = to_problem(RequestValidationError([missing]))
    assert (problem.kind, [error.path for error in problem.errors]) == ("invalid-request", ["query.region"])
    assert [to_problem(HTTPException(code)).kind for code in (404, 405, 418)] == [
        "not-found",
        "method-not-allowed",
        "http-error",
    ]


def test_an_error_that_was_never_raised_is_described_without_a_location():
    assert describe_error(KeyError("secret")) == "KeyError"


@pytest.mark.parametrize(
    ("error", "unavailable"),
    [
        (ProgrammingError("database is locked", status_code=AdbcStatusCode.INVALID_ARGUMENT), True),
        (ProgrammingError("no such table: secret", status_code=AdbcStatusCode.INVALID_ARGUMENT), False),
        (OperationalError("the server is gone", status_code=AdbcStatusCode.IO), True),
        (ConnectionError("the reading process has ended"), True),
        (ValueError("database is locked"), False),
    ],
)
def test_locks_and_lost_connections_count_as_unavailable_but_bugs_do_not(error, unavailable):
    assert is_unavailable(error) == unavailable
