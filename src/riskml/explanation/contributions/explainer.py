"""Compute every feature's exact contribution to the model's margin; the calibration is a separate step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from riskml.arrays import Floats
from riskml.errors import ModelError
from riskml.explanation.contributions.tables import Tables
from riskml.explanation.contributions.verification import TOLERANCE, check_tables
from riskml.features.matrix import FeatureMatrix
from riskml.model.blend import Blend
from riskml.model.calibration import Calibration
from riskml.model.forest import read_forest

CHUNK = 8192
"""Number of rows explained at a time: many enough for fast array operations, few enough for the processor's cache.

Results do not depend on it.
"""


@dataclass(frozen=True)
class Contributions:
    """The base and the contributions for n rows, and the calibration of their sum.

    Parameters
    ----------
    base : float
        The model's mean margin, the same for every row.
    values : array of float64, shape (n, F)
        Contribution of each feature, in log odds; a positive one raises the risk.
    calibration : Calibration
        Converts the margin to the probability.
    """

    base: float
    values: Floats
    calibration: Calibration

    def __len__(self) -> int:
        return len(self.values)

    def take(self, row: int) -> Contributions:
        """Return the contributions for one row."""
        return Contributions(self.base, self.values[row : row + 1], self.calibration)

    @property
    def margin(self) -> Floats:
        """Sum of the base and the contributions, shape (n,)."""
        if not self.values.shape[1]:
            return np.full(len(self.values), self.base)
        return np.asarray(np.add.accumulate(self.values, axis=1)[:, -1] + self.base)

    @property
    def probability(self) -> Floats:
        """Calibrated probability, shape (n,)."""
        return self.calibration.predict_probability(self.margin)

    def require_margin(self, margin: Floats) -> None:
        """Raise an error unless the base and the contributions add up to the model's margins.

        Parameters
        ----------
        margin : array of float64, shape (n,)
            Margins computed by the model.

        Raises
        ------
        ModelError
            If a row differs by more than 1e-9 (relative to the margin if its absolute value exceeds 1).
        """
        difference = np.abs(self.margin - margin) / np.maximum(1.0, np.abs(margin))
        wrong = ~(difference <= TOLERANCE)
        if wrong.any():
            raise ModelError(
                "The contributions of {count} of {rows} rows do not add up to the margin; "
                "the largest difference is {largest:.2g}.",
                "Scores and explanations must come from the same model and the same features.",
                count=int(wrong.sum()),
                rows=len(margin),
                largest=np.nanmax(difference),
            )


class Explainer:
    """Explains a model exactly: the base and a row's contributions add up to its margin.

    Parameters
    ----------
    blend : Blend

    Attributes
    ----------
    base : float
        Mean margin of the model.
    nbytes : int
        Size of the tables in bytes.

    Raises
    ------
    ModelError
        If a tree is too deep for the tables; `riskml train` grows none.
    BundleError
        If the tables disagree with LightGBM on any of 50 rows near the trees' thresholds.

    Notes
    -----
    For the linear part, contributions are the Shapley values under independent features. For the trees, they are the
    Shapley values of the game in which an unknown feature is averaged along the tree. Both are multiplied by the
    weights that the blend gives to the two margins.
    """

    def __init__(self, blend: Blend) -> None:
        self.blend = blend
        self._tables = Tables.build(read_forest(blend.trees.text))
        check_tables(self._tables, blend.trees.booster)
        self.nbytes, weights = self._tables.table.nbytes, blend.weights
        self.base = weights.intercept + weights.linear * blend.linear.base + weights.trees * self._tables.base

    def explain(self, X: FeatureMatrix | Floats, threads: int = 1) -> Contributions:
        """Compute the contributions for each row.

        Parameters
        ----------
        X : FeatureMatrix, or array of shape (n, F) in the model's schema
        threads : int, default 1

        Returns
        -------
        Contributions
            A row gets bit-identical values whether it is explained alone or in a batch.
        """
        blend = self.blend
        values = blend.align(X)
        out = np.empty(values.shape)

        def fill(start: int) -> None:
            part = values[start : start + CHUNK]
            linear, trees = blend.linear.explain(part), self._tables.explain(part)
            out[start : start + CHUNK] = blend.weights.linear * linear + blend.weights.trees * trees

        starts = range(0, len(values), CHUNK)
        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(fill, starts))
        else:
            for start in starts:
                fill(start)
        return Contributions(self.base, out, blend.calibration)
