"""Choose the blend's complexity and weights from predictions for households and periods not used in fitting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from riskml.features.matrix import PAST_INCOME
from riskml.model.folds import Fold
from riskml.model.linear import Linear, LinearProblem
from riskml.model.ridge import compute_log_loss, solve
from riskml.model.schema import FloatArray, Schema
from riskml.model.trees import TreeProblem, TreeSettings
from riskml.text import Text

Progress = Callable[[str], None]

STRENGTHS = (0.003, 0.001, 0.01, 0.03)
"""Values of C, the inverse of the ridge penalty, for the linear part; the default first. They are for rows that do not
overlap in time."""

LOOSE = 100.0
"""C for the part that uses past income alone; a single coefficient needs hardly any penalty."""

PRIOR = (0.25, 0.5, 0.25)
"""Weights of the linear part, the trees and past income, towards which the fitted weights are pulled."""

TREES = (
    TreeSettings(depth=5, leaves=16, min_rows=200, learning_rate=0.15, seeds=5),
    TreeSettings(depth=3, leaves=8, min_rows=200, learning_rate=0.15, seeds=5),
)
"""Complexities of the trees: the default and a simpler one. A richer one did worse on later years (ADR 016)."""

ROUNDS = [60, 120, 200, 300, 400]
"""Numbers of trees at which each fit is evaluated."""

DEFAULT = (0, 0, 2)
"""Positions of the default complexity in ``STRENGTHS``, ``TREES`` and ``ROUNDS``.

On all panels tried, no other complexity was better by more than chance explains (ADR 005).
"""

EVIDENCE = 5.0
"""Number of standard errors by which another complexity must beat the default to be chosen (ADR 016)."""

WEIGHT_SPREAD = 0.14
WORKERS = 2


def fit_past_income(problem: LinearProblem, strength: float) -> Linear:
    """Fit the part that uses past income alone or, if that feature is absent, a linear part with C = ``strength``."""
    has_past = PAST_INCOME in problem.encoding.schema.names
    return problem.solve_alone(PAST_INCOME, LOOSE) if has_past else problem.solve(strength)


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
    past : array, shape (n,)
        Margin of the part that uses past income alone.
    """

    y: FloatArray
    household: NDArray[np.int64]
    as_of: NDArray[np.int32]
    later: NDArray[np.bool_]
    linear: FloatArray
    trees: FloatArray
    past: FloatArray

    def select(self, which: tuple[int, int, int]) -> FloatArray:
        """Select the margins of the three parts for one complexity, shape (n, 3)."""
        strength, tree, stop = which
        parts: FloatArray = np.column_stack([self.linear[:, strength], self.trees[:, tree, stop], self.past])
        return parts


@dataclass(frozen=True)
class Pick:
    """The chosen complexity, the weights, and how well they did out of sample.

    Parameters
    ----------
    strength, tree, stop : int
        Positions in ``STRENGTHS``, ``TREES`` and ``ROUNDS``.
    intercept, linear, trees, past : float
        The blend's constant and weights.
    evidence : float
        Number of standard errors by which this complexity beat the default; 0 for the default itself.
    """

    strength: int = DEFAULT[0]
    tree: int = DEFAULT[1]
    stop: int = DEFAULT[2]
    intercept: float = 0.0
    linear: float = PRIOR[0]
    trees: float = PRIOR[1]
    past: float = PRIOR[2]
    evidence: float = 0.0

    def predict_margin(self, candidates: Candidates) -> FloatArray:
        """Blend the out-of-sample margins, shape (n,)."""
        linear, trees, past = candidates.select((self.strength, self.tree, self.stop)).T
        return np.asarray(self.intercept + self.linear * linear + self.trees * trees + self.past * past)


