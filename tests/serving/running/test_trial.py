"""A trial (simulated records) never shares a database with real records."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.base.database import open_engine, reading, writing
from riskml_serving.base.problems import Problem
from riskml_serving.base.settings import PREFIX, Settings
from riskml_serving.commands import cli
from riskml_serving.commands.serve import serve
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.running.server import run
from riskml_serving.store.records.purpose import claim_purpose, guard_purpose, require_purpose

AS_OF = "2023-06-30"


@pytest.fixture
def start(database_url, bundle_path, monkeypatch):
    """Return a function that starts the service, stopping before it accepts requests."""
    monkeypatch.setattr("uvicorn.Server.run", lambda *_: None)
    for name in ("DATABASE_URL", "BUNDLE", "SIMULATED"):
        monkeypatch.setenv(PREFIX + name, "")  # restores what the service sets for its workers
        monkeypatch.delenv(PREFIX + name)

    def begin(**settings):
        run(Settings(**{"database_url": database_url, "bundle": bundle_path, **settings}))

    return begin


def test_an_empty_database_can_be_used_for_either_purpose_until_it_contains_records(engine, small_county):
    for simulated in (False, True, False, True):
        require_purpose(engine, simulated=simulated)
    import_folder(engine, small_county, Settings(today=AS_OF).today, simulated=True)
    require_purpose(engine, simulated=True)
    with pytest.raises(UsageError, match="holds records of a trial") as refused:
        require_purpose(engine, simulated=False)
    assert "--trial" in refused.value.hint
    with pytest.raises(Problem, match="other-purpose"):
        import_folder(engine, small_county, Settings(today=AS_OF).today, simulated=False)


def make_body(code):
    household = {"household_id": code, "region_code": "370112001001", "size": 2}
    return {"tables": {"households": [household], "income": []}}


@pytest.mark.parametrize("first", [True, False], ids=["trial first", "county first"])
def test_the_first_records_fix_the_purpose_even_while_another_service_is_running(make_client, key, first):
    """Both services start on the same empty database, which does not fix its purpose yet."""
    own, other = make_client(simulated=first), make_client(simulated=not first)
    headers = key("", "read", "write", "score", "admin")
    for service in (own, other):
        assert service.get("/v1/households", headers=headers).status_code == 200
    assert own.post("/v1/records", json=make_body("h1"), headers=headers).status_code == 200
    for answer in (
        other.post("/v1/records", json=make_body("h2"), headers=headers),
        other.get("/v1/households", headers=headers),
        other.post("/v1/batches", json={}, headers=headers),
    ):
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:riskml:problem:other-purpose")
    assert other.get("/sign-in", headers={"accept": "text/html"}).status_code in (200, 503)  # it names no household
    listed = own.get("/v1/households", headers=headers).json()["households"]
    assert [row["household_id"] for row in listed] == ["h1"]
    assert own.post("/v1/records", json=make_body("h2"), headers=headers).status_code == 200


def test_of_two_first_writers_only_one_fixes_the_purpose(engine):
    """Two transactions claim an empty database at the same time; the second is refused once the first commits."""
    claimed, outcomes = threading.Event(), []

    def claim_second():
        claimed.wait(10)
        try:
            with writing(engine) as connection:
                claim_purpose(connection, simulated=False)
            outcomes.append("claimed")
        except Problem as problem:
            outcomes.append(problem.kind)

    second = threading.Thread(target=claim_second)
    second.start()
    with writing(engine) as connection:
        claim_purpose(connection, simulated=True)
        claimed.set()
        second.join(0.5)
        assert outcomes == []  # the second transaction waits for the first
    second.join(20)
    assert outcomes == ["other-purpose"]
    require_purpose(engine, simulated=True)


def test_a_failed_first_write_leaves_the_purpose_open(engine):
    def fail():
        with writing(engine) as connection:
            claim_purpose(connection, simulated=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    for simulated in (True, False):
        require_purpose(engine, simulated=simulated)


def test_a_worker_leaves_the_jobs_of_the_other_purpose_alone(make_client, key, bundle_path):
    client, headers = make_client(job_worker=False), key()
    client.post("/v1/records", json=make_body("h1"), headers=headers)
    client.post("/v1/batches", json={}, headers=headers)
    engine = open_engine(client.app.state.settings.database_url)
    guard_purpose(engine, simulated=False)
    worker = Worker(engine, client.app.state.settings, lambda: client.app.state.holder.current)
    with pytest.raises(Problem, match="other-purpose"):
        worker.step()
    engine.dispose()
    with reading(client.app.state.engine) as connection:
        assert connection.execute(text("SELECT state FROM jobs")).scalar_one() == "waiting"


def test_a_trial_rejects_a_database_with_records_delivered_outside_a_trial(engine, small_county, start):
    import_folder(engine, small_county, Settings(today=AS_OF).today, simulated=False)
    with pytest.raises(UsageError, match="delivered without --trial"):
        start(simulated=True)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM purpose"))  # no purpose is stated, so the records may be real
    with pytest.raises(UsageError, match="delivered without --trial") as refused:
        start(simulated=True)
    assert "--db" in refused.value.hint
    start()


def test_a_county_is_imported_for_the_purpose_that_the_setting_states(database_url, engine, small_county, monkeypatch):
    command = ["import", str(small_county), "--no-scores", "--as-of", AS_OF, "--db", database_url]
    monkeypatch.setenv(PREFIX + "SIMULATED", "true")
    assert CliRunner().invoke(cli.app, command).exit_code == 0
    monkeypatch.delenv(PREFIX + "SIMULATED")
    for words in (command, ["worker", "--db", database_url]):
        refused = CliRunner().invoke(cli.app, words)
        assert "records of a trial" in str(refused.exception)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_trial_option_sets_the_simulated_setting(database_url, bundle_path, monkeypatch):
    taken = []
    monkeypatch.setattr("riskml_serving.running.server.run", lambda settings, _: taken.append(settings.simulated))
    for trial in (True, False):
        serve(bundle=bundle_path, db=database_url, trial=trial)
    monkeypatch.setenv(PREFIX + "SIMULATED", "true")
    serve(bundle=bundle_path, db=database_url)
    assert taken == [True, False, True]
