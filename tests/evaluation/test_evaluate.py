"""The complete evaluation of a model: its parts, edge cases, and JSON output without NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from riskml.errors import ModelError
from riskml.evaluation import SHARES, Prediction, evaluate
from riskml.evaluation.evaluate import COMPARED


@pytest.fixture
def evaluated(county):
    return evaluate(*county, resamples=100, seed=1)


def test_the_evaluation_has_all_its_sections_and_figures(evaluated):
    assert {"models", "by_lead", "by_kind", "complement", "calibration", "groups"} <= set(evaluated)
    assert set(evaluated["models"]) == {"riskml", "rule_line", "weighted_past_income"}
    for measured in evaluated["models"].values():
        assert {"auc", "ap", "brier", "ci", "recall_at", "precision_at", "lead_months"} <= set(measured)
        assert list(measured["recall_at"]) == list(measured["precision_at"]) == ["0.01", "0.05", "0.10"]
    assert set(evaluated["by_lead"]) == {"1-3", "4-6", "7-12"}
    assert set(evaluated["by_kind"]) == {"income", "spending", "monitoring"}
    assert set(evaluated["complement"]) == {"both", "rule_only", "model_only", "neither"}
    assert {"slope", "intercept", "ece"} <= set(evaluated["calibration"])


def test_measures_agree_with_scikit_learn(county, evaluated):
    rows, models = county
    for name, model in models.items():
        measured = evaluated["models"][name]
        assert measured["auc"] == pytest.approx(roc_auc_score(rows.label, model.score))
        assert measured["ap"] == pytest.approx(average_precision_score(rows.label, model.score))
        assert measured["brier"] == pytest.approx(brier_score_loss(rows.label, model.probability))


def test_intervals_contain_the_figures_and_stay_within_the_scale(evaluated):
    for measured in evaluated["models"].values():
        for name in ("auc", "ap", "brier"):
            low, high = measured["ci"][name]
            assert 0 <= low < measured[name] < high <= 1
        for name in ("recall_at", "precision_at"):
            for share, (low, high) in measured["ci"][name].items():
                assert 0 <= low <= measured[name][share] <= high <= 1


@pytest.mark.parametrize("measure", COMPARED)
def test_the_difference_is_paired(evaluated, measure):
    own, other = evaluated["models"]["riskml"], evaluated["models"]["rule_line"]
    difference = evaluated[f"{measure}_difference"]["rule_line"]
    assert difference["value"] == pytest.approx(own[measure] - other[measure])
    apart = np.hypot(np.ptp(own["ci"][measure]), np.ptp(other["ci"][measure]))
    assert np.ptp(difference["ci"]) < apart
    assert set(evaluated[f"{measure}_difference"]) == {"rule_line", "weighted_past_income"}


def test_a_model_does_not_differ_from_itself(county):
    rows, models = county
    evaluation = evaluate(rows, {"riskml": models["riskml"], "champion": models["riskml"]}, resamples=20)
    for measure in COMPARED:
        assert evaluation[f"{measure}_difference"] == {"champion": {"value": 0.0, "ci": [0.0, 0.0]}}


def test_falls_are_counted_by_lead_and_by_kind(county, evaluated):
    rows, _ = county
    positives = int(rows.label.sum())
    assert sum(part["n"] for part in evaluated["by_lead"].values()) == positives
    assert sum(part["n"] for part in evaluated["by_kind"].values()) == positives
    result = sum(part["n"] * part["recall_at_capacity"]["riskml"] for part in evaluated["by_lead"].values())
    assert result / positives == pytest.approx(evaluated["models"]["riskml"]["recall_at"]["0.10"])
    result = sum(part["n"] * part["models"]["riskml"]["recall_at_capacity"] for part in evaluated["by_kind"].values())
    assert result / positives == pytest.approx(evaluated["models"]["riskml"]["recall_at"]["0.10"])


def test_each_kind_of_fall_is_ranked_against_rows_without_a_fall(county, evaluated):
    rows, models = county
    compared = rows.by <= 1
    expected = roc_auc_score(rows.by[compared] == 1, models["riskml"].score[compared])
    assert evaluated["by_kind"]["income"]["models"]["riskml"]["auc"] == pytest.approx(expected)


def test_leads_are_grouped_by_month_and_long_leads_are_kept(make_rows, predict):
    lead = np.array([0.0, 0.4, 3.0, 3.01, 3.5, 6.0, 12.02, 13.0, np.nan])
    rows = make_rows([1] * 8 + [0], lead=lead)
    evaluation = evaluate(rows, {"riskml": predict(np.arange(9))}, resamples=0)["by_lead"]
    assert {name: part["n"] for name, part in evaluation.items()} == {"1-3": 4, "4-6": 2, "7-12": 1, "13+": 1}


def test_the_complement_counts_the_visit_list(county, evaluated):
    kinds = evaluated["complement"]
    assert kinds["both"]["n"] + kinds["model_only"]["n"] == 120
    assert sum(part["n"] for part in kinds.values()) == 1200


def test_the_rule_line_has_no_lead_over_itself(evaluated):
    assert evaluated["models"]["rule_line"]["lead_months"] == 0.0
    assert evaluated["models"]["riskml"]["lead_months"] >= 0.0
    assert evaluated["models"]["weighted_past_income"]["lead_months"] > 0.0


def test_visits_per_case_follow_the_capacity(county):
    evaluation = evaluate(*county, capacity=0.05, resamples=0)
    measured = evaluation["models"]["riskml"]
    assert measured["visits_per_case"] == pytest.approx(1 / measured["precision_at"]["0.05"])
    assert evaluation["capacity"] == 0.05
    assert sum(evaluation["complement"][kind]["n"] for kind in ("both", "model_only")) == 60


def test_the_same_rows_give_the_same_bytes(county, evaluated):
    assert json.dumps(evaluate(*county, resamples=100, seed=1)) == json.dumps(evaluated)
    assert evaluate(*county, resamples=100, seed=2)["models"]["riskml"]["ci"] != evaluated["models"]["riskml"]["ci"]


def test_without_resamples_there_are_no_intervals(county):
    measured = evaluate(*county, resamples=0)["models"]["riskml"]
    assert measured["ci"]["auc"] is None
    assert set(measured["ci"]["recall_at"].values()) == {None}


@pytest.mark.parametrize(
    ("label", "household"),
    [([0, 0, 0], [1, 2, 3]), ([1, 1], [1, 2]), ([1], [1]), ([0], [1]), ([1, 0, 0], [5, 5, 5])],
    ids=["no faller", "all fell", "one faller", "one row", "one household"],
)
def test_undefined_figures_are_null(make_rows, predict, label, household):
    rows = make_rows(
        label,
        household=np.array(household, dtype=np.int64),
        groups={"region": np.array(["a"] * len(label), dtype=str)},
        first_rule_flag=np.full(len(label), np.nan),
    )
    models = {name: predict(np.zeros(len(label))) for name in ("riskml", "rule_line")}
    evaluation = evaluate(rows, models, resamples=30)
    json.dumps(evaluation, allow_nan=False)
    if len(set(label)) < 2:
        assert evaluation["models"]["riskml"]["auc"] is None
        assert evaluation["models"]["riskml"]["ap"] is None
    if 1 not in label:
        assert set(evaluation["models"]["riskml"]["recall_at"].values()) == {None}


def test_identical_scores_rank_no_better_than_a_coin_toss(make_rows, predict):
    label = np.tile([1, 0, 0, 0], 25)
    measured = evaluate(make_rows(label), {"riskml": predict(np.zeros(100))}, resamples=20)["models"]["riskml"]
    assert (measured["auc"], measured["ap"]) == (0.5, 0.25)
    assert [measured["recall_at"][f"{share:.2f}"] for share in SHARES] == pytest.approx(SHARES)
    assert list(measured["precision_at"].values()) == pytest.approx([0.25] * 3)


@pytest.mark.parametrize(
    ("score", "probability"),
    [([np.nan, 1.0], [0.1, 0.2]), ([0.0, 1.0], [0.1, 1.2]), ([0.0, 1.0], [np.nan, 0.2])],
)
def test_a_prediction_has_a_score_and_a_probability_for_every_row(score, probability):
    with pytest.raises(ModelError, match=r"1 test row\(s\) have no score, or no probability from 0 to 1"):
        Prediction(np.array(score), np.array(probability))
