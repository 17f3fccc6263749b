"""A trial (simulated records) never shares a database with real records, and the service says at startup why its model
is silent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskml.errors import UsageError
from riskml_serving.base.settings import PREFIX, Settings
from riskml_serving.commands import cli
from riskml_serving.commands.serve import serve
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.model import RULE_LINE_ONLY
from riskml_serving.running.server import run
from riskml_serving.store.records.purpose import require_purpose

AS_OF = "2023-06-30"


@pytest.fixture
def start(database_url, bundle_path, monkeypatch, capsys):
    """Return a function that starts the service, stopping before it accepts requests, and returns what it prints."""
    monkeypatch.setattr("uvicorn.Server.run", lambda *_: None)
    for name in ("DATABASE_URL", "BUNDLE", "SIMULATED"):
        monkeypatch.setenv(PREFIX + name, "")  # restores what the service sets for its workers
        monkeypatch.delenv(PREFIX + name)

    def begin(**settings):
        run(Settings(**{"database_url": database_url, "bundle": bundle_path, **settings}))
        return capsys.readouterr().out

    return begin


def test_an_empty_database_can_be_used_for_either_purpose_until_it_contains_records(engine, small_county):
    for simulated in (False, True, False, True):
        require_purpose(engine, simulated=simulated)
    import_folder(engine, small_county, Settings(today=AS_OF).today)
    require_purpose(engine, simulated=True)
    with pytest.raises(UsageError, match="holds records of a trial") as refused:
        require_purpose(engine, simulated=False)
    assert "--trial" in refused.value.hint


def test_a_trial_rejects_a_database_with_records_delivered_outside_a_trial(engine, small_county, start):
    import_folder(engine, small_county, Settings(today=AS_OF).today)  # no purpose is stated, so the records may be real
    with pytest.raises(UsageError, match="delivered without --trial") as refused:
        start(simulated=True)
    assert "--db" in refused.value.hint
    assert RULE_LINE_ONLY["zh"] in start()


def test_a_county_is_imported_for_the_purpose_that_the_setting_states(database_url, engine, small_county, monkeypatch):
    command = ["import", str(small_county), "--no-scores", "--as-of", AS_OF, "--db", database_url]
    monkeypatch.setenv(PREFIX + "SIMULATED", "true")
    assert CliRunner().invoke(cli.app, command).exit_code == 0
    monkeypatch.delenv(PREFIX + "SIMULATED")
    for words in (command, ["worker", "--db", database_url]):
        refused = CliRunner().invoke(cli.app, words)
        assert "records of a trial" in str(refused.exception)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_startup_output_says_why_the_model_is_silent_and_what_to_do(start, bundle_path, tmp_path):
    line = start()
    for text in (*RULE_LINE_ONLY.values(), "--trial"):
        assert text in line
    assert RULE_LINE_ONLY["zh"] not in start(simulated=True)
    broken = Path(shutil.copytree(bundle_path, tmp_path / "broken"))
    (broken / "manifest.json").write_text("{")
    assert RULE_LINE_ONLY["zh"] not in start(bundle=broken)  # /readyz says what is wrong with the bundle


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_trial_option_sets_the_simulated_setting(database_url, bundle_path, monkeypatch):
    taken = []
    monkeypatch.setattr("riskml_serving.running.server.run", lambda settings, _: taken.append(settings.simulated))
    for trial in (True, False):
        serve(bundle=bundle_path, db=database_url, trial=trial)
    monkeypatch.setenv(PREFIX + "SIMULATED", "true")
    serve(bundle=bundle_path, db=database_url)
    assert taken == [True, False, True]
