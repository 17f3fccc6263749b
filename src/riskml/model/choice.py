"""Complexity and weights of the blend, chosen from predictions on rows and periods the parts did not see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskml.model.folds import Fold
from riskml.model.linear import LinearProblem
from riskml.model.ridge import log_loss_sum, solve
from riskml.model.schema import FloatArray, Schema
from riskml.model.trees import TreeProblem, TreeSettings

__all__ = ["ROUNDS", "STRENGTHS", "TREES", "Candidates", "Pick", "choose", "predict_unseen"]

Progress = Callable[[str], None]

STRENGTHS = (1.0, 0.1, 0.02, 0.005)
"""Ridge strengths of the linear part (scikit-learn's C)."""

ROUNDS = [50, 100, 150, 200, 300, 400, 600]
"""Numbers of trees at which one fit is judged."""

TREES = (
    TreeSettings(depth=5, leaves=31, min_rows=60, column_share=0.4),
    TreeSettings(depth=5, leaves=16, min_rows=200, column_share=0.4),
    TreeSettings(depth=3, leaves=8, min_rows=60, column_share=0.4),
)
"""Complexities of the trees, from the most to the least."""

WEIGHT_SPREAD = 0.25


@dataclass(frozen=True)
class Candidates:
    """Out-of-sample margins of every candidate.

    Parameters
    ----------
    y : array of 0 and 1, shape (n,)
    later : array of bool, shape (n,)
        Whether the row was judged by parts fitted on earlier periods.
    linear : array, shape (n, strengths)
    trees : array, shape (n, tree settings, rounds)
    """

    y: FloatArray
    later: FloatArray
    linear: FloatArray
    trees: FloatArray


@dataclass(frozen=True)
class Pick:
    """The chosen complexity, the weights, and the out-of-sample margin they give.

    Parameters
    ----------
    strength : int
        Position in ``STRENGTHS``.
    tree : int
        Position in the tree settings.
    stop : int
        Position in ``ROUNDS``.
    intercept, linear, trees : float
        The blend's constant and weights.
    loss : float
        Mean out-of-sample log loss.
    """

    strength: int
    tree: int
    stop: int
    intercept: float
    linear: float
    trees: float
    loss: float

    def margin(self, candidates: Candidates) -> FloatArray:
        """Out-of-sample margin of the blend, shape (n,)."""
        return (
            self.intercept
            + self.linear * candidates.linear[:, self.strength]
            + self.trees * candidates.trees[:, self.tree, self.stop]
        )


def predict_unseen(
    schema: Schema, values: FloatArray, y: FloatArray, folds: list[Fold], seed: int, progress: Progress
) -> Candidates:
    """Fit every candidate on each fold and predict the rows it did not see."""
    linear, trees = [], []
    for k, fold in enumerate(folds):
        progress(f"judging complexity on unseen {'periods' if fold.later else 'households'} ({k + 1} of {len(folds)})")
        fit, judge = values[fold.fit], values[fold.judge]
        problem = LinearProblem(schema, fit, y[fold.fit])
        linear.append(np.column_stack([problem.solve(c).margin(judge) for c in STRENGTHS]))
        forest = TreeProblem(schema, fit, y[fold.fit])
        paths = [forest.solve(_longest(settings), seed).path(judge, ROUNDS) for settings in TREES]
        trees.append(np.stack(paths, axis=1))
    return Candidates(
        y=np.concatenate([y[fold.judge] for fold in folds]),
        later=np.concatenate([np.full(len(fold.judge), fold.later) for fold in folds]),
        linear=np.concatenate(linear),
        trees=np.concatenate(trees),
    )


def _longest(settings: TreeSettings) -> TreeSettings:
    return TreeSettings(**{**vars(settings), "rounds": ROUNDS[-1]})


def choose(candidates: Candidates, weight: float) -> Pick:
    """Choose the candidates whose blend has the least out-of-sample log loss.

    Parameters
    ----------
    weight : float
        Evidence of a row, below 1 where rows overlap in time.

    Notes
    -----
    Each pair is blended with weights ``>= 0`` under a normal prior around one half each (standard deviation 0.25):
    with few positives the weights stay near equal, with many the data decide.
    """
    best: Pick | None = None
    for i in range(candidates.linear.shape[1]):
        for j in range(candidates.trees.shape[1]):
            for k in range(candidates.trees.shape[2]):
                pick = _blend(candidates, i, j, k, weight)
                if best is None or pick.loss < best.loss:
                    best = pick
    assert best is not None
    return best


def _blend(candidates: Candidates, i: int, j: int, k: int, weight: float) -> Pick:
    linear, trees, y = candidates.linear[:, i], candidates.trees[:, j, k], candidates.y
    design = np.column_stack([linear, trees, np.ones(len(y))])
    penalty = np.array([WEIGHT_SPREAD**-2, WEIGHT_SPREAD**-2, 0.0])
    target, lower = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, -np.inf])
    a, b, c = solve(design, y, penalty, target=target, lower=lower, weight=weight)
    loss = log_loss_sum(a * linear + b * trees + c, y) / len(y)
    return Pick(i, j, k, intercept=float(c), linear=float(a), trees=float(b), loss=loss)
