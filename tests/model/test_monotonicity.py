"""The model's risk moves with each feature in its declared direction, and ``probe_monotonicity`` reports a model whose
risk does not."""

from dataclasses import replace

import numpy as np

from riskml.evaluation.evidence import probe_monotonicity


def test_the_model_keeps_every_direction(blend, problem):
    probes = probe_monotonicity(blend.predict_margin, problem.X, rows=200)
    assert len(probes) == sum(column.direction != 0 for column in problem.X.columns if not column.categorical)
    assert max(probe["worst"] for probe in probes) <= 1e-9


def test_a_model_that_moves_against_its_direction_is_reported(blend, problem):
    slope = blend.linear.slope.copy()
    slope[0] = 2.0
    wrong = replace(blend, linear=replace(blend.linear, slope=slope))
    (result,) = [probe for probe in probe_monotonicity(wrong.predict_margin, problem.X) if probe["worst"] > 1e-9]
    assert result["feature"] == "income_over_line"


def test_a_directed_feature_that_is_always_missing_is_not_probed(blend, problem):
    empty = replace(problem.X, values=np.full_like(problem.X.values, np.nan))
    assert probe_monotonicity(blend.predict_margin, empty) == []
