"""The service's model is replaced entirely or not at all: bad releases, rollback, restart, an unreachable registry."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from riskml import tracking
from riskml.errors import BundleError
from riskml.model.bundle_files import MANIFEST, SEAL, encode_json, hash_sha256, make_seal
from riskml_serving.api.scores import endpoints as scoring
from riskml_serving.api.scores.endpoints import MOST_IN_EVENT_LOOP
from riskml_serving.base.database import open_engine
from riskml_serving.base.settings import Settings
from riskml_serving.commands.cli import app as commands
from riskml_serving.judging.model import Holder, Keeper, load_model
from riskml_serving.judging.model.counters import REFUSED, SWAPPED

RELEASED = Path(__file__).parents[4] / "models" / "simulated-county-1"


@pytest.fixture
def other_bundle(trained, sign_bundle, tmp_path):
    """Save another release: the same model with another policy version."""
    path = tmp_path / "other"
    trained.save(path)
    manifest = {**trained.manifest, "policy_version": "another"}
    reseal(path, manifest)
    return sign_bundle(path)


def reseal(path, manifest):
    """Write an altered manifest with a matching version and checksum; only a signature shows the change."""
    rest = {name: value for name, value in manifest.items() if name != "model_version"}
    version = {**rest, "files": {name: kept for name, kept in rest["files"].items() if name != "model_card.md"}}
    text = encode_json({**rest, "model_version": f"riskml-{hash_sha256(encode_json(version))[:12]}"})
    (path / MANIFEST).write_bytes(text)
    (path / SEAL).write_bytes(make_seal(text))


@pytest.fixture
def start_keeper(database_url, bundle_path, tmp_path):
    """Return a function that starts model keepers, which load new releases, as the service's workers do.

    All keepers share a database and a folder of releases.
    """
    engine = open_engine(database_url)
    folder = tmp_path / "offered"
    shutil.copytree(bundle_path, folder)

    def start(**settings):
        own = {"database_url": database_url, "bundle": folder, "model_store": tmp_path / "store"}
        keeper = Keeper(engine, Holder(), Settings(**{**own, **settings}))
        keeper.start()
        return keeper, keeper._holder

    start.folder = folder
    yield start
    engine.dispose()


def read_counter(counter):
    (family,) = counter.collect()
    return family.samples[0].value


def replace_bundle(folder, bundle):
    shutil.rmtree(folder)
    shutil.copytree(bundle, folder)


def test_a_new_release_is_swapped_in_while_requests_in_flight_keep_the_old_one(start_keeper, other_bundle):
    before = read_counter(SWAPPED)
    keeper, holder = start_keeper()
    in_flight = holder.current
    keeper.refresh()
    assert holder.current is in_flight
    replace_bundle(start_keeper.folder, other_bundle)
    keeper.refresh()
    assert holder.current is not in_flight
    assert holder.version != in_flight.version
    assert read_counter(SWAPPED) - before == 2
    assert keeper.failure is None


def damage_trees(folder):
    text = (folder / "trees.txt").read_bytes()
    (folder / "trees.txt").write_bytes(text.replace(b"leaf_value=", b"leaf_value=0", 1))


def truncate_file(folder):
    (folder / "linear.json").write_bytes((folder / "linear.json").read_bytes()[:100])


def add_pickle(folder):
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")


def set_older_format(folder):
    reseal(folder, {**json.loads((folder / MANIFEST).read_text("utf-8")), "format": 0})


def set_older_schema(folder):
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["schema_hash"] = "0" * 64
    reseal(folder, manifest)


def alter_coefficient(folder):
    """Change a coefficient and recompute all checksums, so that only the golden cases reveal the change."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    linear = json.loads((folder / "linear.json").read_text("utf-8"))
    linear["base"] += 1.0
    text = encode_json(linear)
    (folder / "linear.json").write_bytes(text)
    manifest["files"]["linear.json"] = hash_sha256(text)
    reseal(folder, manifest)


