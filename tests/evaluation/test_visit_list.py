"""Recall and precision at visit capacity equal their mean over all orders of tied rows, and a row with weight n counts
like n copies of the row."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.evaluation.capacity import VisitList, count_visits, mark_visits

few_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.booleans()), min_size=1, max_size=6)


def enumerate_orders(score, as_of, fallen, share):
    """Compute the mean number of hits over all orders of the rows, and the number of visits.

    For each order, a stable sort by score decides who is visited.
    """
    hits, orders = 0, list(permutations(range(len(score))))
    for order in orders:
        for date in set(as_of):
            own = sorted((i for i in order if as_of[i] == date), key=lambda i: -score[i])
            hits += sum(fallen[i] for i in own[: math.ceil(share * len(own))])
    visited = sum(math.ceil(share * as_of.count(date)) for date in set(as_of))
    return hits / len(orders), visited


@settings(max_examples=60, deadline=None)
@given(few_rows, st.sampled_from([0.01, 0.25, 0.5, 0.75, 1.0]))
def test_ties_are_averaged_over_all_orders(rows, share):
    as_of, score, fallen = (list(column) for column in zip(*rows, strict=True))
    hits, visited = enumerate_orders(score, as_of, fallen, share)
    recall, precision = VisitList.from_scores(score, as_of, fallen).measure([share])
    if not any(fallen):
        assert np.isnan([recall[0], precision[0]]).all()
    else:
        assert recall[0] == pytest.approx(hits / sum(fallen))
        assert precision[0] == pytest.approx(hits / visited)


@settings(max_examples=60, deadline=None)
@given(few_rows, st.sampled_from([0.01, 0.3, 0.5, 1.0]))
def test_visit_probabilities_give_the_same_recall(rows, share):
    as_of, score, fallen = (np.array(column) for column in zip(*rows, strict=True))
    visit_list = VisitList.from_scores(score, as_of, fallen)
    chance = visit_list.estimate_chances(share)
    for date in set(as_of.tolist()):
        assert chance[as_of == date].sum() == pytest.approx(count_visits(share, int((as_of == date).sum())))
    if fallen.any():
        assert chance[fallen].sum() / fallen.sum() == pytest.approx(visit_list.measure([share])[0][0])


@settings(max_examples=100, deadline=None)
@given(few_rows, st.data())
def test_an_integer_weight_equals_that_many_copies_of_the_row(rows, data):
    as_of, score, fallen = (np.array(column) for column in zip(*rows, strict=True))
    weight = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    copies = np.repeat(np.arange(len(rows)), weight)
    shares = [0.01, 0.3, 0.5, 1.0]
    weighted = VisitList.from_scores(score, as_of, fallen).measure(shares, weight.astype(float))
    copied = VisitList.from_scores(score[copies], as_of[copies], fallen[copies]).measure(shares)
    for result, expected in zip(weighted, copied, strict=True):
        assert result.tolist() == pytest.approx(expected.tolist(), nan_ok=True)


def test_capacity_is_rounded_up_for_each_as_of_and_hits_are_pooled():
    # 11 rows at one date allow 2 visits and 3 rows at the other allow 1; the three visits find two of three fallers.
    score = [*range(11, 0, -1), 3, 2, 1]
    as_of = [0] * 11 + [1] * 3
    fallen = [0, 1] + [0] * 9 + [1, 0, 1]
    recall, precision = VisitList.from_scores(score, as_of, fallen).measure([0.1])
    assert recall[0] == pytest.approx(2 / 3)
    assert precision[0] == pytest.approx(2 / 3)


def test_every_household_is_visited_at_full_capacity():
    recall, precision = VisitList.from_scores([1, 1, 2], [0, 0, 1], [1, 0, 1]).measure([1.0])
    assert (recall[0], precision[0]) == (1.0, pytest.approx(2 / 3))


def test_without_rows_there_is_nobody_to_visit():
    assert len(mark_visits(np.array([]), np.array([]), np.array([], dtype=str), 0.1)) == 0


@pytest.mark.parametrize(
    ("share", "n", "expected"), [(0.1, 0, 0), (0.1, 1, 1), (0.1, 10, 1), (0.1, 11, 2), (1.0, 7, 7)]
)
def test_the_number_of_visits_is_a_share_rounded_up(share, n, expected):
    assert count_visits(share, n) == expected


@pytest.mark.parametrize("percent", range(1, 101))
def test_floating_point_error_does_not_round_up_an_exact_product(percent):
    assert count_visits(percent / 100, 700) == 7 * percent
    recall, precision = VisitList.from_scores(np.arange(700), np.zeros(700), np.ones(700)).measure([percent / 100])
    assert (recall[0], precision[0]) == (pytest.approx(percent / 100), 1.0)


def test_the_visit_list_breaks_ties_by_household_code():
    listed = mark_visits([2.0, 1.0, 1.0, 1.0], [5, 5, 5, 5], ["d", "c", "b", "a"], share=0.5)
    assert listed.tolist() == [True, False, False, True]


def test_the_visit_list_does_not_depend_on_row_order():
    random = np.random.default_rng(1)
    score, as_of = random.integers(0, 4, 300).astype(float), random.integers(0, 3, 300)
    code = np.array([f"h{i:03d}" for i in range(300)])
    listed = mark_visits(score, as_of, code, 0.1)
    order = random.permutation(300)
    assert (mark_visits(score[order], as_of[order], code[order], 0.1) == listed[order]).all()
    assert listed.sum() == sum(count_visits(0.1, int((as_of == date).sum())) for date in range(3))