def predict_unseen(
    schema: Schema,
    values: FloatArray,
    y: FloatArray,
    household: NDArray[np.int64],
    as_of: NDArray[np.int32],
    folds: list[Fold],
    seed: int,
    weight: float,
    progress: Progress,
    offset: FloatArray | None = None,
) -> Candidates:
    """Fit every candidate in each fold, and predict the rows of the fold that were not used in the fit.

    ``weight`` is the weight of a row, below 1 if rows overlap in time.

    The trees of two folds are fitted at the same time, each on one thread. This is faster than fitting one fold after
    another on all threads, and the results are identical.
    """
    linear, past = [], []
    offsets = [None if offset is None else offset[fold.fit] for fold in folds]
    for fold, own in zip(folds, offsets, strict=True):
        problem = LinearProblem(schema, values[fold.fit], y[fold.fit], offset=own)
        judged = values[fold.judge]
        linear.append(np.column_stack([problem.solve(c * weight).predict_margin(judged) for c in STRENGTHS]))
        past.append(fit_past_income(problem, STRENGTHS[0] * weight).predict_margin(judged))

    def grow(fold: Fold, own: FloatArray | None) -> FloatArray:
        problem = TreeProblem(schema, values[fold.fit], y[fold.fit], threads=1, offset=own)
        longest = [replace(settings, rounds=ROUNDS[-1]) for settings in TREES]
        return np.stack([problem.solve(s, seed).predict_path(values[fold.judge], ROUNDS) for s in longest], axis=1)

    trees = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for k, (fold, grown) in enumerate(zip(folds, pool.map(grow, folds, offsets), strict=True)):
            trees.append(grown)
            evaluated = Text(
                "evaluated {count} tree settings on a later period (fold {number} of {folds})"
                if fold.later
                else "evaluated {count} tree settings on unseen households (fold {number} of {folds})",
                count=len(TREES),
                number=k + 1,
                folds=len(folds),
            )
            progress(evaluated)
    rows = np.concatenate([fold.judge for fold in folds])
    return Candidates(
        y=y[rows],
        household=np.asarray(household)[rows],
        as_of=as_of[rows],
        later=np.concatenate([np.full(len(fold.judge), fold.later) for fold in folds]),
        linear=np.concatenate(linear),
        trees=np.concatenate(trees),
        past=np.concatenate(past),
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
    Each candidate is evaluated by the log loss of the blend with the weights of ``PRIOR``. Its gain over the default is
    summed by household and counts only if it exceeds five standard errors; the candidate with the largest such gain is
    chosen. Rows that overlap in time add no evidence, since they raise a household's sum and the standard error alike.
    Simply choosing the smallest loss gave worse results on every panel with few positives, since that choice
    follows the noise of one period.

    The weights come from a logistic regression of the outcome on the three margins. They are never negative, and each
    has a normal prior around its value in ``PRIOR`` (standard deviation 0.14). With few positives, the weights stay
    near those values; with many, the data determine them. Rows of later periods get a separate intercept, which is
    then discarded: the calibration corrects the level for later periods.
    """
    _, group = np.unique(candidates.household, return_inverse=True)
    base = _compute_loss(candidates, DEFAULT)
    chosen, most, evidence = DEFAULT, 0.0, 0.0
    for which in product(range(len(STRENGTHS)), range(len(TREES)), range(len(ROUNDS))):
        gain = np.bincount(group, np.subtract(base, _compute_loss(candidates, which)))
        error = float(np.sqrt(np.sum((gain - gain.mean()) ** 2)))
        total = float(gain.sum())
        if total > max(most, EVIDENCE * error):
            chosen, most, evidence = which, total, total / error
    intercept, linear, trees, past = _fit_weights(candidates, chosen, weight)
    return Pick(*chosen, intercept, linear, trees, past, evidence)


def _compute_loss(candidates: Candidates, which: tuple[int, int, int]) -> FloatArray:
    linear, trees, past = candidates.select(which).T
    return compute_log_loss(PRIOR[0] * linear + PRIOR[1] * trees + PRIOR[2] * past, candidates.y)


def _fit_weights(candidates: Candidates, which: tuple[int, int, int], weight: float) -> list[float]:
    """Fit the constant and the weights of the linear part, the trees and past income."""
    parts = candidates.select(which)
    both_kinds = candidates.later.any() and not candidates.later.all()
    extra = [candidates.later.astype(np.float64)] if both_kinds else []
    design = np.column_stack([np.ones(len(parts)), parts, *extra])
    size = design.shape[1]
    pulled = np.isin(np.arange(size), (1, 2, 3))
    penalty = np.where(pulled, WEIGHT_SPREAD**-2, 0.0)
    target = np.array([0.0, *PRIOR, 0.0])[:size]
    lower = np.where(pulled, 0.0, -np.inf)
    solution = solve(design, candidates.y, penalty, target=target, lower=lower, weight=weight)
    return [float(value) for value in solution[:4]]