@pytest.mark.parametrize(
    "harm",
    [damage_trees, truncate_file, add_pickle, set_older_format, set_older_schema, alter_coefficient, shutil.rmtree],
)
def test_a_bad_release_is_reported_and_the_old_model_stays(start_keeper, other_bundle, sign_bundle, harm):
    keeper, holder = start_keeper()
    before, failures = holder.current, read_counter(REFUSED)
    replace_bundle(start_keeper.folder, other_bundle)
    harm(start_keeper.folder)
    if start_keeper.folder.exists():
        sign_bundle(start_keeper.folder)  # so that what is refused is the harm, not the signature
    keeper.refresh()
    keeper.refresh()
    assert holder.current is before
    assert read_counter(REFUSED) - failures == 2
    assert keeper.failure.kind == "BundleError"
    shutil.rmtree(start_keeper.folder, ignore_errors=True)
    shutil.copytree(other_bundle, start_keeper.folder)
    keeper.refresh()
    assert holder.current is not before
    assert keeper.failure is None


def test_with_a_bad_bundle_at_startup_the_previous_release_is_used(start_keeper, other_bundle):
    first = start_keeper()[1].version
    damage_trees(start_keeper.folder)
    keeper, holder = start_keeper()
    assert holder.version == first
    assert keeper.failure.kind == "BundleError"


def test_the_service_starts_without_a_model_and_waits_for_one(start_keeper, bundle_path, tmp_path):
    keeper, holder = start_keeper(bundle=tmp_path / "nowhere")
    assert holder.version is None
    assert "There is no model bundle" in keeper.failure.message
    shutil.copytree(bundle_path, tmp_path / "nowhere")
    keeper.refresh()
    assert holder.version is not None


def run(*words, database_url):
    result = CliRunner().invoke(commands, [*words, "--db", database_url])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_rollback_takes_one_command_and_survives_a_restart(start_keeper, other_bundle, database_url):
    keeper, holder = start_keeper()
    first = holder.version
    replace_bundle(start_keeper.folder, other_bundle)
    keeper.refresh()
    second = holder.version
    assert f"{second}\t" in run("model", "status", database_url=database_url).splitlines()[0]
    output = run("model", "rollback", database_url=database_url)
    assert output.startswith(f"Rolled back {second}; {first} takes over within 30 seconds")
    keeper.refresh()
    assert holder.version == first
    keeper.refresh()
    assert holder.version == first
    assert start_keeper()[1].version == first, "a restart does not bring back a rejected release"
    states = {
        line.split("\t")[0]: line.split("\t")[2]
        for line in run("model", "status", database_url=database_url).splitlines()
    }
    assert states == {first: "in service", second: "rolled back"}
    run("model", "accept", second, database_url=database_url)
    keeper.refresh()
    assert holder.version == second


def test_the_first_release_cannot_be_rolled_back(start_keeper, database_url):
    start_keeper()
    with pytest.raises(Exception, match="no release to roll back to"):
        run("model", "rollback", database_url=database_url)
    with pytest.raises(Exception, match="There is no rolled-back release 'riskml-x'"):
        run("model", "accept", "riskml-x", database_url=database_url)


def test_a_lost_database_does_not_prevent_a_swap(start_keeper, other_bundle, monkeypatch):
    keeper, holder = start_keeper()
    before = holder.version
    replace_bundle(start_keeper.folder, other_bundle)

    def fail(*_args):
        raise OperationalError("SELECT", {}, Exception("gone"))

    for name in ("reading", "writing"):
        monkeypatch.setattr(f"riskml_serving.judging.model.keeper.{name}", fail)
    keeper.refresh()
    assert holder.version != before


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return tmp_path / "mlflow.db"


