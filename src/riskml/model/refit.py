"""Refit a chosen model on other rows."""

from __future__ import annotations

from dataclasses import replace

from riskml.features.matrix import FeatureMatrix
from riskml.model.blend import Blend
from riskml.model.linear import LinearProblem
from riskml.model.schema import FloatArray, Schema
from riskml.model.trees import TreeProblem, TreeSettings

__all__ = ["refit_blend"]


def refit_blend(blend: Blend, X: FeatureMatrix, y: FloatArray, seed: int = 0) -> Blend:
    """Fit both parts on new rows; complexity, weights and calibration stay as chosen out of sample.

    Parameters
    ----------
    blend : Blend
    X : FeatureMatrix, n rows
    y : array of 0 and 1, shape (n,)
    seed : int, default 0
    """
    X = X.drop_repeated()
    schema = Schema.from_matrix(X)
    linear = LinearProblem(schema, X.values, y).solve(blend.choice["strength"])
    trees = TreeProblem(schema, X.values, y).solve(TreeSettings(**blend.choice["trees"]), seed)
    return replace(blend, schema=schema, linear=linear, trees=trees)
