"""What tests share: a small simulated county and a bundle trained on it, made once a session and never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskml.policy import load_policy
from riskml.records.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings
from riskml.training import Trained, train


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated county of 800 households and 42 months, with truth."""
    folder = tmp_path_factory.mktemp("county") / "records"
    simulate(folder, 800, 42, 5, None, "last")
    return folder


@pytest.fixture(scope="session")
def county_records(county: Path) -> Records:
    return Records.load(county)


@pytest.fixture(scope="session")
def trained(county: Path, county_records: Records) -> Trained:
    return train(county_records, Settings(), load_policy(), folder=county)


@pytest.fixture(scope="session")
def bundle_path(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained.bundle.save(tmp_path_factory.mktemp("bundle") / "model")
