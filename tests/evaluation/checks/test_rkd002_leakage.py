"""The check RKD002, which fires if a single feature ranks the falls almost perfectly, or if an attribute may contain
later information."""

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


PAST = {
    "riskml": {"ap": 0.3},
    "distance_to_line": {"auc": 0.73, "ap": 0.18},
    "weighted_past_income": {"auc": 0.72, "ap": 0.2},
}


def make_evidence(auc, ap, recording):
    part = {"auc": auc, "ap": ap, "recording": recording}
    return {"models": PAST, "feature_auc": {}, "attributes": {"attribute_status": part}}


@pytest.mark.parametrize("recording", ["never", "once"])
def test_an_attribute_that_outranks_past_income_stops_the_release_unless_its_changes_were_recorded(evidence, recording):
    assert Leakage().run(evidence(**make_evidence(0.84, 0.25, recording))).blocking
    assert not Leakage().run(evidence(**make_evidence(0.84, 0.25, "over time"))).blocking
    assert Leakage().run(evidence(**make_evidence(0.97, 0.25, "over time"))).blocking


@pytest.mark.parametrize(("auc", "ap"), [(0.84, 0.19), (0.7, 0.25)])
def test_one_measure_alone_is_not_enough(evidence, auc, ap):
    assert Leakage().run(evidence(**make_evidence(auc, ap, "once"))) is None


@pytest.mark.parametrize(("ap", "blocking"), [(0.26, True), (0.25, False)])
def test_without_a_day_of_recording_a_far_higher_average_precision_is_enough(evidence, ap, blocking):
    finding = Leakage().run(evidence(**make_evidence(0.6, ap, "never")))
    assert finding.blocking is blocking
    assert ("past income" in finding.message) is blocking


def test_a_weak_attribute_without_a_day_of_recording_gives_a_warning(evidence):
    finding = Leakage().run(evidence(**make_evidence(0.5, 0.05, "never")))
    assert not finding.blocking
    assert "attribute_status" in finding.message
    assert "recorded_on" in finding.hint
    assert "may contain" in finding.hint
    assert "从不变化的属性可以保留" in finding.hint.read("zh")
    leaks = Leakage().run(evidence(**make_evidence(0.84, 0.25, "never"))).hint
    assert "reflects what happened" in leaks
    assert "may stay" not in leaks


def test_a_bundle_from_before_attributes_were_measured_is_judged_by_its_features(evidence):
    assert Leakage().run(evidence(feature_auc={"age": 0.6})) is None
