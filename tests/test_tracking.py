"""Training runs and releases are recorded in a real MLflow database, an SQLite file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskml import tracking
from riskml.errors import TrackingError

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def blank_database(tmp_path_factory):
    """Create an empty MLflow database once, because its migrations take seconds."""
    folder = tmp_path_factory.mktemp("blank")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("MLFLOW_REGISTRY_URI", raising=False)
        assert tracking.fetch_champion() is None
    return (folder / "mlflow.db").read_bytes()


@pytest.fixture
def office(blank_database, tmp_path, monkeypatch):
    """Make a working directory that contains the default database."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    (tmp_path / "mlflow.db").write_bytes(blank_database)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "some bundle"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"format": 1}')
    (folder / "evaluation.json").write_text('{"models": {}}')
    return folder


def find_run(version):
    from mlflow import MlflowClient

    uri = tracking._resolve_uri()
    client = MlflowClient(uri, uri)
    return client.get_run(client.get_model_version("riskml", str(version)).run_id), client


def test_a_run_holds_parameters_metrics_tags_and_the_entire_bundle(office, bundle):
    version = tracking.log_run(
        bundle,
        {"window": 12, "outcome": "any"},
        {"riskml.auc": 0.8, "oracle.auc": None, "odd": float("nan")},
        {"model_version": "riskml-abc"},
    )
    run, client = find_run(version)
    assert version == 1
    assert run.data.params == {"window": "12", "outcome": "any"}
    assert run.data.metrics == {"riskml.auc": 0.8}
    assert run.data.tags["model_version"] == "riskml-abc"
    assert run.info.run_name == "riskml-abc"
    assert run.info.status == "FINISHED"
    assert sorted(file.path for file in client.list_artifacts(run.info.run_id, "bundle")) == [
        "bundle/evaluation.json",
        "bundle/manifest.json",
    ]


def test_the_newest_run_is_the_challenger_and_not_the_champion(office, bundle):
    assert [tracking.log_run(bundle, {}, {}) for _ in range(2)] == [1, 2]
    _, client = find_run(2)
    assert int(client.get_model_version_by_alias("riskml", "challenger").version) == 2
    assert tracking.fetch_champion() is None


def test_the_champion_and_its_files_are_found_from_another_folder(office, bundle, tmp_path, monkeypatch):
    tracking.log_run(bundle, {}, {})
    tracking.log_run(bundle, {}, {})
    tracking.set_champion(1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{office / 'mlflow.db'}")
    monkeypatch.chdir("/")
    result = tracking.fetch_champion()
    assert result is not None
    assert result.version == 1
    assert (result.path / "manifest.json").read_text() == '{"format": 1}'
    assert result.path == tracking.download(1)
    assert office / "mlartifacts" in result.path.parents


def test_a_release_can_be_rolled_back(office, bundle):
    for _ in range(2):
        tracking.log_run(bundle, {}, {})
    tracking.set_champion(2)
    tracking.set_champion(1)
    assert tracking.fetch_champion().version == 1


def test_an_unknown_version_is_rejected_and_the_known_versions_are_named(office, bundle):
    with pytest.raises(TrackingError, match="registers the first one"):
        tracking.download(1)
    tracking.log_run(bundle, {}, {})
    with pytest.raises(TrackingError, match=r"No version 7[\s\S]*Registered: 1\."):
        tracking.set_champion(7)


def test_the_error_for_a_bundle_without_its_files_names_it(office, bundle):
    tracking.log_run(bundle, {}, {})
    path = tracking.download(1)
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(TrackingError, match="version 1 is missing"):
        tracking.download(1)


def test_a_bundle_that_was_moved_with_its_database_is_used_there(office, bundle, tmp_path, monkeypatch):
    tracking.log_run(bundle, {}, {})
    tracking.set_champion(1)
    old = tracking.download(1)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("mlflow.db", "mlartifacts"):
        (office / name).rename(moved / name)
    monkeypatch.chdir(moved)
    assert tracking.download(1) == tracking.fetch_champion().path == moved / old.relative_to(office)
    (moved / "mlartifacts").rename(moved / "lost")
    with pytest.raises(TrackingError, match="version 1 is missing") as caught:
        tracking.download(1)
    assert str(old) in caught.value.message
    assert str(moved / "mlartifacts") in caught.value.message
    assert "riskml release BUNDLE" in caught.value.hint


@pytest.mark.slow
def test_processes_that_use_a_new_database_at_the_same_time_wait_for_each_other(bundle, tmp_path):
    code = f"from riskml import tracking; print(tracking.log_run({str(bundle)!r}, {{}}, {{}}))"
    env = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'new.db'}"}
    env.pop("MLFLOW_REGISTRY_URI", None)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert sorted(out.strip() for out, _ in outputs) == ["1", "2"]
    assert not list(tmp_path.glob(".*.lock"))


def test_only_a_bundle_can_be_registered(office, tmp_path):
    with pytest.raises(TrackingError, match=r"no model bundle at .*nowhere"):
        tracking.log_run(tmp_path / "nowhere", {}, {})


def test_a_failed_upload_is_an_error_and_marks_the_run_as_failed(office, bundle):
    (office / "mlartifacts").write_text("a file in the place of the artifacts folder")
    with pytest.raises(TrackingError, match="cannot be used"):
        tracking.log_run(bundle, {}, {})
    from mlflow import MlflowClient

    client = MlflowClient(tracking._resolve_uri(), tracking._resolve_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("riskml").experiment_id])
    assert run.info.status == "FAILED"
    assert tracking.fetch_champion() is None


def test_an_unreachable_server_gives_a_clear_error(office, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingError, match="cannot be used") as caught:
        tracking.fetch_champion()
    assert "MLFLOW_TRACKING_URI" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_a_database_gives_a_clear_error(office):
    Path("mlflow.db").write_text("not a database at all, only text that is long enough to be read as a header" * 20)
    with pytest.raises(TrackingError, match="cannot be used"):
        tracking.fetch_champion()


def test_nothing_is_printed(office, bundle, capfd):
    tracking.log_run(bundle, {"a": 1}, {"b": 2.0})
    tracking.set_champion(1)
    tracking.fetch_champion()
    out, err = capfd.readouterr()
    assert out == err == ""


def test_importing_tracking_does_not_import_mlflow():
    code = "import sys, riskml.tracking; assert 'mlflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ.copy())
