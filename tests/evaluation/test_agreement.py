"""Compare the model with the rule line (the policy's fixed rules): which households only the model finds, and how much
earlier it warns."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.evaluation.agreement import count_agreement, measure_lead
from riskml.vocabulary.verdicts import AGREEMENTS


def test_every_row_has_one_kind_of_agreement(make_rows):
    rows = make_rows([1, 1, 1, 0, 0], rule_positive=np.array([True, True, False, False, True]))
    counts = count_agreement(rows, np.array([True, False, True, False, False]))
    assert counts == {
        "both": {"n": 1, "positives": 1},
        "rule_only": {"n": 2, "positives": 1},
        "model_only": {"n": 1, "positives": 1},
        "neither": {"n": 1, "positives": 0},
    }
    assert set(counts) == set(AGREEMENTS)
    assert sum(kind["n"] for kind in counts.values()) == 5


def measure_mean_lead(make_rows, flag, fall, chance):
    rows = make_rows([1] * len(flag), first_rule_flag=np.array(flag, dtype=float), lead=np.array(fall, dtype=float))
    return measure_lead(rows, np.array(chance, dtype=float))


def test_the_lead_is_the_number_of_months_until_the_rule_lines_first_flag(make_rows):
    assert measure_mean_lead(make_rows, flag=[0, 2, 7], fall=[9, 9, 9], chance=[1, 1, 1]) == (3.0, 2.0)


def test_the_lead_of_a_fall_that_the_rule_line_never_flags_lasts_until_the_fall(make_rows):
    assert measure_mean_lead(make_rows, flag=[np.nan], fall=[8], chance=[1]) == (8.0, 8.0)


def test_months_after_the_fall_do_not_count_as_lead(make_rows):
    assert measure_mean_lead(make_rows, flag=[11], fall=[4], chance=[1]) == (4.0, 4.0)


def test_each_fall_is_weighted_by_the_chance_that_the_model_finds_it(make_rows):
    assert measure_mean_lead(make_rows, flag=[1, 5, 9], fall=[12, 12, 12], chance=[1, 0.5, 0]) == (
        pytest.approx(3.5 / 1.5),
        1.0,
    )


def test_households_that_did_not_fall_have_no_lead(make_rows):
    rows = make_rows([0, 1], first_rule_flag=np.array([5.0, 2.0]), lead=np.array([np.nan, 6.0]))
    assert measure_lead(rows, np.array([1.0, 1.0])) == (2.0, 2.0)


def test_without_a_predicted_fall_or_without_flags_there_is_no_lead(make_rows):
    assert measure_mean_lead(make_rows, flag=[1], fall=[2], chance=[0]) == (None, None)
    assert measure_lead(make_rows([1, 0]), np.ones(2)) == (None, None)
