"""The model is swapped completely or not at all: bad releases, rollback, restart, an unreachable registry."""

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
from riskml_serving.api.scores.endpoints import AT_ONCE
from riskml_serving.base.database import open_engine, upgrade
from riskml_serving.base.settings import Settings
from riskml_serving.commands.cli import app as commands
from riskml_serving.judging.model import Holder, Keeper, load_model
from riskml_serving.judging.model.counters import REFUSED, SWAPPED

RELEASED = Path(__file__).parents[4] / "models" / "simulated-county-1"


@pytest.fixture
def other_bundle(trained, tmp_path):
    """Save another release: the same model with another policy version."""
    path = tmp_path / "other"
    trained.save(path)
    manifest = {**trained.manifest, "policy_version": "another"}
    reseal(path, manifest)
    return path


def reseal(path, manifest):
    """Write an altered manifest with a matching version and checksum, so that the bundle looks untouched."""
    rest = {name: value for name, value in manifest.items() if name != "model_version"}
    version = {**rest, "files": {name: kept for name, kept in rest["files"].items() if name != "model_card.md"}}
    text = encode_json({**rest, "model_version": f"riskml-{hash_sha256(encode_json(version))[:12]}"})
    (path / MANIFEST).write_bytes(text)
    (path / SEAL).write_bytes(make_seal(text))


@pytest.fixture
def served(database_url, bundle_path, tmp_path):
    """Return a function that starts model keepers as workers do; they share a database and a folder of releases."""
    engine = open_engine(database_url)
    upgrade(engine)
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


def put(folder, bundle):
    shutil.rmtree(folder)
    shutil.copytree(bundle, folder)


def test_another_release_is_swapped_in_and_requests_in_flight_keep_theirs(served, other_bundle):
    before = read_counter(SWAPPED)
    keeper, holder = served()
    in_flight = holder.current
    keeper.refresh()
    assert holder.current is in_flight
    put(served.folder, other_bundle)
    keeper.refresh()
    assert holder.current is not in_flight
    assert holder.version != in_flight.version
    assert read_counter(SWAPPED) - before == 2
    assert keeper.failure is None


def damage_trees(folder):
    text = (folder / "trees.txt").read_bytes()
    (folder / "trees.txt").write_bytes(text.replace(b"leaf_value=", b"leaf_value=0", 1))


def cut_short(folder):
    (folder / "linear.json").write_bytes((folder / "linear.json").read_bytes()[:100])


def add_pickle(folder):
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")


def older_format(folder):
    reseal(folder, {**json.loads((folder / MANIFEST).read_text("utf-8")), "format": 0})


def older_schema(folder):
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["schema_hash"] = "0" * 64
    reseal(folder, manifest)


