"""The check RKD006, which fires if the model misses a clearly larger share of falls in one group than in the others."""

from __future__ import annotations

import pytest

from riskml.evaluation.checks.base import Finding, NotApplicable
from riskml.evaluation.checks.group_gap import GroupGap


def make_groups(*parts, group="category"):
    return [
        {"group": group, "value": value, "positives": positives, "missed": missed} for value, positives, missed in parts
    ]


def test_quiet_when_groups_are_missed_about_equally_often(evidence):
    assert GroupGap().run(evidence(groups=make_groups(("exited", 200, 0.5), ("ordinary", 150, 0.55)))) is None


def test_fires_for_the_group_that_is_missed_more_often(evidence):
    finding = GroupGap().run(evidence(groups=make_groups(("exited", 200, 0.4), ("ordinary", 150, 0.8))))
    assert isinstance(finding, Finding)
    assert not finding.blocking
    assert "1 group(s): category ordinary (80% against 40%)" in finding.message


def test_quiet_for_a_gap_that_may_be_chance(evidence):
    assert GroupGap().run(evidence(groups=make_groups(("exited", 10, 0.5), ("ordinary", 12, 0.75)))) is None


def test_quiet_for_a_significant_but_small_gap(evidence):
    assert GroupGap().run(evidence(groups=make_groups(("exited", 20_000, 0.5), ("ordinary", 20_000, 0.6)))) is None


def test_values_are_compared_only_within_their_group(evidence):
    parts = make_groups(("exited", 100, 0.2)) + make_groups(("13", 100, 0.9), group="region")
    assert isinstance(GroupGap().run(evidence(groups=parts)), NotApplicable)


def test_a_group_without_missed_falls_can_reveal_a_gap_for_another(evidence):
    assert GroupGap().run(evidence(groups=make_groups(("a", 30, 0.0), ("b", 30, 1.0)))) is not None


@pytest.mark.parametrize(
    "parts",
    [
        [],
        make_groups(("exited", 100, 0.5)),
        make_groups(("exited", 100, 0.2), ("ordinary", 9, 1.0)),
        [*make_groups(("exited", 100, 0.2)), {"group": "category", "value": None, "suppressed": 3, "n": 12}],
        make_groups(("exited", 100, 0.2), ("ordinary", 0, None)),
    ],
)
def test_does_not_apply_with_fewer_than_two_comparable_values(evidence, parts):
    assert isinstance(GroupGap().run(evidence(groups=parts)), NotApplicable)


def test_the_check_reads_the_output_of_the_group_audit(county, evidence):
    from riskml.evaluation import evaluate

    groups = evaluate(*county, resamples=0)["groups"]
    assert GroupGap().run(evidence(groups=groups)) is None
