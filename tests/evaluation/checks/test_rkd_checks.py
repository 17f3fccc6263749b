"""All checks of a model together: their codes, documentation and outcomes, and how they block a release."""

from __future__ import annotations

import pytest

from riskml.errors import ReleaseError
from riskml.evaluation.checks.run import CHECKS, require_release, run_checks


def test_codes_are_stable_and_in_order():
    assert [check.code for check in CHECKS] == [f"RKD00{i}" for i in range(1, 9)]
    assert len({check.title for check in CHECKS}) == 8


def test_a_good_model_passes_every_check_that_applies(evidence):
    results = run_checks(
        evidence(feature_auc={"distance_to_line": 0.25}, population_stability={"distance_to_line": 0.02})
    )
    assert {result.code: result.status for result in results} == {check.code: "passed" for check in CHECKS} | {
        "RKD006": "not_applicable"
    }
    require_release(results)


def test_checks_without_evidence_report_that_and_do_not_block(evidence):
    results = {result.code: result for result in run_checks(evidence())}
    assert results["RKD002"].status == results["RKD007"].status == "not_applicable"
    assert results["RKD002"].message
    require_release(list(results.values()))


def test_a_failed_check_blocks_the_release_and_is_named(evidence):
    results = run_checks(evidence(by_kind={"income": {"n": 3}, "monitoring": {"n": 0}}))
    with pytest.raises(ReleaseError, match=r"1 of 8 check\(s\) failed: RKD008 too few positives: Only 3") as refused:
        require_release(results)
    assert refused.value.hint.startswith("RKD008: ")
    assert "docs/checks" in refused.value.hint


def test_a_warning_does_not_block_the_release(evidence):
    results = run_checks(evidence(by_kind={"income": {"n": 60}, "monitoring": {"n": 0}}))
    assert [result.code for result in results if result.status == "warning"] == ["RKD008"]
    require_release(results)
