"""If a job fails because of a bug, the attempt is counted and logged; if the database is unreachable, the worker only
waits."""

from __future__ import annotations

import io
import json
import logging
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from riskml_serving.base.database import writing
from riskml_serving.judging.jobs import repository, run
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.operations.logs import JsonLines


@pytest.fixture
def read_log_lines():
    """Collect the lines that the service writes to its log."""
    stream, own = io.StringIO(), logging.getLogger("riskml_serving.judging")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    own.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    own.removeHandler(handler)


def select_nothing(connection, *_):
    connection.execute(text("SELECT secret FROM nowhere"))


def overflow_integer(connection, *_):
    connection.execute(text("SELECT abs(-9223372036854775807 - 1)"))


def omit_value(connection, *_):
    connection.execute(text("INSERT INTO job_parts (job_id, part) VALUES ('secret', 1)"))


MISTAKES = {"add_part": select_nothing, "read_parts": overflow_integer, "end": omit_value}
"""Bugs, by the step of the job in which they occur: a wrong name, too large a number, a missing value."""


@pytest.mark.parametrize("step", MISTAKES)
def test_a_job_with_faulty_sql_is_retried_and_then_fails(imported, jobs, key, work, monkeypatch, read_log_lines, step):
    mistake = MISTAKES[step]
    headers, real = key(), getattr(repository, step)
    job, wrong = jobs.start(headers), []

    def fail(connection, *rest, **more):
        if step == "end" and rest[2] != "done":
            return real(connection, *rest, **more)
        wrong.append(mistake)
        mistake(connection)
        raise AssertionError("the database accepted the faulty statement")

    monkeypatch.setattr(repository, step, fail)
    work(job_attempts=3)
    state = jobs.wait_for(headers, job)
    assert (state["state"], state["problem"]) == ("failed", "urn:riskml:problem:internal-error")
    tries = 3 if step == "add_part" else 4  # an attempt that saved a part before it failed does not count
    assert len(wrong) == tries
    lines = read_log_lines()
    assert [line["level"] for line in lines] == ["error"] * tries
    for line in lines:
        assert line["message"].startswith("job failed: ")
        assert line["job_id"] == job
        assert any(where.endswith(mistake.__name__) for where in line["where"]), "the trace names the function"
    assert "secret" not in json.dumps(lines), "the text of an error is not logged, since it may quote a row"
    monkeypatch.undo()
    again = jobs.start(headers)
    work()
    assert jobs.wait_for(headers, again)["state"] == "done"


def test_records_that_the_reading_process_cannot_read_also_count_as_a_failure(
    imported, jobs, key, work, read_log_lines
):
    headers = key()
    job = jobs.start(headers)
    with writing(imported.app.state.engine) as connection:
        connection.execute(text("ALTER TABLE record_income RENAME COLUMN amount TO secret"))
    work(job_attempts=2)
    state = jobs.wait_for(headers, job)
    assert (state["state"], state["problem"]) == ("failed", "urn:riskml:problem:internal-error")
    lines = read_log_lines()
    assert [line["message"].partition(":")[0] for line in lines] == ["the reading process failed", "job failed"] * 2
    assert "ProgrammingError" in lines[0]["message"]
    assert any(where.startswith("process.py:") and where.endswith("_read_range") for where in lines[0]["where"])
    assert "secret" not in json.dumps(lines)


def test_the_worker_waits_for_a_lost_database_and_continues_after_an_error_in_the_queue(
    imported, jobs, key, monkeypatch, read_log_lines
):
    headers, state = key(), imported.app.state
    job, real, calls = jobs.start(headers), repository.list_open_jobs, []

    def fail_twice(connection):
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("SELECT", {}, Exception("secret"))
        if len(calls) == 2:
            select_nothing(connection)
        return real(connection)

    monkeypatch.setattr(repository, "list_open_jobs", fail_twice)
    settings = state.settings.model_copy(update={"job_poll_seconds": 0.01})
    worker = Worker(state.engine, settings, lambda: state.holder.current)
    worker.start()
    assert jobs.wait_for(headers, job, seconds=300)["state"] == "done"
    worker.stop()
    lines = read_log_lines()
    assert [(line["level"], line["message"].partition(":")[0]) for line in lines] == [
        ("warning", "jobs are waiting"),
        ("error", "the job queue failed"),
    ]
    assert "secret" not in json.dumps(lines)


def test_the_worker_recovers_when_the_reading_process_is_killed(imported, jobs, key, monkeypatch, read_log_lines):
    headers, state = key(), imported.app.state
    job, real, killed = jobs.start(headers), run.judge_ranges, threading.Event()

    def kill_once(engine, reader, *rest, **more):
        for judged in real(engine, reader, *rest, **more):
            if not killed.is_set():
                killed.set()
                reader._process.kill()
                reader._process.wait()
            yield judged

    monkeypatch.setattr(run, "judge_ranges", kill_once)
    worker = Worker(state.engine, state.settings, lambda: state.holder.current)
    worker.start()
    assert jobs.wait_for(headers, job, seconds=300)["state"] == "done"  # a busy machine may start a process slowly
    worker.stop()
    assert {line["message"].partition(":")[0] for line in read_log_lines()} <= {"jobs are waiting"}
