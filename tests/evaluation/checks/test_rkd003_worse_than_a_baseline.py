"""The check RKD003, which fires if the model ranks the test rows worse than a baseline or the released champion."""

from __future__ import annotations

import pytest

from riskml.evaluation.checks.base import ChampionEvidence, Finding, NotApplicable
from riskml.evaluation.checks.baselines import WorseThanBaseline


def make_differences(rule_line=(0.1, [0.0, 0.2]), weighted_past_income=(0.1, [0.0, 0.2])):
    parts = {"rule_line": rule_line, "weighted_past_income": weighted_past_income}
    return {name: {"value": part[0], "ci": part[1]} for name, part in parts.items() if part is not None}


def run_check(evidence, champion=None, **figures):
    return WorseThanBaseline().run(evidence(ap_difference=make_differences(**figures), champion=champion))


def test_quiet_when_better_or_equal(evidence):
    assert run_check(evidence) is None
    assert run_check(evidence, rule_line=(0.0, [-0.1, 0.1]), weighted_past_income=(0.0, [-0.1, 0.1])) is None
    assert run_check(evidence, champion=ChampionEvidence(0.01, [-0.02, 0.04])) is None


def test_losing_to_the_rule_line_blocks_even_if_it_may_be_chance(evidence):
    result = run_check(evidence, rule_line=(-0.001, [-0.1, 0.1]))
    assert isinstance(result, Finding)
    assert result.blocking
    assert result.message == "Average precision is 0.001 lower than that of the rule line."


def test_losing_to_weighted_past_income_blocks_only_if_beyond_chance(evidence):
    certain = run_check(evidence, weighted_past_income=(-0.05, [-0.09, -0.001]))
    assert certain.blocking
    assert "weighted past income (95 % interval of the difference -0.090 to -0.001)" in certain.message
    chance = run_check(evidence, weighted_past_income=(-0.05, [-0.11, 0.01]))
    assert not chance.blocking
    assert run_check(evidence, weighted_past_income=(-0.004, [-0.06, 0.05])) is None


def test_the_champion_is_judged_like_past_income(evidence):
    assert run_check(evidence, champion=ChampionEvidence(-0.02, [-0.04, -0.01])).blocking
    assert not run_check(evidence, champion=ChampionEvidence(-0.02, [-0.05, 0.01])).blocking


def test_without_an_interval_the_point_estimate_decides(evidence):
    assert run_check(evidence, weighted_past_income=(-0.001, None)).blocking
    assert run_check(evidence, weighted_past_income=(0.001, None)) is None


@pytest.mark.parametrize("missing", ["rule_line", "weighted_past_income"])
def test_a_baseline_that_was_not_measured_blocks(evidence, missing):
    result = run_check(evidence, **{missing: None})
    assert result.blocking
    assert "was not measured on the same test rows" in result.message


@pytest.mark.parametrize("champion", [ChampionEvidence(0.1, [0.0, 0.2], same_rows=False), ChampionEvidence(None, None)])
def test_a_champion_evaluated_on_other_rows_blocks(evidence, champion):
    result = run_check(evidence, champion=champion)
    assert result.blocking
    assert result.message == "The released champion was not measured on the same test rows."


def test_every_loss_is_listed_and_blocking_losses_come_first(evidence):
    result = run_check(evidence, rule_line=(-0.01, None), weighted_past_income=(-0.05, [-0.11, 0.01]))
    assert result.blocking
    assert result.message.index("the rule line") < result.message.index("weighted past income")
    assert "Keep the current model" in result.hint


def test_does_not_apply_if_no_household_fell(evidence):
    finding = WorseThanBaseline().run(evidence(models={"riskml": {"ap": None}}))
    assert isinstance(finding, NotApplicable)


def test_the_check_reads_the_output_of_evaluate(county, evidence):
    from riskml.evaluation import evaluate

    rows, models = county
    good = evaluate(rows, models, resamples=50)
    assert WorseThanBaseline().run(evidence(**{k: good[k] for k in ("models", "ap_difference")})) is None
    swapped = models | {"riskml": models["weighted_past_income"], "weighted_past_income": models["riskml"]}
    bad = evaluate(rows, swapped, resamples=50)
    finding = WorseThanBaseline().run(evidence(**{k: bad[k] for k in ("models", "ap_difference")}))
    assert finding.blocking
    assert "the rule line" in finding.message
    assert "weighted past income" in finding.message
