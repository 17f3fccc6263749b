"""Calibrating a model moves its probabilities only as far as the data support, and never changes their order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from riskml.model.calibration import Calibration


def draw_rows(n, slope=1.0, shift=0.0, seed=0):
    rng = np.random.default_rng(seed)
    margin = rng.normal(-2.5, 1.2, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(shift + slope * margin)))).astype(float)
    return margin, y


def test_with_many_periods_an_overconfident_margin_is_flattened():
    calibration = Calibration.fit(*draw_rows(200_000, slope=0.6), periods=200)
    assert calibration.slope == pytest.approx(0.6, abs=0.05)


def test_a_single_period_changes_little_regardless_of_its_number_of_rows():
    calibration = Calibration.fit(*draw_rows(200_000, slope=0.6, shift=-1.0), periods=1)
    assert 0.9 < calibration.slope < 1.0
    margin, y = draw_rows(200_000, shift=0.5)
    level = Calibration.fit(margin, y, periods=1).predict_probability(margin).mean()
    assert expit(margin).mean() < level < expit(margin).mean() + 0.3 * (y.mean() - expit(margin).mean())


def test_few_rows_change_less_than_many_rows_from_as_many_periods():
    few = Calibration.fit(*draw_rows(150, slope=0.3, seed=1), periods=200)
    many = Calibration.fit(*draw_rows(50_000, slope=0.3, seed=1), periods=200)
    assert many.slope < 0.6 < 0.95 < few.slope


def test_overlapping_rows_count_less():
    rows = draw_rows(3000, slope=0.3)
    assert Calibration.fit(*rows, periods=200, weight=0.1).slope > Calibration.fit(*rows, periods=200).slope


def test_a_well_calibrated_margin_is_left_unchanged():
    margin, y = draw_rows(50_000)
    calibration = Calibration.fit(margin, y, periods=10)
    assert calibration.predict_probability(margin) == pytest.approx(expit(margin), abs=0.01)


def test_the_slope_stays_positive_even_if_the_ranking_is_reversed():
    margin, y = draw_rows(50_000)
    assert Calibration.fit(-margin - 5, y).slope > 0


def test_a_single_class_leaves_the_margin_unchanged():
    assert Calibration.fit(np.array([-1.0, -2.0]), np.zeros(2)) == Calibration(0.0, 1.0)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=20), st.floats(-2, 2), st.floats(0.2, 2))
@settings(deadline=None)
def test_a_higher_margin_never_gets_a_lower_probability(margins, shift, slope):
    probability = Calibration(shift, slope).predict_probability(np.sort(margins))
    assert (np.diff(probability) >= 0).all()
    assert ((probability >= 0) & (probability <= 1)).all()
