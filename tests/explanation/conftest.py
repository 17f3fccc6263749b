"""Boosters of every kind that training can produce, and some that it cannot, with rows that probe them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from numpy.typing import NDArray

ROWS, FEATURES, CATEGORICAL = 2000, 6, [3, 5]


@cache
def training_rows() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(ROWS, FEATURES))
    X[:, 3], X[:, 5] = rng.integers(0, 45, ROWS), rng.integers(0, 5, ROWS)
    X[rng.random(ROWS) < 0.2, 0] = np.nan
    X[rng.random(ROWS) < 0.1, 3] = np.nan
    X[rng.random(ROWS) < 0.3, 1] = 0.0
    effect = rng.normal(size=45)[np.nan_to_num(X[:, 3]).astype(int)]
    score = np.nan_to_num(X[:, 0]) * X[:, 1] + effect + X[:, 2] ** 2 - 1 + rng.logistic(size=ROWS) / 2
    return X, (score > 0).astype(float)


@cache
def probing_rows() -> NDArray[np.float64]:
    """Missing, unknown, negative and fractional categories, infinities, zeros: a few rows of each."""
    rows = training_rows()[0][:120].copy()
    rows[:5] = np.nan
    for k, code in enumerate((-1.0, 500.0, 44.7, -0.5, np.inf)):
        rows[10 + 5 * k : 15 + 5 * k, 3] = code
    rows[40:45, 1:3] = np.inf
    rows[45:50, 1:3] = -np.inf
    rows[50:55, 2] = np.nan
    rows[55:60, :3] = 0.0
    rows[60:66, :3] = np.array([1.0, -1.0, 1.1, -1.1, 0.5, -0.5])[:, None] * 1.0000000180025095e-35
    return rows


KINDS: dict[str, dict[str, Any]] = {
    "depth 3": {"max_depth": 3, "num_leaves": 8},
    "depth 5": {"max_depth": 5, "num_leaves": 31},
    "twelve leaves": {"num_leaves": 12, "max_depth": 7},
    "monotone": {"num_leaves": 8, "monotone_constraints": [0, 1, -1, 0, 0, 0]},
    "as riskml trains": {"max_depth": 5, "num_leaves": 31, "lambda_l2": 10, "feature_fraction": 0.4},
    "zero is missing": {"num_leaves": 8, "max_depth": 4, "zero_as_missing": True},
    "nothing is missing": {"num_leaves": 8, "max_depth": 4, "use_missing": False},
    "bagging": {"num_leaves": 8, "bagging_fraction": 0.5, "bagging_freq": 1},
    "constant": {"num_leaves": 8, "min_data_in_leaf": 10_000},
    "soon constant": {"num_leaves": 4, "min_data_in_leaf": 900, "learning_rate": 1.0},
    "no mean first": {"num_leaves": 8, "boost_from_average": False},
}
DEEP = {"num_leaves": 200, "min_data_in_leaf": 2}


@cache
def trained(kind: str, rounds: int = 8) -> lgb.Booster:
    X, y = training_rows()
    settings = {
        "objective": "binary",
        "verbosity": -1,
        "num_threads": 1,
        "learning_rate": 0.2,
        "min_data_per_group": 5,
        "cat_smooth": 1,
        "seed": 1,
        "deterministic": True,
        **(DEEP if kind == "deep" else KINDS[kind]),
    }
    data = lgb.Dataset(X, y, categorical_feature=CATEGORICAL, params={"verbosity": -1})
    return lgb.train(settings, data, rounds)


@dataclass(frozen=True)
class Model:
    kind: str
    booster: lgb.Booster
    rows: NDArray[np.float64]

    @property
    def text(self) -> str:
        return self.booster.model_to_string()

    def pred_contrib(self) -> NDArray[np.float64]:
        return np.asarray(self.booster.predict(self.rows, pred_contrib=True, num_threads=1))


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Model:
    return Model(request.param, trained(request.param), probing_rows())


@pytest.fixture
def deep() -> Model:
    return Model("deep", trained("deep"), probing_rows())


@pytest.fixture(scope="session")
def train() -> Callable[[str], lgb.Booster]:
    return trained


@pytest.fixture(scope="session")
def probing() -> NDArray[np.float64]:
    return probing_rows()