def test_the_registry_champion_is_used_and_survives_the_loss_of_the_registry(
    start_keeper, bundle_path, other_bundle, registry
):
    tracking.set_champion(tracking.log_run(bundle_path, {}, {}))
    keeper, holder = start_keeper(model_source="registry")
    first = holder.version
    version = tracking.log_run(other_bundle, {}, {})
    keeper.refresh()
    assert holder.version == first, "only a champion is served"
    tracking.set_champion(version)
    keeper.refresh()
    second = holder.version
    assert second != first
    shutil.rmtree(registry.parent / "mlartifacts")
    registry.write_bytes(b"not a database any more")
    keeper.refresh()
    assert holder.version == second
    assert keeper.failure.kind == "TrackingError"
    assert start_keeper(model_source="registry")[1].version == second, (
        "the model survives a restart without the registry"
    )


@pytest.fixture
def unresponsive_server(monkeypatch):
    """Run a tracking server that accepts connections but never responds; return the connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = []

        def accept():
            with suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{listener.getsockname()[1]}")
        yield taken
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in taken:
            connection.close()


def test_an_unresponsive_tracking_server_times_out_and_the_old_model_stays(start_keeper, unresponsive_server):
    """The first release comes from the folder; then the source is changed to a registry that does not respond."""
    before = start_keeper()[1].version
    keeper, holder = start_keeper(model_source="registry")
    began = time.monotonic()
    keeper.refresh()
    assert len(unresponsive_server) >= 1, "the registry was contacted"
    assert 1 <= time.monotonic() - began < 30
    assert keeper.failure.kind == "TrackingError"
    assert holder.version == before


def test_a_request_in_flight_is_scored_by_the_model_that_it_started_with(
    make_client, key, select_tables, county_records, bundle_path, monkeypatch
):
    """The response has not only that model's version, but also its scores."""
    client, headers = make_client(bundle=bundle_path), key()
    body = {
        "as_of": "2023-03-31",
        "tables": select_tables(*map(str, county_records.household_id[: MOST_IN_EVENT_LOOP + 1])),
    }
    began, go_on = threading.Event(), threading.Event()

    def slow(model, *rest):
        if model.version == first and not began.is_set():
            began.set()
            assert go_on.wait(30)
        return scored(model, *rest)

    scored, holder = scoring.judge_tables, client.app.state.holder
    first, before = holder.version, client.post("/v1/scores", json=body, headers=headers).json()
    monkeypatch.setattr(scoring, "judge_tables", slow)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, "/v1/scores", json=body, headers=headers)
        assert began.wait(30)
        holder.swap(load_model(RELEASED, trial=True))
        later = client.post("/v1/scores", json=body, headers=headers).json()
        go_on.set()
        sooner = waiting.result(30).json()
    assert (sooner["model_version"], later["model_version"]) == (first, holder.version)
    assert sooner["scores"] == before["scores"] != later["scores"]


def test_a_registry_without_a_release_is_reported(start_keeper, registry):
    keeper, holder = start_keeper(model_source="registry")
    assert holder.version is None
    assert "No model has been released yet" in keeper.failure.message


def test_only_five_copies_of_releases_are_kept(start_keeper, tmp_path, bundle_path):
    store = tmp_path / "store"
    for number in range(7):
        shutil.copytree(bundle_path, store / f"riskml-old{number}")
    start_keeper()
    assert len(list(store.iterdir())) == 5
    assert any(
        path.name == json.loads((bundle_path / MANIFEST).read_text("utf-8"))["model_version"]
        for path in store.iterdir()
    )


def test_an_incomplete_copy_left_by_a_kill_is_eventually_deleted(start_keeper, tmp_path, bundle_path):
    store = tmp_path / "store"
    old, fresh = store / ".riskml-old.1.new", store / ".riskml-other.2.new"
    for path in (old, fresh):
        shutil.copytree(bundle_path, path)
    os.utime(old, (0, 0))
    start_keeper()
    assert not old.exists()
    assert fresh.exists(), "another worker may be writing it"


def test_the_error_for_a_missing_bundle_says_what_to_do(tmp_path):
    from riskml_serving.judging.model.source import require_bundle

    with pytest.raises(BundleError, match="RISKML_SERVING_BUNDLE"):
        require_bundle(tmp_path)
