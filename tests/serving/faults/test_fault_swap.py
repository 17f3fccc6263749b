"""After kill -9 during a model swap and a restart, one complete model serves, and it can still be rolled back."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

from riskml.model import Bundle
from riskml_serving.base.database import open_engine, upgrade, writing
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
    upgrade(engine)
    with writing(engine) as connection:
        token = create_key(connection, "swap", "", ("score", "read"))
    engine.dispose()
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def offered(bundle_path, tmp_path):
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


def put(folder, bundle):
    shutil.rmtree(folder)
    shutil.copytree(bundle, folder)


def served(url, headers):
    """Return the version of the model that serves, and the probability that it gives."""
    content = httpx.post(f"{url}/v1/scores", content=household.build_body(reasons=False), headers=headers).json()
    return content["model_version"], content["scores"][0]["probability"]


def until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.02)


def killed_in_a_swap(serve, offered, where, call):
    service = serve(bundle=offered, dies=(where, call), job_worker=False, model_poll_seconds=0.05).wait()
    put(offered, RELEASED)
    service.process.join(60)
    assert service.process.exitcode == -signal.SIGKILL


def require_whole(store):
    for folder in store.glob("riskml-*"):
        assert Bundle.load(folder).model_version == folder.name


def check_afterwards(serve, offered, headers, probabilities, store, database_url):
    first, second = probabilities
    require_whole(store)
    service = serve(bundle=offered, job_worker=False, model_poll_seconds=0.05).wait()
    assert served(service.url, headers) == (second, probabilities[second])
    require_whole(store)
    result = CliRunner().invoke(commands, ["model", "rollback", "--db", database_url])
    assert result.exit_code == 0, result.output
    until(lambda: served(service.url, headers) == (first, probabilities[first]))


@files_only
@pytest.mark.parametrize("point", [VERIFIED, COPIED, SWAPPED])
def test_killed_in_a_swap(serve, offered, headers, probabilities, tmp_path, database_url, point):
    killed_in_a_swap(serve, offered, point, 2)
    check_afterwards(serve, offered, headers, probabilities, tmp_path / "models", database_url)


def test_killed_before_the_note_of_a_swap_is_committed(serve, offered, headers, probabilities, tmp_path, database_url):
    killed_in_a_swap(serve, offered, NOTED, 2)
    check_afterwards(serve, offered, headers, probabilities, tmp_path / "models", database_url)


@files_only
def test_killed_while_a_release_is_copied(serve, offered, headers, probabilities, tmp_path, database_url):
    files = len(list(offered.iterdir()))
    killed_in_a_swap(serve, offered, "pathlib.Path.write_bytes", files + 3)
    store = tmp_path / "models"
    assert len(list(store.glob(".riskml-*"))) == 1, "the incomplete copy has a temporary name"
    check_afterwards(serve, offered, headers, probabilities, store, database_url)


def test_killed_in_a_swap_and_nothing_is_offered_any_more(serve, offered, headers, probabilities):
    killed_in_a_swap(serve, offered, SWAPPED, 2)
    for name in ("trees.txt", "linear.json"):
        (offered / name).unlink()
    service = serve(bundle=offered, job_worker=False, model_poll_seconds=0.05).wait()
    version, probability = served(service.url, headers)
    assert probability == probabilities[version]
