"""Ridge-penalised logistic regression with bounds on the coefficients, by Newton's method.

The bounds enforce the direction that policy demands for a feature. Without bounds, the solution is that of
scikit-learn's ``LogisticRegression(C)`` (a test compares them). Sums over rows run over fixed blocks, each on one BLAS
thread, and are added in block order, so the result does not depend on the number of cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from riskml.errors import ModelError
from riskml.model.schema import FloatArray

BLOCK = 8192
WORKERS = 2
STEPS = 60
TOLERANCE = 1e-8


def compute_log_loss(margin: FloatArray, y: FloatArray) -> FloatArray:
    """Compute ``log(1 + exp(margin)) - y · margin`` for each row, shape (n,).

    >>> compute_log_loss(np.array([0.0, 800.0]), np.array([1.0, 1.0])).round(6).tolist()
    [0.693147, 0.0]
    """
    return np.asarray(np.logaddexp(0.0, margin) - y * margin)


def solve(
    design: FloatArray,
    y: FloatArray,
    penalty: FloatArray,
    *,
    target: FloatArray | None = None,
    lower: FloatArray | None = None,
    upper: FloatArray | None = None,
    start: FloatArray | None = None,
    weight: float = 1.0,
) -> FloatArray:
    """Minimise ``weight · log loss + ½ Σ penalty (w − target)²`` over ``lower <= w <= upper``.

    Parameters
    ----------
    design : array, shape (n, K)
        Include a column of ones with penalty 0 for an intercept.
    y : array of 0 and 1, shape (n,)
    penalty : array, shape (K,)
        Inverse variance of each coefficient's normal prior.
    target : array, shape (K,), default zeros
        Values towards which the penalty pulls.
    lower, upper : arrays, shape (K,), default unbounded
    start : array, shape (K,), default the target
        Starting point. One near the solution saves steps; the result is the same within the tolerance.
    weight : float, default 1
        Weight of every row, below 1 if rows overlap.

    Returns
    -------
    array, shape (K,)

    Raises
    ------
    ModelError
        If ``y`` contains only one class, or the solution is not finite.
    """
    if not 0 < y.sum() < len(y):
        raise ModelError.one_class(len(y))
    size = design.shape[1]
    target = np.zeros(size) if target is None else target
    lower = np.full(size, -np.inf) if lower is None else lower
    upper = np.full(size, np.inf) if upper is None else upper
    w = np.clip(target if start is None else start, lower, upper)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(WORKERS) as pool:
        objective = _Objective(design, y, weight, penalty, target, pool.map)
        loss = objective.evaluate(w)
        for _ in range(STEPS):
            gradient, hessian = objective.derive(w)
            blocked = ((w <= lower) & (gradient > 0)) | ((w >= upper) & (gradient < 0))
            if np.max(np.abs(gradient), where=~blocked, initial=0.0) <= TOLERANCE * weight * len(y):
                break
            step = _solve_step(hessian, gradient, lower - w, upper - w)
            w, loss, moved = _search_line(objective, w, step, loss, float(np.sum(gradient * step)))
            if not moved:
                break
    if not np.all(np.isfinite(w)):
        raise ModelError(
            "The linear part did not converge to finite coefficients.", "Check the features for infinities."
        )
    return np.clip(w, lower, upper)


def _search_line(
    objective: _Objective, w: FloatArray, step: FloatArray, loss: float, slope: float
) -> tuple[FloatArray, float, bool]:
    """Halve the step until the loss falls enough (Armijo)."""
    share = 1.0
    for _ in range(30):
        candidate = w + share * step
        new = objective.evaluate(candidate)
        if new <= loss + 1e-4 * share * slope:
            return candidate, new, new < loss
        share /= 2
    return w, loss, False


def _solve_step(hessian: FloatArray, gradient: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Compute the Newton step within bounds: the minimum of ``½ s'Hs + g's`` over ``low <= s <= high``."""
    # Slow to import, and only training needs them.
    from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
    from scipy.optimize import lsq_linear

    jitter = 1e-10 * float(np.mean(np.diag(hessian)))
    hessian = hessian + jitter * np.eye(len(hessian))
    free: FloatArray = -cho_solve(cho_factor(hessian, lower=True), gradient)
    if np.all((free >= low) & (free <= high)):
        return free
    root = cholesky(hessian, lower=True)
    right = -solve_triangular(root, gradient, lower=True)
    tight = low >= high
    high = np.where(tight, low + 1e-300, high)
    return np.asarray(lsq_linear(root.T, right, bounds=(low, high), method="bvls", tol=1e-12).x)


class _Objective:
    """The penalised loss and its derivatives; blocks of rows are added in a fixed order."""

    def __init__(
        self,
        design: FloatArray,
        y: FloatArray,
        weight: float,
        penalty: FloatArray,
        target: FloatArray,
        run: Callable[..., Iterator[Any]],
    ) -> None:
        self._blocks = [slice(i, i + BLOCK) for i in range(0, len(design), BLOCK)]
        self._design, self._y, self._weight = design, y, weight
        self._penalty, self._target, self._run = penalty, target, run

    def evaluate(self, w: FloatArray) -> float:
        def sum_block(block: slice) -> float:
            return float(compute_log_loss(self._design[block] @ w, self._y[block]).sum())

        loss = self._weight * float(sum(self._run(sum_block, self._blocks)))
        return loss + 0.5 * float(np.sum(self._penalty * (w - self._target) ** 2))

    def derive(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Compute gradient and Hessian."""

        def derive_block(block: slice) -> tuple[FloatArray, FloatArray]:
            rows = self._design[block]
            p: NDArray[np.float64] = expit(rows @ w)
            return rows.T @ (p - self._y[block]), rows.T @ (rows * (p * (1 - p))[:, None])

        gradient, hessian = np.zeros(len(w)), np.zeros((len(w), len(w)))
        for g, h in self._run(derive_block, self._blocks):
            gradient += g
            hessian += h
        hessian *= self._weight
        hessian[np.diag_indices(len(w))] += self._penalty
        return self._weight * gradient + self._penalty * (w - self._target), hessian
