"""The area under the ROC curve and the average precision equal scikit-learn's, even with ties and weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from riskml.evaluation.ranking import Ranking, find_ties

both_classes = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=60).filter(
    lambda rows: len({fallen for _, fallen in rows}) == 2
)


@settings(max_examples=200, deadline=None)
@given(both_classes)
def test_ties_are_treated_as_in_scikit_learn(rows):
    score, fallen = np.array([s for s, _ in rows]), np.array([f for _, f in rows])
    auc, ap = Ranking.from_scores(score, fallen).measure()
    assert auc == pytest.approx(roc_auc_score(fallen, score), abs=1e-12)
    assert ap == pytest.approx(average_precision_score(fallen, score), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(both_classes, st.data())
def test_an_integer_weight_equals_that_many_copies_of_the_row(rows, data):
    score, fallen = np.array([s for s, _ in rows]), np.array([f for _, f in rows])
    weight = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows))))
    copies = np.repeat(np.arange(len(rows)), weight)
    result = Ranking.from_scores(score, fallen).measure(weight.astype(float))
    assert result == pytest.approx(Ranking.from_scores(score[copies], fallen[copies]).measure(), abs=1e-12, nan_ok=True)


def test_many_distinct_scores_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    fallen = random.random(20_000) < 0.03
    score = random.normal(size=20_000) + fallen
    weight = random.integers(0, 3, 20_000).astype(float)
    auc, ap = Ranking.from_scores(score, fallen).measure(weight)
    assert auc == pytest.approx(roc_auc_score(fallen, score, sample_weight=weight), abs=1e-10)
    assert ap == pytest.approx(average_precision_score(fallen, score, sample_weight=weight), abs=1e-10)


@settings(max_examples=50, deadline=None)
@given(both_classes, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    result = [Ranking.from_scores([s for s, _ in part], [f for _, f in part]).measure() for part in (rows, shuffled)]
    assert result[0] == pytest.approx(result[1], abs=1e-12)


@pytest.mark.parametrize("fallen", [[], [0, 0], [1, 1], [1]])
def test_one_class_or_no_rows_gives_neither_measure(fallen):
    assert all(math.isnan(value) for value in Ranking.from_scores(np.arange(len(fallen)), fallen).measure())


def test_weights_that_leave_one_class_give_neither_measure():
    assert all(math.isnan(value) for value in Ranking.from_scores([2, 1], [1, 0]).measure(np.array([0.0, 2.0])))


def test_perfect_and_reversed_rankings_give_the_extreme_values():
    fallen = [1, 1, 0, 0, 0]
    assert Ranking.from_scores([5, 4, 3, 2, 1], fallen).measure() == (1.0, 1.0)
    auc, ap = Ranking.from_scores([1, 2, 3, 4, 5], fallen).measure()
    assert auc == 0.0
    assert ap == pytest.approx((1 / 4 + 2 / 5) / 2)


def test_infinite_scores_are_ranked():
    assert Ranking.from_scores([np.inf, 1.0, -np.inf], [1, 0, 0]).measure() == (1.0, 1.0)


def test_groups_of_ties_by_several_keys_end_where_any_key_changes():
    assert find_ties([0, 0, 0, 1], [2.0, 2.0, 1.0, 1.0]).tolist() == [0, 2, 3]
    assert find_ties(np.array([])).tolist() == []
