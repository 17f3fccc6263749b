"""The check RKD002, which fires if a single feature ranks the falls almost perfectly, which suggests leakage."""

from __future__ import annotations

import pytest

from riskml.evaluation.checks.base import Finding, NotApplicable
from riskml.evaluation.checks.leakage import Leakage


@pytest.mark.parametrize("auc", [0.5, 0.89, 0.11])
def test_quiet_for_features_that_do_not_leak(evidence, auc):
    assert Leakage().run(evidence(feature_auc={"distance_to_line": auc})) is None


@pytest.mark.parametrize(("auc", "blocking"), [(0.99, True), (0.01, True), (0.95, True), (0.92, False), (0.08, False)])
def test_fires_for_a_feature_that_reveals_the_label_in_either_direction(evidence, auc, blocking):
    finding = Leakage().run(evidence(feature_auc={"age": 0.6, "attribute_status": auc}))
    assert isinstance(finding, Finding)
    assert finding.blocking is blocking
    assert "1 feature(s)" in finding.message
    assert "attribute_status" in finding.message


def test_the_strongest_feature_is_listed_first(evidence):
    finding = Leakage().run(evidence(feature_auc={"a": 0.91, "b": 0.03}))
    assert "b (0.970), a (0.910)" in finding.message


def test_does_not_apply_when_features_were_not_measured(evidence):
    assert isinstance(Leakage().run(evidence()), NotApplicable)
