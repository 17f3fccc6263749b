"""The choice of the model's complexity and weights: only clear evidence changes the default complexity, and little
evidence keeps the weights near their prior."""

from dataclasses import replace

import numpy as np
import pytest

from riskml.model.choice import DEFAULT, EVIDENCE, PRIOR, ROUNDS, STRENGTHS, TREES, Candidates, choose


def make_candidates(n, better=None, noise=0.3, seed=0, later=0.0):
    """Make candidates whose margins are all equally noisy; the tree setting ``better``, if passed, has no noise.

    Every two successive rows belong to one household.
    """
    rng = np.random.default_rng(seed)
    truth = rng.normal(-2.5, 1.2, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
    linear = truth[:, None] + noise * rng.normal(size=(n, len(STRENGTHS)))
    trees = truth[:, None, None] + noise * rng.normal(size=(n, len(TREES), len(ROUNDS)))
    if better:
        trees[:, better[0], better[1]] = truth
    past = truth + noise * rng.normal(size=n)
    return Candidates(y, np.arange(n) // 2, np.zeros(n, np.int32), rng.random(n) < later, linear, trees, past)


def locate(pick):
    return (pick.strength, pick.tree, pick.stop)


def test_noise_alone_keeps_the_default():
    assert [locate(choose(make_candidates(500, seed=seed), 1.0)) for seed in range(5)] == [DEFAULT] * 5


def test_clear_evidence_changes_the_choice():
    pick = choose(make_candidates(20_000, better=(1, 3), noise=1.0), 1.0)
    assert locate(pick)[1:] == (1, 3)
    assert pick.evidence > EVIDENCE


def test_repeating_the_same_rows_is_no_further_evidence():
    cases = make_candidates(1500, better=(1, 3), noise=1.0)
    repeated = Candidates(**{name: np.repeat(value, 20, axis=0) for name, value in vars(cases).items()})
    once, often = choose(cases, 1.0), choose(repeated, 0.05)
    assert locate(once) == locate(often)
    assert often.evidence == pytest.approx(once.evidence, rel=1e-6)


def test_few_rows_keep_the_prior_weights_and_many_rows_favour_the_better_part():
    few = choose(make_candidates(100), 1.0)
    assert (few.linear, few.trees, few.past) == pytest.approx(PRIOR, abs=0.1)
    cases = make_candidates(20_000)
    bad = np.random.default_rng(1).normal(size=cases.linear.shape)
    many = choose(replace(cases, linear=bad, past=bad[:, 0]), 1.0)
    assert many.linear + many.past < 0.1 < 0.8 < many.trees


def test_a_part_that_points_the_wrong_way_gets_weight_zero():
    cases = make_candidates(20_000)
    pick = choose(replace(cases, linear=-cases.linear), 1.0)
    assert pick.linear == 0.0


def test_the_base_rate_of_later_periods_does_not_change_the_constant():
    cases = make_candidates(20_000, later=0.5, noise=0.01)
    rng = np.random.default_rng(2)
    y = np.where(cases.later & (rng.random(len(cases.y)) < 0.5), 0.0, cases.y)
    changed = choose(replace(cases, y=y), 1.0)
    shift = np.log(0.5)  # roughly how much lower the log odds of later periods are
    assert abs(changed.intercept - choose(cases, 1.0).intercept) < abs(shift) / 4
