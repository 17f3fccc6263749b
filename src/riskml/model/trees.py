"""The tree part of the model: LightGBM trees, monotone wherever policy demands a direction, and stored as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
from scipy.special import logit

from riskml.errors import BundleError, ModelError
from riskml.model.schema import FloatArray, Schema
from riskml.model.walk import Walk

THREADS = 2
MIN_COLUMNS = 8
FEW_ROWS = 16
"""Up to this many rows, the compiled walk through the trees is faster than calling LightGBM."""

MANY_ROWS = 20_000
"""Below this many rows, one thread is as fast as several, and faster if the machine is busy."""

DIGITS = {"leaf_value": 17, "internal_value": 6, "shrinkage": 6}
"""Values of a tree that are averaged over seeds, with the digits that LightGBM writes."""

PLENTY = 50_000
"""From this many rows on, a tree may use three times as many features; with fewer rows, that would overfit."""


@dataclass(frozen=True)
class TreeSettings:
    """Complexity of the trees.

    Parameters
    ----------
    rounds : int
        Number of trees, for all seeds together.
    depth : int
        At most 5, so that exact contributions stay fast.
    leaves : int
    min_rows : int
        Minimum number of rows in a leaf; with few training rows, a twelfth of them instead, but at least 20.
    learning_rate, ridge : float
    column_share : float
        Share of the features that each tree may use, tripled from ``PLENTY`` rows on. Each tree may use at least eight
        features, since a tree without a split ends the training.
    seeds : int
        Number of models that are averaged, each with a different column sample.
    """

    rounds: int = 200
    depth: int = 5
    leaves: int = 16
    min_rows: int = 200
    learning_rate: float = 0.03
    column_share: float = 0.2
    ridge: float = 10.0
    seeds: int = 1

    def to_parameters(self, rows: int, columns: int, seed: int) -> dict[str, Any]:
        """Return LightGBM's parameters for a number of training rows and features."""
        share = min(1.0, self.column_share * (3.0 if rows >= PLENTY else 1.0))
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "min_data_in_leaf": min(self.min_rows, max(20, rows // 12)),
            "lambda_l2": self.ridge,
            "feature_fraction": max(share, min(1.0, MIN_COLUMNS / max(columns, 1))),
            "seed": seed,
            **_FIXED,
        }


_FIXED = {
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,  # all complexities use the same binned data set
    "verbosity": -1,
}


class TreeProblem:
    """Training rows, binned once so that trees of several complexities can be fitted on them.

    Parameters
    ----------
    schema : Schema
    values : array, shape (n, F)
    y : array of 0 and 1, shape (n,)
    threads : int, optional
        Number of threads; by default one, or two for many rows. In LightGBM's deterministic mode, the trees do not
        depend on it.
    offset : array, shape (n,), optional
        Known part of each row's margin, which the trees leave out; zeros by default.

    Raises
    ------
    ModelError
        If ``y`` holds only one class.
    """

    def __init__(
        self,
        schema: Schema,
        values: FloatArray,
        y: FloatArray,
        threads: int | None = None,
        offset: FloatArray | None = None,
    ) -> None:
        if not 0 < y.sum() < len(y):
            raise ModelError.one_class(len(y))
        self.schema = schema
        self._threads = threads or (THREADS if len(y) > MANY_ROWS else 1)
        self._base = 0.0 if offset is None else float(logit(y.mean()))
        """Margin with which LightGBM starts; without an offset, it chooses one and adds it to the first tree itself."""
        self._data = lgb.Dataset(
            np.ascontiguousarray(values),
            y,
            init_score=None if offset is None else offset + self._base,
            categorical_feature=schema.categorical,
            params={**_FIXED, "num_threads": self._threads},
            free_raw_data=True,
        ).construct()

    def solve(self, settings: TreeSettings, seed: int) -> Trees:
        """Fit trees with the given complexity, once for each seed, and average them."""

        def boost(seed: int) -> str:
            parameters = settings.to_parameters(self._data.num_data(), len(self.schema.columns), seed)
            parameters["monotone_constraints"] = self.schema.directions.tolist()
            parameters["num_threads"] = self._threads
            return str(
                lgb.train(parameters, self._data, settings.rounds // settings.seeds).model_to_string(num_iteration=-1)
            )

        return Trees(_average([boost(seed + k) for k in range(settings.seeds)], self._base))


def _average(texts: list[str], base: float) -> str:
    """Average several boosted models in LightGBM's text format, and add ``base`` to the first tree of each.

    The trees of the models alternate, so that the first ``k`` trees of every model come first in the average.
    The sizes of the trees are left out, since they change, and so are the training parameters, which do not affect
    predictions but contain thread counts and paths.
    """
    models = [text.partition("\n\nend of trees")[0].split("\nTree=") for text in texts]
    head = "\n".join(line for line in models[0][0].splitlines() if not line.startswith("tree_sizes="))
    rounds = max(len(trees) for _, *trees in models)
    parts = [trees[k] for k in range(rounds) for _, *trees in models if k < len(trees)]
    blocks = [
        f"Tree={number}\n{_scale(part, len(texts), base if number < len(texts) else 0.0)}\n\n"
        for number, part in enumerate(parts)
    ]
    return f"{head}\n\n" + "\n".join(blocks) + "\nend of trees\n"


def _scale(tree: str, models: int, base: float) -> str:
    """Add ``base`` to the values of a tree and divide them by the number of models.

    The first line is dropped, since it holds the tree's number.
    """
    lines = tree.splitlines()[1:]
    for i, line in enumerate(lines):
        name, _, values = line.partition("=")
        if name in DIGITS:
            add = 0.0 if name == "shrinkage" else base
            scaled = ((float(value) + add) / models for value in values.split())
            lines[i] = f"{name}=" + " ".join(f"{value:.{DIGITS[name]}g}" for value in scaled)
    return "\n".join(lines).rstrip("\n")


@dataclass(frozen=True)
class Trees:
    """Fitted trees, stored in LightGBM's text format.

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
            raise BundleError("The trees cannot be read: {reason}.", "Train the model again.", reason=error) from error

    @cached_property
    def _walk(self) -> Walk | None:
        return Walk.read(self.text, self.rounds)

    @property
    def rounds(self) -> int:
        """Number of trees."""
        return int(self.booster.num_trees())

    def predict_margin(self, values: FloatArray, *, first: int = 0, rounds: int = -1) -> FloatArray:
        """Predict the log odds, shape (n,), from ``rounds`` trees, starting with tree number ``first``.

        Parameters
        ----------
        values : array, shape (n, F)
            Rows in the schema of the trees.
        first : int, default 0
        rounds : int, default -1
            Number of trees to add up; -1 means all.
        """
        walk = self._walk if len(values) <= FEW_ROWS and (first, rounds) == (0, -1) else None
        if walk is not None and values.shape[1] == walk.features:  # else LightGBM raises an error
            return walk.predict_margin(values)
        threads = 1 if len(values) < MANY_ROWS else THREADS
        out = self.booster.predict(
            values, raw_score=True, start_iteration=first, num_iteration=rounds, num_threads=threads
        )
        return np.asarray(out, np.float64)

    def predict_path(self, values: FloatArray, stops: list[int]) -> FloatArray:
        """Predict the log odds after each number of trees in ``stops``, shape (n, len(stops))."""
        out = np.zeros((len(values), len(stops)))
        before, total = 0, np.zeros(len(values))
        for k, stop in enumerate(stops):
            if min(stop, self.rounds) > before:
                total = total + self.predict_margin(values, first=before, rounds=stop - before)
            before = stop
            out[:, k] = total
        return out
