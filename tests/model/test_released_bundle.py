"""The bundle released with riskml loads, has the current features, and states that its county is simulated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskml.features import CATALOGUE
from riskml.model import Bundle
from riskml.model.bundle_files import CARD, MANIFEST, SEAL
from riskml.policy import load_policy
from riskml.training.card import write_model_card

FOLDER = Path(__file__).parents[2] / "models"
HOUSEHOLD = re.compile(r"\bH\d{7}\b")
RETRAIN_HINT = "train and commit a new bundle: `make bundle`"


@pytest.fixture(scope="module")
def folder() -> Path:
    return max(path.parent for path in FOLDER.glob("*/manifest.json"))


@pytest.fixture(scope="module")
def released(folder: Path) -> Bundle:
    return Bundle.load(folder)


def test_there_is_exactly_one_released_bundle():
    assert len(list(FOLDER.glob("*/manifest.json"))) == 1


def test_the_bundle_was_trained_on_the_current_features(released):
    own = [c for c in released.columns if not c.name.startswith(("region_", "attribute_"))]
    gone = [c.name for c in own if c.name not in CATALOGUE]
    turned = [c.name for c in own if c.name in CATALOGUE and CATALOGUE[c.name].column != c]
    assert not gone, RETRAIN_HINT
    assert not turned, RETRAIN_HINT


def test_the_bundle_was_trained_under_the_current_policy(released):
    policy = load_policy()
    assert released.policy_version == policy.version, RETRAIN_HINT
    assert released.thresholds == {code: tier.probability for code, tier in policy.tiers.items()}, RETRAIN_HINT


def test_the_model_card_has_the_current_texts(released, folder, golden):
    renewed = released.with_report(released.report, write_model_card)
    assert renewed.model_version == released.model_version
    for name in (CARD, MANIFEST, SEAL):
        golden(folder / name, renewed.files[name].decode())


def test_the_bundle_holds_no_household_and_says_its_county_is_simulated(released):
    files = [path for path in FOLDER.glob("*/*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000
    assert released.manifest["refit"]
    for path in files:
        assert not HOUSEHOLD.search(path.read_text(encoding="utf-8")), path
    card = next(path for path in files if path.name == "model_card.md").read_text(encoding="utf-8")
    assert "模拟县" in card
    assert "simulated" in card
