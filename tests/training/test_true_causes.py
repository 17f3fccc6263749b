"""The classifier with which the reasons are compared; it is trained on the true causes of falls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.training.aggregates import build_report_data
from riskml.training.holdout import collect_holdout, collect_training
from riskml.training.true_causes import FEWEST_FALLS, rank_causes


def test_the_classifier_ranks_causes_that_the_features_show():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    causes = np.where(X[:, 0] > 0.5, "work", np.where(X[:, 1] > 0, "illness", "schooling")).tolist()
    ranked = rank_causes(X[:400], causes[:400], X[400:])
    first = [codes.split(";")[0] for codes in ranked]
    assert np.mean([a == b for a, b in zip(first, causes[400:], strict=True)]) > 0.85
    assert {len(codes.split(";")) for codes in ranked} == {3}
    assert ranked == rank_causes(X[:400], causes[:400], X[400:])


def test_no_classifier_is_trained_on_too_few_falls_or_a_single_cause():
    X = np.zeros((FEWEST_FALLS, 1))
    assert rank_causes(X[1:], ["work", *["illness"] * (FEWEST_FALLS - 2)], X) is None
    assert rank_causes(X, ["work"] * FEWEST_FALLS, X) is None


def test_the_report_compares_the_reasons_with_a_classifier_if_true_causes_for_training_are_known(
    trained, county, county_records, tmp_path, monkeypatch
):
    monkeypatch.setattr("riskml.training.true_causes.FEWEST_FALLS", 20)
    policy = load_policy()
    parts = [collect(county_records, trained, policy, *rest) for collect, rest in (
        (collect_training, (Silent(),)), (collect_holdout, ("report on", Silent())))]  # fmt: skip
    rows = [
        pd.DataFrame({"household_id": county_records.household_id[p.cohort.household], "as_of": p.cohort.as_of})
        for p in parts
    ]
    truth = pd.concat(rows).assign(cause=np.resize(["illness", "work"], sum(map(len, rows))))
    monkeypatch.setattr("riskml.training.aggregates.read_truth", lambda *_: truth)
    report = build_report_data(county_records, *parts, trained, policy, county, Silent())
    both = report["reasons"]["classifier"], report["reasons"]
    assert all(both[0][name]["falls"] == both[1][name]["falls"] > 0 for name in ("all", "visited"))
    assert 0 < both[0]["all"]["first"] <= both[0]["all"]["first_three"] == 1.0
    without = build_report_data(county_records, None, parts[1], trained, policy, county, Silent())
    assert without["reasons"]["classifier"] is None
