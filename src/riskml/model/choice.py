"""Choose the blend's complexity and weights from predictions for households and periods not used in fitting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from riskml.model.folds import Fold
from riskml.model.linear import LinearProblem
from riskml.model.ridge import compute_log_loss, solve
from riskml.model.schema import FloatArray, Schema
from riskml.model.trees import TreeProblem, TreeSettings

__all__ = ["DEFAULT", "ROUNDS", "STRENGTHS", "TREES", "Candidates", "Pick", "choose", "predict_unseen"]

Progress = Callable[[str], None]

STRENGTHS = (0.01, 0.003, 0.03, 0.1)
"""Ridge strengths of the linear part (scikit-learn's C), the default first."""

TREES = (
    TreeSettings(depth=5, leaves=16, min_rows=200, learning_rate=0.03),
    TreeSettings(depth=3, leaves=8, min_rows=200, learning_rate=0.03),
    TreeSettings(depth=5, leaves=31, min_rows=100, learning_rate=0.06),
)
"""Complexities of the trees: the default, a simpler one and a richer one."""

ROUNDS = [60, 120, 200, 300, 400]
"""Numbers of trees at which each fit is evaluated."""

DEFAULT = (0, 0, 2)
"""Positions of the default complexity, which is as good as the best, within noise, on all panels tried (ADR 005)."""

EVIDENCE = 3.0
"""Number of standard errors by which another complexity must beat the default to be chosen."""

WEIGHT_SPREAD = 0.14
WORKERS = 2


@dataclass(frozen=True)
class Candidates:
    """Out-of-sample margins of every candidate for the complexity of the model.

    Parameters
    ----------
    y : array of 0 and 1, shape (n,)
    household : array of int, shape (n,)
    as_of : array of int32 day, shape (n,)
    later : array of bool, shape (n,)
        Whether the row was predicted by parts fitted on earlier periods.
    linear : array, shape (n, strengths)
    trees : array, shape (n, tree settings, rounds)
    """

    y: FloatArray
    household: NDArray[np.int64]
    as_of: NDArray[np.int32]
    later: NDArray[np.bool_]
    linear: FloatArray
    trees: FloatArray


@dataclass(frozen=True)
class Pick:
    """The chosen complexity, the weights, and how well they did out of sample.

    Parameters
    ----------
    strength, tree, stop : int
        Positions in ``STRENGTHS``, ``TREES`` and ``ROUNDS``.
    intercept, linear, trees : float
        The blend's constant and weights.
    evidence : float
        Number of standard errors by which this complexity beat the default; 0 for the default itself.
    """

    strength: int = DEFAULT[0]
    tree: int = DEFAULT[1]
    stop: int = DEFAULT[2]
    intercept: float = 0.0
    linear: float = 0.5
    trees: float = 0.5
    evidence: float = 0.0

    def predict_margin(self, candidates: Candidates) -> FloatArray:
        """Blend the out-of-sample margins, shape (n,)."""
        linear, trees = _select(candidates, (self.strength, self.tree, self.stop))
        return self.intercept + self.linear * linear + self.trees * trees


def predict_unseen(
    schema: Schema,
    values: FloatArray,
    y: FloatArray,
    household: NDArray[np.int64],
    as_of: NDArray[np.int32],
    folds: list[Fold],
    seed: int,
    progress: Progress,
) -> Candidates:
    """Fit every candidate in each fold, and predict the rows of the fold that were not used in the fit.

    Several trees are fitted in parallel, on one thread each. This is faster than fitting one after another on all
    threads, and the results are identical.
    """
    linear = []
    for fold in folds:
        problem = LinearProblem(schema, values[fold.fit], y[fold.fit])
        linear.append(np.column_stack([problem.solve(c).predict_margin(values[fold.judge]) for c in STRENGTHS]))

    def grow(fold: Fold) -> FloatArray:
        problem = TreeProblem(schema, values[fold.fit], y[fold.fit], threads=1)
        longest = [replace(settings, rounds=ROUNDS[-1]) for settings in TREES]
        return np.stack([problem.solve(s, seed).predict_path(values[fold.judge], ROUNDS) for s in longest], axis=1)

    trees = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for k, (fold, grown) in enumerate(zip(folds, pool.map(grow, folds), strict=True)):
            trees.append(grown)
            unseen = "a later period" if fold.later else "unseen households"
            progress(f"evaluated {len(TREES)} complexities on {unseen} ({k + 1} of {len(folds)})")
    rows = np.concatenate([fold.judge for fold in folds])
    return Candidates(
        y=y[rows],
        household=np.asarray(household)[rows],
        as_of=as_of[rows],
        later=np.concatenate([np.full(len(fold.judge), fold.later) for fold in folds]),
        linear=np.concatenate(linear),
        trees=np.concatenate(trees),
    )


def choose(candidates: Candidates, weight: float) -> Pick:
    """Choose a complexity, and the weights for it.

    Parameters
    ----------
    candidates : Candidates
        The rows must contain both classes.
    weight : float
        Weight of a row, below 1 if rows overlap in time.

    Notes
    -----
    Each candidate is evaluated by the log loss of the blend with equal weights. Its gain over the default is summed
    by household and counts only if it exceeds three standard errors; the candidate with the largest such gain is
    chosen. Simply choosing the smallest loss gave worse results on every panel with few positives, since that choice
    follows the noise of one period.

    The weights come from a logistic regression of the outcome on the two margins. They are never negative, and each has
    a normal prior around one half (standard deviation 0.14). With few positives, the weights stay nearly equal; with
    many, the data determine them. Rows of later periods get a separate intercept, which is left to the calibration.
    """
    _, group = np.unique(candidates.household, return_inverse=True)
    base = _compute_loss(candidates, DEFAULT)
    chosen, most, evidence = DEFAULT, 0.0, 0.0
    for which in product(range(len(STRENGTHS)), range(len(TREES)), range(len(ROUNDS))):
        gain = np.bincount(group, np.subtract(base, _compute_loss(candidates, which)))
        error = float(np.sqrt(np.sum((gain - gain.mean()) ** 2) / weight))
        total = float(gain.sum())
        if total > max(most, EVIDENCE * error):
            chosen, most, evidence = which, total, total / error
    intercept, linear, trees = _fit_weights(candidates, chosen, weight)
    return Pick(*chosen, intercept=intercept, linear=linear, trees=trees, evidence=evidence)


def _select(candidates: Candidates, which: tuple[int, int, int]) -> tuple[FloatArray, FloatArray]:
    strength, tree, stop = which
    return candidates.linear[:, strength], candidates.trees[:, tree, stop]


def _compute_loss(candidates: Candidates, which: tuple[int, int, int]) -> FloatArray:
    linear, trees = _select(candidates, which)
    margin = 0.5 * (linear + trees)
    return compute_log_loss(margin, candidates.y)


def _fit_weights(candidates: Candidates, which: tuple[int, int, int], weight: float) -> tuple[float, float, float]:
    linear, trees = _select(candidates, which)
    both_kinds = candidates.later.any() and not candidates.later.all()
    extra = [candidates.later.astype(np.float64)] if both_kinds else []
    design = np.column_stack([linear, trees, np.ones(len(linear)), *extra])
    precision = WEIGHT_SPREAD**-2
    penalty = np.array([precision, precision, 0.0, 0.0])[: design.shape[1]]
    target = np.array([0.5, 0.5, 0.0, 0.0])[: design.shape[1]]
    lower = np.array([0.0, 0.0, -np.inf, -np.inf])[: design.shape[1]]
    solution = solve(design, candidates.y, penalty, target=target, lower=lower, weight=weight)
    return float(solution[2]), float(solution[0]), float(solution[1])
