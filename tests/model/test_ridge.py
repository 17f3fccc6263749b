"""The solver for ridge-penalised logistic regression agrees with scikit-learn and respects bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from riskml.errors import ModelError
from riskml.model import ridge
from riskml.model.ridge import compute_log_loss, solve


def draw_rows(n=400, k=5, seed=0):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, k))
    Z[:, 1] = Z[:, 0] + 0.1 * rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - Z[:, 0] + 0.5 * Z[:, 2]))).astype(float)
    return np.column_stack([Z, np.ones(n)]), y


def make_penalties(k, strength):
    return np.append(np.full(k, 1 / strength), 0.0)


@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
def test_without_bounds_the_solution_equals_scikit_learns_logistic_regression(strength):
    Z, y = draw_rows()
    sk = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10).fit(Z[:, :-1], y)
    w = solve(Z, y, make_penalties(5, strength))
    assert np.allclose(w, np.append(sk.coef_[0], sk.intercept_), atol=1e-6)


@given(st.integers(0, 10_000), st.sampled_from([0.003, 0.1, 10.0]))
@settings(max_examples=25, deadline=None)
def test_a_bounded_solution_is_within_bounds_and_no_feasible_step_improves_it(seed, strength):
    Z, y = draw_rows(120, seed=seed)
    if not 0 < y.sum() < len(y):
        return
    lower = np.array([0.0, 0.0, -np.inf, -np.inf, 0.0, -np.inf])
    upper = np.array([np.inf, np.inf, np.inf, 0.0, np.inf, np.inf])
    penalty = make_penalties(5, strength)
    w = solve(Z, y, penalty, lower=lower, upper=upper)
    assert np.all((w >= lower) & (w <= upper))

    def loss(v):
        return compute_log_loss(Z @ v, y).sum() + 0.5 * np.sum(penalty * v**2)

    best = loss(w)
    for j in range(len(w)):
        for step in (-1e-3, 1e-3):
            other = w.copy()
            other[j] = np.clip(other[j] + step, lower[j], upper[j])
            assert loss(other) >= best - 1e-9


def test_the_penalty_pulls_coefficients_towards_their_target():
    Z, y = draw_rows()
    target = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.0])
    strong = solve(Z, y, np.append(np.full(5, 1e9), 0.0), target=target)
    assert np.allclose(strong[:-1], 0.5, atol=1e-5)


def test_a_warm_start_does_not_change_the_solution():
    Z, y = draw_rows()
    cold = solve(Z, y, make_penalties(5, 0.1))
    warm = solve(Z, y, make_penalties(5, 0.1), start=solve(Z, y, make_penalties(5, 10.0)))
    assert np.allclose(cold, warm, atol=1e-6)


def test_computing_in_many_blocks_gives_the_same_solution(monkeypatch):
    Z, y = draw_rows(1000)
    whole = solve(Z, y, make_penalties(5, 1.0))
    monkeypatch.setattr(ridge, "BLOCK", 64)
    assert np.allclose(solve(Z, y, make_penalties(5, 1.0)), whole, atol=1e-9)


def test_the_number_of_blas_threads_does_not_change_any_bit(monkeypatch):
    Z, y = draw_rows(3000, 40)
    monkeypatch.setattr(ridge, "BLOCK", 512)
    with threadpool_limits(1):
        one = solve(Z, y, make_penalties(40, 1.0))
    with threadpool_limits(2):
        two = solve(Z, y, make_penalties(40, 1.0))
    assert one.tobytes() == two.tobytes()


def test_separable_rows_give_finite_coefficients():
    Z = np.column_stack([np.r_[-np.ones(50), np.ones(50)], np.ones(100)])
    w = solve(Z, np.r_[np.zeros(50), np.ones(50)], np.array([1e-4, 0.0]))
    assert np.isfinite(w).all()
    assert w[0] > 3


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_single_class_is_rejected_with_a_clear_message(label):
    Z, _ = draw_rows(30)
    with pytest.raises(ModelError, match="All 30 training rows have the same outcome"):
        solve(Z, np.full(30, label), make_penalties(5, 1.0))


def test_log_loss_of_huge_margins_is_finite():
    assert compute_log_loss(np.array([-1e4, 1e4]), np.array([1.0, 0.0])).sum() == pytest.approx(2e4)
