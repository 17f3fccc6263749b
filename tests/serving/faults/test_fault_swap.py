"""After kill -9 during a model swap and a restart, one complete model is in service and can still be rolled back."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

from riskml.model import Bundle
from riskml_serving.base.database import open_engine, writing
from riskml_serving.commands.cli import app as commands
from riskml_serving.devtools.benchmark import household
from riskml_serving.judging.model import load_model
from riskml_serving.people.auth.service import create_key

RELEASED = Path(__file__).parents[3] / "models" / "simulated-county-1"

VERIFIED = "riskml_serving.running.app.load_model"
COPIED = "riskml_serving.judging.model.copies.save_copy"
SWAPPED = "riskml_serving.judging.model.holder.Holder.swap"
NOTED = "riskml_serving.judging.model.repository.record_release"

files_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Runs a test only on SQLite, because the point of failure does not involve the database."""


@pytest.fixture
def headers(database_url):
    engine = open_engine(database_url)
    with writing(engine) as connection:
        token = create_key(connection, "swap", "", ("score", "read"))
    engine.dispose()
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def bundle_folder(bundle_path, tmp_path):
    return Path(shutil.copytree(bundle_path, tmp_path / "offered"))


@pytest.fixture(scope="module")
def probabilities(bundle_path):
    """Compute the probability that each of two models gives one household, by model version."""
    out = {}
    for folder in (bundle_path, RELEASED):
        model = load_model(folder, trial=True)
        _, values = household.build_features(model)
        out[model.version] = float(model.bundle.predict_probability(values)[0])
    assert len(set(out.values())) == 2
    return out


def replace_bundle(folder, bundle):
    shutil.rmtree(folder)
    shutil.copytree(bundle, folder)


def read_served(url, headers):
    """Return the version of the model in service, and the probability that it gives."""
    content = httpx.post(f"{url}/v1/scores", content=household.build_body(reasons=False), headers=headers).json()
    return content["model_version"], content["scores"][0]["probability"]


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.02)


def kill_during_swap(serve, bundle_folder, where, call):
    service = serve(bundle=bundle_folder, dies=(where, call), job_worker=False, model_poll_seconds=0.05).wait()
    replace_bundle(bundle_folder, RELEASED)
    service.process.join(60)
    assert service.process.exitcode == -signal.SIGKILL


def require_complete_copies(store):
    for folder in store.glob("riskml-*"):
        assert Bundle.load(folder).model_version == folder.name


def check_recovery(serve, bundle_folder, headers, probabilities, store, database_url):
    first, second = probabilities
    require_complete_copies(store)
    service = serve(bundle=bundle_folder, job_worker=False, model_poll_seconds=0.05).wait()
    assert read_served(service.url, headers) == (second, probabilities[second])
    require_complete_copies(store)
    result = CliRunner().invoke(commands, ["model", "rollback", "--db", database_url])
    assert result.exit_code == 0, result.output
    wait_until(lambda: read_served(service.url, headers) == (first, probabilities[first]))


@files_only
@pytest.mark.parametrize("point", [VERIFIED, COPIED, SWAPPED])
def test_a_kill_during_a_swap_leaves_a_complete_model(
    serve, bundle_folder, headers, probabilities, tmp_path, database_url, point
):
    kill_during_swap(serve, bundle_folder, point, 2)
    check_recovery(serve, bundle_folder, headers, probabilities, tmp_path / "models", database_url)


def test_a_kill_before_a_swap_is_recorded_leaves_a_complete_model(
    serve, bundle_folder, headers, probabilities, tmp_path, database_url
):
    kill_during_swap(serve, bundle_folder, NOTED, 2)
    check_recovery(serve, bundle_folder, headers, probabilities, tmp_path / "models", database_url)


@files_only
def test_a_kill_while_a_release_is_copied_leaves_a_complete_model(
    serve, bundle_folder, headers, probabilities, tmp_path, database_url
):
    files = len(list(bundle_folder.iterdir()))
    kill_during_swap(serve, bundle_folder, "pathlib.Path.write_bytes", files + 3)
    store = tmp_path / "models"
    assert len(list(store.glob(".riskml-*"))) == 1, "the incomplete copy has a temporary name"
    check_recovery(serve, bundle_folder, headers, probabilities, store, database_url)


def test_after_a_kill_the_service_starts_even_if_the_bundle_folder_is_damaged(
    serve, bundle_folder, headers, probabilities
):
    kill_during_swap(serve, bundle_folder, SWAPPED, 2)
    for name in ("trees.txt", "linear.json"):
        (bundle_folder / name).unlink()
    service = serve(bundle=bundle_folder, job_worker=False, model_poll_seconds=0.05).wait()
    version, probability = read_served(service.url, headers)
    assert probability == probabilities[version]
