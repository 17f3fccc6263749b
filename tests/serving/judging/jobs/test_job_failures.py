"""If a bug makes a job fail, the attempt counts and is logged; if the database is lost, the worker only waits."""

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
def logged():
    """Collect the lines that the service writes to its log."""
    stream, own = io.StringIO(), logging.getLogger("riskml_serving.judging")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    own.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    own.removeHandler(handler)


def select_nothing(connection, *_):
    connection.execute(text("SELECT secret FROM nowhere"))


def refuse_number(connection, *_):
    connection.execute(text("SELECT abs(-9223372036854775807 - 1)"))


def is_left_out(connection, *_):
    connection.execute(text("INSERT INTO job_parts (job_id, part) VALUES ('secret', 1)"))


MISTAKES = {"add_part": select_nothing, "read_parts": refuse_number, "end": is_left_out}
"""Bugs, by the step of the job in which they occur: a wrong name, too large a number, a missing value."""


@pytest.mark.parametrize("step", MISTAKES)
def test_a_job_whose_sql_is_wrong_is_tried_again_and_fails(imported, jobs, key, work, monkeypatch, logged, step):
    mistake = MISTAKES[step]
    headers, real = key(), getattr(repository, step)
    job, wrong = jobs.start(headers), []

    def fail(connection, *rest, **more):
        if step == "end" and rest[2] != "done":
            return real(connection, *rest, **more)
        wrong.append(mistake)
        mistake(connection)
        raise AssertionError("the database took it")

    monkeypatch.setattr(repository, step, fail)
    work(job_attempts=3)
    state = jobs.wait_for(headers, job)
    assert (state["state"], state["problem"]) == ("failed", "urn:riskml:problem:internal-error")
    tries = 3 if step == "add_part" else 4  # an attempt that saved a part before it failed does not count
    assert len(wrong) == tries
    lines = logged()
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


def test_records_that_the_other_process_cannot_read_are_a_mistake_too(imported, jobs, key, work, logged):
    headers = key()
    job = jobs.start(headers)
    with writing(imported.app.state.engine) as connection:
        connection.execute(text("ALTER TABLE record_income RENAME COLUMN amount TO secret"))
    work(job_attempts=2)
    state = jobs.wait_for(headers, job)
    assert (state["state"], state["problem"]) == ("failed", "urn:riskml:problem:internal-error")
    lines = logged()
    assert [line["message"].partition(":")[0] for line in lines] == ["the reading process failed", "job failed"] * 2
    assert "ProgrammingError" in lines[0]["message"]
    assert any(where.startswith("process.py:") and where.endswith("read_range") for where in lines[0]["where"])
    assert "secret" not in json.dumps(lines)


def test_a_database_that_is_lost_is_waited_for_and_a_broken_queue_does_not_end_the_worker(
    imported, jobs, key, monkeypatch, logged
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
    lines = logged()
    assert [(line["level"], line["message"].partition(":")[0]) for line in lines] == [
        ("warning", "jobs are waiting"),
        ("error", "the job queue failed"),
    ]
    assert "secret" not in json.dumps(lines)


def test_a_process_that_reads_and_is_killed_is_waited_for(imported, jobs, key, monkeypatch, logged):
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
    assert {line["message"].partition(":")[0] for line in logged()} <= {"jobs are waiting"}
