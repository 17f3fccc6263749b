"""``riskml benchmark panels`` on an invented survey: features, peers, tables, targets and messages."""

from __future__ import annotations

import copy
import json
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from typer.testing import CliRunner

from riskml.benchmarks.panels import peers, run, tables
from riskml.benchmarks.panels.peers import PEERS, Peer, find_absent, predict_peer
from riskml.cli.main import build_app

pytestmark = pytest.mark.integration


@pytest.fixture
def result(measured):
    return copy.deepcopy(measured.result)


def test_the_features_of_every_date_of_a_cut_are_built_once(measured):
    assert measured.features == [4, 2]


def test_every_model_is_measured_at_every_origin(result):
    assert [(row["test_from"], row["training_dates"]) for row in result["origins"]] == [
        ("1983-12-31", 3),
        ("1982-12-31", 2),
        ("1983-12-31", 1),
    ]
    models = ["riskml", "rule_line", "distance_to_line", "weighted_past_income", "logistic", "lightgbm"]
    assert all(list(row["models"]) == models for row in result["origins"])
    assert result["baselines"] == models[1:5]
    assert result["origins"][0]["n_test"] == result["origins"][2]["n_test"]
    assert [result[part]["origins"] for part in ("overall", "one_training_date", "several_training_dates")] == [3, 1, 2]
    mean = np.mean([row["models"]["riskml"]["ap"] for row in result["origins"]])
    assert result["overall"]["models"]["riskml"]["ap"]["mean"] == pytest.approx(mean)
    assert result["panels"]["invented"]["models"] == result["overall"]["models"]
    assert set(result["targets"]) == {"best_auc", "best_ap", "best_brier", "beaten_on_no_panel"}


def test_the_tables_are_markdown_with_one_row_per_model_and_one_per_panel(result):
    text = tables.render_panels(result)
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|")]
    assert [row[1].strip() for row in rows].count("lightgbm") == 2
    panel = next(row for row in rows if row[1].strip() == "invented")
    assert panel[2].strip() == "3"
    assert len({len(row) for row in rows[:8]}) == 1
    assert "nan" not in text


@pytest.mark.parametrize("beaten", [True, False])
def test_the_command_fails_if_a_target_is_missed_and_names_what_is_not_installed(result, monkeypatch, beaten):
    result["targets"] = {"beaten_on_no_panel": not beaten}
    monkeypatch.setattr(run, "run", lambda _progress: result)
    done = CliRunner().invoke(build_app(), ["benchmark", "panels"])
    assert done.exit_code == beaten, done.output
    assert "Not installed, so not measured: " in done.stdout
    assert ("MISSED" in done.stdout) == beaten
    done = CliRunner().invoke(build_app(), ["benchmark", "panels", "--json"])
    assert json.loads(done.stdout)["absent"] == result["absent"]


# -- peers -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(measured):
    """Return the training and test rows of the invented survey's first origin."""
    return measured.peer_rows[0]


class Recorder:
    """A classifier that predicts a fixed rate and records how many rows it was fitted on."""

    fits: ClassVar[list[tuple[float, int]]] = []

    def __init__(self, seed, rate):
        assert seed == 4
        self.rate = rate

    def fit(self, X, y):
        self.fits.append((self.rate, len(y)))

    def predict_proba(self, X):
        return np.column_stack([np.full(len(X), 1 - self.rate), np.full(len(X), self.rate)])


@pytest.fixture
def make_recorder(monkeypatch):
    """Make a peer that may choose between rates."""
    monkeypatch.setattr(Recorder, "fits", [])
    monkeypatch.setitem(sys.modules, "recorders", SimpleNamespace(Recorder=Recorder))
    return lambda *rates: Peer("recorders.Recorder", {"seed": 4}, tuple({"rate": rate} for rate in rates))


def test_settings_are_chosen_by_log_loss_on_training_rows_alone(rows, make_recorder):
    training, test = rows
    prediction = predict_peer(make_recorder(0.9, float(training.y.mean()), 0.5), training, test)
    fits = Recorder.fits
    assert set(prediction.probability) == {float(training.y.mean())}
    assert len(prediction.probability) == len(test.y)
    assert len(fits) == 3 * peers.FOLDS + 1
    assert fits[-1][1] == len(training.y)
    assert sum(count for _, count in fits[: peers.FOLDS]) == (peers.FOLDS - 1) * len(training.y)


def test_with_fewer_falls_than_folds_the_first_settings_are_used(rows, make_recorder, monkeypatch):
    training, test = rows
    monkeypatch.setattr(peers, "FOLDS", int(training.y.sum()) + 1)
    assert set(predict_peer(make_recorder(0.9, float(training.y.mean())), training, test).probability) == {0.9}
    assert len(Recorder.fits) == 1


@pytest.mark.parametrize("name", [name for name in PEERS if name not in find_absent()])
def test_every_setting_of_an_installed_peer_takes_missing_values_and_categories(rows, name):
    assert np.isnan(rows[0].cohort.features.values).all(axis=0).any(), "a column without any value is among the cases"
    for choice in PEERS[name].choices:
        probability = predict_peer(replace(PEERS[name], choices=(choice,)), *rows).probability
        assert ((probability >= 0) & (probability <= 1)).all()
        assert len(np.unique(probability)) > 10


def test_a_peer_is_absent_if_its_package_is_not_installed(monkeypatch):
    monkeypatch.setattr(peers, "PEERS", {"one": Peer("numpy.ndarray", {}), "two": Peer("riskml_absent.Model", {})})
    assert find_absent() == ["two"]
