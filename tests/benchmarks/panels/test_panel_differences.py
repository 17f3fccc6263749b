"""Paired differences between models: resampling matches a plain loop; ranks and standard errors are right; a model is
reported as better than riskml only beyond two standard errors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from riskml.benchmarks.panels.resampling import OriginPredictions, measure_panel, summarize
from riskml.evaluation import Prediction


@pytest.fixture(scope="module")
def origins():
    """Draw three origins that share households, some of which have several rows at an origin."""
    random = np.random.default_rng(3)
    made = []
    for rows in (60, 45, 80):
        y = (random.random(rows) < 0.3).astype(float)
        chance = {name: np.round(random.random(rows) * 0.5 + 0.3 * y, 1) for name in ("riskml", "logistic")}
        household = np.array([f"h{number}" for number in random.integers(0, 40, rows)])
        made.append(OriginPredictions(household, y, {name: Prediction(p, p) for name, p in chance.items()}))
    return made


def measure(y, p):
    return roc_auc_score(y, p), average_precision_score(y, p), brier_score_loss(y, p)


def test_resampling_matches_a_loop_that_copies_the_rows_of_every_drawn_household(origins):
    measured = measure_panel(origins, resamples=20, seed=7)
    names = sorted({code for origin in origins for code in origin.household})
    random = np.random.default_rng(7)
    for draw in range(21):
        drawn = names if draw == 0 else [names[k] for k in random.integers(0, len(names), len(names))]
        for position, origin in enumerate(origins):
            rows = np.concatenate([np.flatnonzero(origin.household == name) for name in drawn])
            for name, prediction in origin.predictions.items():
                expected = measure(origin.y[rows], prediction.probability[rows])
                assert measured[name][draw, position] == pytest.approx(expected, abs=1e-12)


def test_a_resample_with_one_class_is_undefined_and_left_out():
    predictions = {name: Prediction(np.array([0.9, 0.1]), np.array([0.9, 0.1])) for name in ("riskml", "logistic")}
    measured = measure_panel([OriginPredictions(np.array(["a", "b"]), np.array([1.0, 0.0]), predictions)], 50, 0)
    undefined = np.isnan(measured["riskml"][1:, 0, 0])
    assert 0 < undefined.sum() < 50
    difference = summarize(measured, ["logistic"])["models"]["logistic"]["ap"]["difference"]
    assert difference == {"value": 0.0, "se": 0.0, "ci": [0.0, 0.0]}


def test_means_ranks_and_differences_are_computed_over_the_origins():
    riskml = np.array([[[0.8, 0.30, 0.05], [0.6, 0.10, 0.03]], [[0.7, 0.3, 0.05]] * 2, [[0.8, 0.3, 0.05]] * 2])
    other = np.array([[[0.7, 0.40, 0.06], [0.7, 0.20, 0.04]], [[0.6, 0.38, 0.06]] * 2, [[0.9, 0.42, 0.06]] * 2])
    result = summarize({"riskml": riskml, "other": other}, [])
    auc, ap, brier = (result["models"]["other"][name] for name in ("auc", "ap", "brier"))
    assert (auc["mean"], auc["rank"], ap["rank"], brier["rank"]) == (pytest.approx(0.7), 1, 1, 2)
    assert result["models"]["riskml"]["auc"]["rank"] == 1  # ties share the better rank
    assert result["models"]["riskml"]["ap"]["rank"] == 2
    assert ap["difference"]["value"] == pytest.approx(-0.1)
    assert ap["difference"]["se"] == pytest.approx(np.std([-0.08, -0.12]))
    assert brier["difference"]["value"] == pytest.approx(-0.01)


@pytest.mark.parametrize(("spread", "beaten"), [(0.04, [("other", "ap")]), (0.06, [])])
def test_a_baseline_beats_riskml_only_by_more_than_two_standard_errors(spread, beaten):
    same = np.array([[[0.7, 0.3, 0.05]]] * 3)
    other = same + np.array([0.1, 0.1 + spread, 0.1 - spread])[:, None, None] * np.array([0, 1, 0])
    result = summarize({"riskml": same, "other": other, "peer": other}, ["other"])
    assert [(row["model"], row["measure"]) for row in result["beaten_by"]] == beaten


def test_a_lower_brier_score_is_better():
    one = np.array([[[0.7, 0.3, 0.05]]] * 3)
    lower = one - np.array([0, 0, 0.01])
    assert [row["measure"] for row in summarize({"riskml": one, "x": lower}, ["x"])["beaten_by"]] == ["brier"]
    assert summarize({"riskml": lower, "x": one}, ["x"])["beaten_by"] == []
