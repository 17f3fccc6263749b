"""The tree part: LightGBM, shrunk, monotone where policy demands a direction, kept as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np

from riskml.errors import BundleError, ModelError
from riskml.model.schema import FloatArray, Schema
from riskml.model.walk import Walk

__all__ = ["TreeProblem", "TreeSettings", "Trees"]

THREADS = 2
LEAST_COLUMNS = 8
FEW_ROWS = 16
"""Up to these a walk of our own is quicker than a call of LightGBM, whose threads then have nothing to share."""

MANY_ROWS = 20_000
"""Below this one thread is as quick, and does not wait for others on a busy machine."""

PLENTY = 50_000
"""Rows from which a tree may use three times the share of features: with fewer, few features a tree keep chance out."""


@dataclass(frozen=True)
class TreeSettings:
    """Complexity of the trees.

    Parameters
    ----------
    rounds : int
        Number of trees.
    depth : int
        At most 5, so that exact contributions stay quick.
    leaves : int
    min_rows : int
        Least rows in a leaf; fewer where there are few rows (a twelfth of them, at least 20).
    learning_rate, ridge : float
    column_share : float
        Share of the features each tree may use, three times it from ``PLENTY`` rows on; at least eight, since a tree
        without a split ends the training.
    """

    rounds: int = 200
    depth: int = 5
    leaves: int = 16
    min_rows: int = 200
    learning_rate: float = 0.03
    column_share: float = 0.2
    ridge: float = 10.0

    def to_parameters(self, rows: int, columns: int, seed: int) -> dict[str, Any]:
        """Return LightGBM's parameters for so many training rows and features."""
        share = min(1.0, self.column_share * (3.0 if rows >= PLENTY else 1.0))
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "min_data_in_leaf": min(self.min_rows, max(20, rows // 12)),
            "lambda_l2": self.ridge,
            "feature_fraction": max(share, min(1.0, LEAST_COLUMNS / max(columns, 1))),
            "seed": seed,
            **_FIXED,
        }


_FIXED = {
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,  # one binned data set serves every complexity
    "verbosity": -1,
}


class TreeProblem:
    """Training rows binned once, to be fitted for several complexities.

    Parameters
    ----------
    schema : Schema
    values : array, shape (n, F)
    y : array of 0 and 1, shape (n,)
    threads : int, optional
        By default one, or two for many rows. LightGBM's deterministic mode gives the same trees for any (tested).

    Raises
    ------
    ModelError
        If ``y`` holds one class only.
    """

    def __init__(self, schema: Schema, values: FloatArray, y: FloatArray, threads: int | None = None) -> None:
        if not 0 < y.sum() < len(y):
            raise ModelError(
                f"All {len(y)} training rows have the same outcome; a model needs both.",
                "Use a longer period, more households or another horizon.",
            )
        self.schema = schema
        self._threads = threads or (THREADS if len(y) > MANY_ROWS else 1)
        self._data = lgb.Dataset(
            np.ascontiguousarray(values),
            y,
            categorical_feature=schema.categorical,
            params={**_FIXED, "num_threads": self._threads},
            free_raw_data=True,
        ).construct()

    def solve(self, settings: TreeSettings, seed: int) -> Trees:
        """Fit trees of the given complexity."""
        parameters = settings.to_parameters(self._data.num_data(), len(self.schema.columns), seed)
        parameters["monotone_constraints"] = self.schema.directions.tolist()
        parameters["num_threads"] = self._threads
        return Trees(
            _strip_parameters(lgb.train(parameters, self._data, settings.rounds).model_to_string(num_iteration=-1))
        )


def _strip_parameters(text: str) -> str:
    """Cut the training parameters: they do not change a prediction, but name threads and paths."""
    head, _, _ = text.partition("\nparameters:")
    return head.rstrip("\n") + "\n"


@dataclass(frozen=True)
class Trees:
    """Fitted trees as LightGBM's text.

    Parameters
    ----------
    text : str
    """

    text: str = field(repr=False)

    @cached_property
    def booster(self) -> lgb.Booster:
        """The LightGBM booster, read from the text once.

        Raises
        ------
        BundleError
            If LightGBM cannot read the text.
        """
        try:
            return lgb.Booster(model_str=self.text)
        except lgb.basic.LightGBMError as error:
            raise BundleError(f"The trees cannot be read: {error}.", "Train the model again.") from error

    @cached_property
    def _walk(self) -> Walk | None:
        return Walk.read(self.text, self.rounds)

    @property
    def rounds(self) -> int:
        """Number of trees."""
        return int(self.booster.num_trees())

    def predict_margin(self, values: FloatArray, *, first: int = 0, rounds: int = -1) -> FloatArray:
        """Log odds, shape (n,), from ``rounds`` trees starting with the ``first``.

        Parameters
        ----------
        values : array, shape (n, F)
            In the schema the trees were fitted on.
        first : int, default 0
        rounds : int, default -1
            All.
        """
        walk = self._walk if len(values) <= FEW_ROWS and (first, rounds) == (0, -1) else None
        if walk is not None and values.shape[1] == walk.features:  # LightGBM refuses any other number in words
            return walk.predict_margin(values)
        threads = 1 if len(values) < MANY_ROWS else THREADS
        out = self.booster.predict(
            values, raw_score=True, start_iteration=first, num_iteration=rounds, num_threads=threads
        )
        return np.asarray(out, np.float64)

    def predict_path(self, values: FloatArray, stops: list[int]) -> FloatArray:
        """Log odds after each number of trees, shape (n, len(stops))."""
        out = np.zeros((len(values), len(stops)))
        before, total = 0, np.zeros(len(values))
        for k, stop in enumerate(stops):
            if min(stop, self.rounds) > before:
                total = total + self.predict_margin(values, first=before, rounds=stop - before)
            before = stop
            out[:, k] = total
        return out