def wrong_scores(folder):
    """Change a coefficient and recompute all checksums, so that only the golden cases reveal the change."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    linear = json.loads((folder / "linear.json").read_text("utf-8"))
    linear["base"] += 1.0
    text = encode_json(linear)
    (folder / "linear.json").write_bytes(text)
    manifest["files"]["linear.json"] = hash_sha256(text)
    reseal(folder, manifest)


@pytest.mark.parametrize(
    "harm", [damage_trees, cut_short, add_pickle, older_format, older_schema, wrong_scores, shutil.rmtree]
)
def test_a_bad_release_keeps_the_old_model_and_is_reported(served, other_bundle, harm):
    keeper, holder = served()
    before, failures = holder.current, read_counter(REFUSED)
    put(served.folder, other_bundle)
    harm(served.folder)
    keeper.refresh()
    keeper.refresh()
    assert holder.current is before
    assert read_counter(REFUSED) - failures == 2
    assert keeper.failure.kind == "BundleError"
    shutil.rmtree(served.folder, ignore_errors=True)
    shutil.copytree(other_bundle, served.folder)
    keeper.refresh()
    assert holder.current is not before
    assert keeper.failure is None


def test_a_bad_bundle_at_the_start_leaves_the_release_that_served_before(served, other_bundle):
    first = served()[1].version
    damage_trees(served.folder)
    keeper, holder = served()
    assert holder.version == first
    assert keeper.failure.kind == "BundleError"


def test_without_any_model_the_service_waits_for_one(served, bundle_path, tmp_path):
    keeper, holder = served(bundle=tmp_path / "nowhere")
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


def test_roll_back_is_one_command_and_survives_a_restart(served, other_bundle, database_url):
    keeper, holder = served()
    first = holder.version
    put(served.folder, other_bundle)
    keeper.refresh()
    second = holder.version
    assert f"{second}\t" in run("model", "status", database_url=database_url).splitlines()[0]
    output = run("model", "rollback", database_url=database_url)
    assert output.startswith(f"Rolled back {second}; {first} takes over within 30 seconds")
    keeper.refresh()
    assert holder.version == first
    keeper.refresh()
    assert holder.version == first
    assert served()[1].version == first, "a restart does not bring back a rejected release"
    states = {
        line.split("\t")[0]: line.split("\t")[2]
        for line in run("model", "status", database_url=database_url).splitlines()
    }
    assert states == {first: "serves", second: "rolled back"}
    run("model", "accept", second, database_url=database_url)
    keeper.refresh()
    assert holder.version == second


def test_there_is_nothing_to_roll_back_to_at_first(served, database_url):
    served()
    with pytest.raises(Exception, match="no release to roll back to"):
        run("model", "rollback", database_url=database_url)
    with pytest.raises(Exception, match="No release 'riskml-x' was rolled back"):
        run("model", "accept", "riskml-x", database_url=database_url)


def test_a_database_that_is_gone_does_not_stop_a_swap(served, other_bundle, monkeypatch):
    keeper, holder = served()
    before = holder.version
    put(served.folder, other_bundle)

    def gone(*_args):
        raise OperationalError("SELECT", {}, Exception("gone"))

    for name in ("reading", "writing"):
        monkeypatch.setattr(f"riskml_serving.judging.model.keeper.{name}", gone)
    keeper.refresh()
    assert holder.version != before


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return tmp_path / "mlflow.db"


def test_the_champion_of_the_registry_serves_and_outlives_the_registry(served, bundle_path, other_bundle, registry):
    tracking.set_champion(tracking.log_run(bundle_path, {}, {}))
    keeper, holder = served(model_source="registry")
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
    assert served(model_source="registry")[1].version == second, "the model survives a restart without the registry"


@pytest.fixture
def silent(monkeypatch):
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


def test_a_tracking_server_that_hangs_is_given_up_and_the_old_model_serves(served, silent):
    """The first release comes from the folder; then the source is changed to a registry that does not respond."""
    before = served()[1].version
    keeper, holder = served(model_source="registry")
    began = time.monotonic()
    keeper.refresh()
    assert len(silent) >= 1, "the registry was contacted"
    assert 1 <= time.monotonic() - began < 30
    assert keeper.failure.kind == "TrackingError"
    assert holder.version == before


def test_a_request_in_flight_is_answered_by_the_model_that_it_began_with(
    make_client, key, tables_of, county_records, bundle_path, monkeypatch
):
    """The response has not only that model's version, but also its scores."""
    client, headers = make_client(bundle=bundle_path), key()
    body = {"as_of": "2023-03-31", "tables": tables_of(*map(str, county_records.household_id[: AT_ONCE + 1]))}
    began, go_on = threading.Event(), threading.Event()

    def slow(model, *rest):
        if model.version == first and not began.is_set():
            began.set()
            assert go_on.wait(30)
        return scored(model, *rest)

    scored, holder = scoring._score, client.app.state.holder
    first, before = holder.version, client.post("/v1/scores", json=body, headers=headers).json()
    monkeypatch.setattr(scoring, "_score", slow)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, "/v1/scores", json=body, headers=headers)
        assert began.wait(30)
        holder.swap(load_model(RELEASED, trial=True))
        later = client.post("/v1/scores", json=body, headers=headers).json()
        go_on.set()
        sooner = waiting.result(30).json()
    assert (sooner["model_version"], later["model_version"]) == (first, holder.version)
    assert sooner["scores"] == before["scores"] != later["scores"]


def test_nothing_is_released_yet(served, registry):
    keeper, holder = served(model_source="registry")
    assert holder.version is None
    assert "No model has been released yet" in keeper.failure.message


def test_only_five_copies_are_kept(served, tmp_path, bundle_path):
    store = tmp_path / "store"
    for number in range(7):
        shutil.copytree(bundle_path, store / f"riskml-old{number}")
    served()
    assert len(list(store.iterdir())) == 5
    assert any(
        path.name == json.loads((bundle_path / MANIFEST).read_text("utf-8"))["model_version"]
        for path in store.iterdir()
    )


def test_half_a_copy_that_a_kill_left_behind_goes_after_a_while(served, tmp_path, bundle_path):
    store = tmp_path / "store"
    old, fresh = store / ".riskml-old.1.new", store / ".riskml-other.2.new"
    for path in (old, fresh):
        shutil.copytree(bundle_path, path)
    os.utime(old, (0, 0))
    served()
    assert not old.exists()
    assert fresh.exists(), "another worker may be writing it"


def test_a_missing_bundle_says_what_to_do(tmp_path):
    from riskml_serving.judging.model.source import require_bundle

    with pytest.raises(BundleError, match="RISKML_SERVING_BUNDLE"):
        require_bundle(tmp_path)
