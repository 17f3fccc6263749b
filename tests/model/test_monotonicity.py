"""The finished model moves as policy demands, and the check would see it if it did not."""

from dataclasses import replace

import numpy as np

from riskml.model.golden import golden_rows
from riskml.model.monotonicity import monotonicity_violations


def test_the_model_keeps_every_direction_on_golden_and_on_real_rows(blend, problem):
    assert monotonicity_violations(blend, golden_rows(blend.schema, problem.X.values)) == []
    assert monotonicity_violations(blend, problem.X.values[:40]) == []


def test_a_model_against_its_direction_is_found(blend, problem):
    slope = blend.linear.slope.copy()
    slope[0] = 2.0
    wrong = replace(blend, linear=replace(blend.linear, slope=slope))
    (found,) = monotonicity_violations(wrong, problem.X.values[:40])
    assert found.feature == "income_over_line"
    assert found.rows > 0
    assert found.worst > 0


def test_a_directed_feature_that_is_never_known_is_not_swept(blend):
    rows = np.full((3, 6), np.nan)
    assert monotonicity_violations(blend, rows) == []
