"""The check RKD005, which fires if a feature moves the risk in the wrong direction, and the function that measures
this."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.evaluation.checks.base import Finding, NotApplicable
from riskml.evaluation.checks.monotonicity import NotMonotone
from riskml.evaluation.evidence import probe_monotonicity
from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix

COLUMNS = (
    FeatureColumn("income", Direction.LOWER_RISK),
    FeatureColumn("self_paid", Direction.HIGHER_RISK),
    FeatureColumn("age"),
    FeatureColumn("constant", Direction.HIGHER_RISK),
    FeatureColumn("unknown", Direction.HIGHER_RISK),
)


def make_probe(feature, direction, worst):
    return {"feature": feature, "direction": direction, "worst": worst}


@pytest.fixture
def matrix():
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 5))
    values[:, 3] = 1.0
    values[:, 4] = np.nan
    values[::7, 0] = np.nan
    return FeatureMatrix(np.array([f"h{i}" for i in range(200)]), np.zeros(200, np.int32), COLUMNS, values, {})


def test_quiet_when_no_feature_moves_the_wrong_way(evidence):
    probes = [make_probe("income", -1, 0.0), make_probe("self_paid", 1, 1e-12)]
    assert NotMonotone().run(evidence(monotonicity=probes)) is None


def test_fires_and_lists_the_worst_feature_first(evidence):
    probes = [make_probe("income", -1, 0.02), make_probe("self_paid", 1, 0.3), make_probe("loss", 1, 0.0)]
    finding = NotMonotone().run(evidence(monotonicity=probes))
    assert isinstance(finding, Finding)
    assert finding.blocking
    assert finding.message.startswith("2 of 3 feature(s)")
    assert "self_paid (falls by 0.3 in the margin), income (rises by 0.02 in the margin)" in finding.message


def test_a_nan_change_is_reported(evidence):
    assert NotMonotone().run(evidence(monotonicity=[make_probe("income", -1, np.nan)])) is not None


def test_does_not_apply_without_directions(evidence):
    assert isinstance(NotMonotone().run(evidence(monotonicity=[])), NotApplicable)


def test_the_probe_raises_one_directed_feature_at_a_time(matrix):
    probes = probe_monotonicity(lambda m: -m.column("income") + 2 * m.column("self_paid") - 9 * m.column("age"), matrix)
    assert [one["feature"] for one in probes] == ["income", "self_paid"]
    # Missing incomes in the sampled rows are filled in, so no margin is NaN.
    assert not np.isnan(probes[0]["worst"])


def make_complete(matrix):
    return matrix.take(~np.isnan(matrix.column("income")))


def test_the_probe_returns_zero_for_a_monotone_model(matrix, evidence):
    probes = probe_monotonicity(lambda m: -np.floor(m.column("income")) + m.column("self_paid"), make_complete(matrix))
    assert [one["worst"] for one in probes] == [0.0, 0.0]
    assert NotMonotone().run(evidence(monotonicity=probes)) is None


def test_the_probe_finds_a_dip_and_its_depth(matrix, evidence):
    def margin(m):
        return -m.column("income") - 0.5 * (m.column("self_paid") > 0)

    probes = {one["feature"]: one for one in probe_monotonicity(margin, make_complete(matrix))}
    assert probes["income"]["worst"] == 0.0
    assert probes["self_paid"]["worst"] == pytest.approx(0.5)
    assert NotMonotone().run(evidence(monotonicity=list(probes.values()))) is not None


def test_the_probe_finds_an_interaction_in_the_sampled_rows(matrix):
    probes = probe_monotonicity(lambda m: m.column("self_paid") * m.column("age"), matrix)
    assert probes[1]["worst"] > 0.1


def test_the_probe_does_not_modify_the_matrix(matrix):
    before = matrix.values.copy()
    probe_monotonicity(lambda m: m.column("self_paid"), matrix)
    assert np.array_equal(before, matrix.values, equal_nan=True)


def test_nothing_is_probed_without_rows(matrix):
    assert probe_monotonicity(lambda m: m.column("age"), matrix.take(np.zeros(200, dtype=bool))) == []
