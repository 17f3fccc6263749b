"""Calibration: known distortions are recovered, bins are right, and edge cases such as a single class are handled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from riskml.evaluation.calibration import assess_calibration, assign_bins


def draw_rows(make_rows, predict, slope=1.0, intercept=0.0, n=20_000, **columns):
    """Draw rows whose true logit is ``intercept + slope × margin``, where ``margin`` is the margin from the model."""
    random = np.random.default_rng(0)
    margin = random.normal(-2.5, 1.0, n)
    truth = 1 / (1 + np.exp(-(intercept + slope * margin)))
    return make_rows(random.random(n) < truth, **columns), predict(margin)


def test_a_calibrated_model_has_slope_one_and_intercept_zero(make_rows, predict):
    calibration = assess_calibration(*draw_rows(make_rows, predict))
    assert calibration["slope_ci"][0] < 1 < calibration["slope_ci"][1]
    assert calibration["intercept_ci"][0] < 0 < calibration["intercept_ci"][1]
    assert calibration["observed_over_expected_ci"][0] < 1 < calibration["observed_over_expected_ci"][1]
    assert calibration["ece"] < 0.01


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, 0.0), (1.0, 0.7), (1.5, -0.3)])
def test_a_distortion_is_recovered(make_rows, predict, slope, intercept):
    calibration = assess_calibration(*draw_rows(make_rows, predict, slope, intercept))
    assert calibration["slope"] == pytest.approx(slope, abs=0.06)
    assert calibration["intercept"] == pytest.approx(intercept, abs=0.12)
    assert calibration["slope_ci"][0] < slope < calibration["slope_ci"][1]


def test_the_fit_maximises_the_likelihood(make_rows, predict):
    rows, model = draw_rows(make_rows, predict, 0.7, 0.2, n=500)
    label, margin = rows.label, model.score

    def loss(w):
        return (np.logaddexp(0, w[0] + w[1] * margin) - label * (w[0] + w[1] * margin)).sum()

    calibration = assess_calibration(rows, model)
    assert [calibration["intercept"], calibration["slope"]] == pytest.approx(
        minimize(loss, [0, 1], tol=1e-10).x.tolist(), abs=1e-4
    )


def test_repeated_rows_for_one_household_widen_the_intervals(make_rows, predict):
    apart = assess_calibration(*draw_rows(make_rows, predict, n=400))
    rows, model = draw_rows(make_rows, predict, n=400)
    twice = make_rows(np.tile(rows.label, 4), household=np.tile(np.arange(400), 4))
    together = assess_calibration(twice, predict(np.tile(model.score, 4)))
    assert together["slope"] == pytest.approx(apart["slope"], abs=1e-6)
    assert np.ptp(together["slope_ci"]) == pytest.approx(np.ptp(apart["slope_ci"]), rel=1e-4)


def test_bins_hold_equal_numbers_of_rows_and_their_observed_shares(make_rows, predict):
    rows, model = draw_rows(make_rows, predict, n=1000)
    calibration = assess_calibration(rows, model)
    assert [one["n"] for one in calibration["bins"]] == [100] * 10
    assert sum(one["observed"] * one["n"] for one in calibration["bins"]) == pytest.approx(rows.label.sum())
    assert [one["p"] for one in calibration["bins"]] == sorted(one["p"] for one in calibration["bins"])
    expected = sum(abs(one["p"] - one["observed"]) * one["n"] for one in calibration["bins"]) / 1000
    assert calibration["ece"] == pytest.approx(expected)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=1, max_size=50))
def test_equal_probabilities_share_a_bin_and_bins_are_in_ascending_order(values):
    probability = np.array(values)
    bins = assign_bins(probability)
    assert set(bins) == set(range(max(bins) + 1))
    order = np.argsort(probability, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
    assert len({(p, b) for p, b in zip(values, bins.tolist(), strict=True)}) == len(set(values))


def test_a_constant_probability_has_no_slope(make_rows, predict):
    calibration = assess_calibration(make_rows([1, 0, 0, 0]), predict(np.zeros(4), np.full(4, 0.5)))
    assert (calibration["slope"], calibration["intercept"], calibration["slope_ci"]) == (None, None, None)
    assert calibration["ece"] == pytest.approx(0.25)
    assert calibration["observed_over_expected"] == pytest.approx(0.5)


@pytest.mark.parametrize("label", [[0, 0, 0], [1, 1, 1]])
def test_a_single_class_has_no_slope(make_rows, predict, label):
    calibration = assess_calibration(make_rows(label), predict([1, 2, 3]))
    assert calibration["slope"] is None
    assert len(calibration["bins"]) == 3


@pytest.mark.parametrize("score", [[3, 2, 1, 0], [0, 1, 2, 3]])
def test_perfectly_separated_classes_have_no_slope(make_rows, predict, score):
    assert assess_calibration(make_rows([1, 1, 0, 0]), predict(score))["slope"] is None


def test_forecasts_of_0_and_1_are_bounded_rather_than_infinite(make_rows, predict):
    probability = np.array([0.0, 0.0, 1.0, 1.0, 0.5, 0.5])
    calibration = assess_calibration(make_rows([1, 0, 1, 0, 1, 0]), predict(np.arange(6), probability))
    assert calibration["slope"] is not None
    assert abs(calibration["slope"]) < 0.1


def test_a_model_that_never_predicts_a_fall_has_no_ratio(make_rows, predict):
    calibration = assess_calibration(make_rows([1, 0]), predict([1, 0], [0.0, 0.0]))
    assert calibration["observed_over_expected"] is None
    assert calibration["mean_probability"] == 0.0
