"""The check RKD008, which fires if the test rows contain too few falls for reliable figures."""

from __future__ import annotations

import pytest

from riskml.evaluation.checks.few_positives import TooFewPositives


def run_check(evidence, income, monitoring=0):
    return TooFewPositives().run(evidence(by_kind={"income": {"n": income}, "monitoring": {"n": monitoring}}))


@pytest.mark.parametrize(("income", "monitoring"), [(100, 0), (60, 40), (5000, 0)])
def test_quiet_when_there_are_enough_positives(evidence, income, monitoring):
    assert run_check(evidence, income, monitoring) is None


@pytest.mark.parametrize(
    ("income", "monitoring", "blocking"), [(0, 0, True), (10, 9, True), (10, 10, False), (99, 0, False)]
)
def test_fires_when_there_are_too_few_positives(evidence, income, monitoring, blocking):
    result = run_check(evidence, income, monitoring)
    assert result.blocking is blocking
    assert f"Only {income + monitoring} test row" in result.message
