"""The check RKD007, which fires if features drift between training and test rows; the stability index that it uses;
and the AUC of single features."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.evaluation.checks.base import Finding, NotApplicable
from riskml.evaluation.checks.drift import Drifted
from riskml.evaluation.evidence import measure_feature_auc, measure_stability
from riskml.features.matrix import FeatureColumn, FeatureMatrix

COLUMNS = (FeatureColumn("income"), FeatureColumn("region", categorical=True))


def make_matrix(income, region, levels=("a", "b")):
    values = np.column_stack([income, region]).astype(float)
    n = len(values)
    return FeatureMatrix(np.array(["h"] * n), np.zeros(n, np.int32), COLUMNS, values, {"region": tuple(levels)})


@pytest.fixture
def train():
    random = np.random.default_rng(0)
    return make_matrix(random.normal(size=4000), random.integers(0, 2, 4000))


def test_quiet_for_equal_distributions(train, evidence):
    random = np.random.default_rng(1)
    drift = measure_stability(train, make_matrix(random.normal(size=4000), random.integers(0, 2, 4000)))
    assert max(drift.values()) < 0.02
    assert Drifted().run(evidence(population_stability=drift)) is None


def test_the_index_matches_its_definition():
    # The quantiles of 0..9 split the training rows into ten bins of one row each; all test rows are in the first bin.
    drift = measure_stability(make_matrix(np.arange(10), np.zeros(10)), make_matrix(np.zeros(10), np.zeros(10)))
    before, after = np.array([1.5] * 10 + [0.5]) / 15.5, np.array([10.5] + [0.5] * 10) / 15.5
    assert drift["income"] == pytest.approx(((after - before) * np.log(after / before)).sum())
    assert drift["region"] == 0.0


def test_shifts_new_missing_values_and_changed_categories_are_reported(train, evidence):
    shifted = measure_stability(train, make_matrix(train.column("income") + 1, train.column("region")))
    assert shifted["income"] > 0.5
    gone = measure_stability(train, make_matrix(np.full(4000, np.nan), np.zeros(4000)))
    assert gone["income"] > 5
    assert gone["region"] > 0.5
    finding = Drifted().run(evidence(population_stability=gone))
    assert isinstance(finding, Finding)
    assert not finding.blocking
    assert finding.message.startswith("2 of 2 feature(s)")


def test_categories_are_compared_by_name_and_unknown_categories_as_missing(train):
    renamed = make_matrix(train.column("income"), 1 - train.column("region"), levels=("b", "a"))
    assert measure_stability(train, renamed)["region"] < 0.01
    other = make_matrix(train.column("income"), train.column("region"), levels=("x", "y"))
    assert measure_stability(train, other)["region"] > 5


def test_a_feature_that_is_missing_everywhere_has_not_drifted():
    empty = make_matrix(np.full(50, np.nan), np.full(50, np.nan), levels=())
    assert measure_stability(empty, empty) == {"income": 0.0, "region": 0.0}


def test_without_rows_there_is_no_index_and_the_check_does_not_apply(train, evidence):
    assert measure_stability(train, train.take(np.zeros(4000, bool))) == {}
    assert isinstance(Drifted().run(evidence()), NotApplicable)


def test_each_feature_is_measured_on_the_rows_where_it_is_known(train):
    income = np.repeat([1.0, 2.0, np.nan, 3.0, 4.0], 2000)
    positive = np.repeat([False, True, True, False, True], 2000)
    features, household = make_matrix(income, np.zeros(10_000)), np.arange(10_000)
    assert measure_feature_auc(features, positive, household) == {"income": pytest.approx(0.75, abs=0.02)}
    assert measure_feature_auc(features, np.zeros(10_000, bool), household) == {}


def test_a_feature_known_for_few_households_does_not_predict_too_well_by_chance_but_a_leak_does():
    few, many = np.full(400, np.nan), np.full(400, np.nan)
    positive, household = np.arange(400) < 40, np.arange(400)
    few[:2], few[390:] = 1.0, 2.0  # perfect, but two falls are no evidence
    many[10:100] = np.where(np.arange(10, 100) < 40, 0.0, 1.0)
    features = make_matrix(few, np.zeros(400))
    assert measure_feature_auc(features, positive, household) == {}
    assert measure_feature_auc(make_matrix(many, np.zeros(400)), positive, household) == {"income": 0.0}
    # Many rows of few households are no more evidence.
    assert measure_feature_auc(make_matrix(many, np.zeros(400)), positive, household % 5) == {}
    # A nearly perfect ranking of few households may be due to chance, one of many is not.
    noisy = np.where(np.arange(400) % 20 == 0, 1 - positive, positive) + 0.0
    small = np.r_[0:12, 380:392]
    assert measure_feature_auc(make_matrix(noisy, np.zeros(400)), positive, household)["income"] > 0.9
    assert (
        measure_feature_auc(make_matrix(noisy[small], np.zeros(24)), positive[small], household[small])["income"] < 0.9
    )
