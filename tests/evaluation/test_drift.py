"""Drift computed from a bundle's aggregates is close to drift computed from the training rows."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.evaluation.drift import compare_deciles, compare_shares, measure_drift
from riskml.evaluation.evidence import measure_stability
from riskml.features.matrix import FeatureColumn, FeatureMatrix
from riskml.model.reference import build_reference


def make_matrix(values, names=("x",), levels=None):
    values = np.asarray(values, float).reshape(len(values), -1)
    columns = tuple(FeatureColumn(name, categorical=name in (levels or {})) for name in names)
    n = len(values)
    return FeatureMatrix(np.array([f"h{i}" for i in range(n)]), np.zeros(n, np.int32), columns, values, levels or {})


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_numeric_drift_from_bins_is_close_to_drift_from_the_rows(shift):
    rng = np.random.default_rng(3)
    before, after = rng.normal(size=4000), rng.normal(shift, 1, size=3000)
    before[::7], after[::5] = np.nan, np.nan
    train, test = make_matrix(before), make_matrix(after)
    exact = measure_stability(train, test)["x"]
    drift = measure_drift(build_reference(train, np.full(4000, 0.5)), test, np.full(3000, 0.5))
    assert drift["x"] == pytest.approx(exact, rel=0.1, abs=0.005)


def test_drift_in_counts_is_small_without_a_change_and_large_after_one():
    rng = np.random.default_rng(4)
    train, same, more = (make_matrix(rng.poisson(rate, 3000)) for rate in (0.15, 0.15, 1.5))
    reference = build_reference(train, np.full(3000, 0.5))
    assert measure_drift(reference, same, np.full(3000, 0.5))["x"] < 0.01
    exact = measure_stability(train, more)["x"]
    assert 0.25 < measure_drift(reference, more, np.full(3000, 0.5))["x"] <= exact + 0.05


def test_drift_in_levels_is_close_to_drift_from_the_rows_and_an_unknown_level_is_drift():
    rng = np.random.default_rng(5)
    levels = {"house": ("brick", "mud", "wood")}
    train, other = (
        make_matrix(rng.choice(3, 2000, p=p), ("house",), levels) for p in ((0.6, 0.3, 0.1), (0.2, 0.3, 0.5))
    )
    drift = measure_drift(build_reference(train, np.full(2000, 0.5)), other, np.full(2000, 0.5))["house"]
    assert drift == pytest.approx(measure_stability(train, other)["house"], rel=0.05)
    assert compare_shares({"brick": 1.0}, 0.0, ["straw"] * 100) > 1


def test_drift_is_also_measured_for_the_score_and_is_absent_without_rows():
    rng = np.random.default_rng(6)
    train, scores = make_matrix(rng.normal(size=2000)), rng.uniform(size=2000)
    reference = build_reference(train, scores)
    assert measure_drift(reference, train, scores)["probability"] < 0.01
    assert measure_drift(reference, train, scores**4)["probability"] > 0.25
    assert measure_drift(reference, train.take(np.arange(0)), np.empty(0)) == {}


def test_a_known_feature_that_is_now_always_missing_has_drifted():
    assert compare_deciles([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.0, np.full(500, np.nan)) > 1
