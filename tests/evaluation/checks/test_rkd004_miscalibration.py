"""The check RKD004, which fires if the predicted probabilities are miscalibrated."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.evaluation.calibration import assess_calibration
from riskml.evaluation.checks.base import Finding, NotApplicable
from riskml.evaluation.checks.miscalibration import Miscalibrated


def make_figures(ratio_ci=(0.9, 1.1), slope_ci=(0.9, 1.1)):
    return {
        "slope": None if slope_ci is None else sum(slope_ci) / 2,
        "slope_ci": slope_ci,
        "observed_over_expected": None if ratio_ci is None else sum(ratio_ci) / 2,
        "observed_over_expected_ci": ratio_ci,
    }


@pytest.mark.parametrize("ci", [(0.9, 1.1), (0.1, 3.0), (1.2, 1.4), (0.5, 0.81)])
def test_quiet_when_the_interval_reaches_the_tolerated_range(evidence, ci):
    assert Miscalibrated().run(evidence(calibration=make_figures(ratio_ci=ci))) is None
    assert Miscalibrated().run(evidence(calibration=make_figures(slope_ci=ci))) is None


@pytest.mark.parametrize("ci", [(1.51, 2.0), (0.3, 0.66)])
def test_fires_beyond_a_factor_of_one_and_a_half(evidence, ci):
    level = Miscalibrated().run(evidence(calibration=make_figures(ratio_ci=ci)))
    spread = Miscalibrated().run(evidence(calibration=make_figures(slope_ci=ci)))
    assert level.blocking
    assert spread.blocking
    assert "falls observed over falls expected" in level.message
    assert "calibration slope" in spread.message


@pytest.mark.parametrize("ci", [(1.26, 1.6), (0.6, 0.79)])
def test_warns_beyond_a_factor_of_one_and_a_quarter(evidence, ci):
    finding = Miscalibrated().run(evidence(calibration=make_figures(ratio_ci=ci)))
    assert isinstance(finding, Finding)
    assert not finding.blocking


def test_a_single_figure_is_enough_to_fire(evidence):
    assert Miscalibrated().run(evidence(calibration=make_figures(slope_ci=None))) is None
    assert Miscalibrated().run(evidence(calibration=make_figures(slope_ci=None, ratio_ci=(2, 3)))).blocking


def test_does_not_apply_without_figures(evidence):
    assert isinstance(Miscalibrated().run(evidence(calibration=make_figures(None, None))), NotApplicable)


@pytest.mark.parametrize(("shift", "status"), [(0.0, None), (1.0, "blocks")])
def test_the_check_reads_the_output_of_calibration(make_rows, predict, evidence, shift, status):
    random = np.random.default_rng(0)
    margin = random.normal(-2.5, 1.0, 5000)
    rows = make_rows(random.random(5000) < 1 / (1 + np.exp(-margin - shift)))
    finding = Miscalibrated().run(evidence(calibration=assess_calibration(rows, predict(margin))))
    assert (finding is None) == (status is None)
    assert finding is None or finding.blocking
