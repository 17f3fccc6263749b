"""The check RKD001, which fires if training labels use anything later than the first test date."""

from __future__ import annotations

import pytest

from riskml.evaluation.checks.base import Finding, NotApplicable
from riskml.evaluation.checks.time_overlap import TimeOverlap


def make_split(train, test=("2023-12-31", "2024-03-31"), known_by="2023-12-31"):
    return {"train_as_ofs": train, "test_as_ofs": test, "train_known_by": known_by}


@pytest.mark.parametrize("train", [["2022-12-31"], ["2021-12-31", "2022-09-30"]])
def test_quiet_when_labels_end_by_the_first_test_date(evidence, train):
    assert TimeOverlap().run(evidence(split=make_split(train, known_by="2023-12-31"))) is None


def test_fires_when_a_label_reaches_one_month_into_the_test_period(evidence):
    finding = TimeOverlap().run(evidence(split=make_split(["2022-12-31", "2023-01-31", "2023-01-31"])))
    assert isinstance(finding, Finding)
    assert finding.blocking
    assert finding.message.startswith("1 training date(s) from 2023-01-31 on")
    assert "up to 2022-12-31" in finding.hint


def test_months_are_counted_correctly_across_a_leap_year(evidence):
    leap = make_split(["2023-02-28"], test=["2024-02-29"])
    assert TimeOverlap().run(evidence(split=leap)) is None
    assert TimeOverlap().run(evidence(split=leap, outcome={"horizon": 13})) is not None


@pytest.mark.parametrize(("day", "fires"), [("2023-06-30", False), ("2023-09-30", True)])
def test_of_recent_rows_at_least_half_of_the_horizon_has_passed(evidence, day, fires):
    split = {**make_split(["2022-12-31"]), "recent_rows": {"2023-03-31": 20, day: 30}}
    finding = TimeOverlap().run(evidence(split=split))
    assert (finding is not None) == fires
    if fires:
        assert finding.message.startswith("1 training date(s) from 2023-09-30 on")


def test_fires_when_training_rows_are_labelled_from_later_records(evidence):
    finding = TimeOverlap().run(evidence(split=make_split(["2022-12-31"], known_by="2024-01-31")))
    assert isinstance(finding, Finding)
    assert "records up to 2024-01-31" in finding.message


def test_does_not_apply_without_rows(evidence):
    assert isinstance(TimeOverlap().run(evidence(split=make_split([]))), NotApplicable)
    assert isinstance(TimeOverlap().run(evidence(split=make_split(["2022-12-31"], test=[]))), NotApplicable)
