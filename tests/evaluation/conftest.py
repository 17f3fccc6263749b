"""Fixtures that make test rows without records, because comparing models needs only arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from riskml.evaluation import Prediction, TestRows
from riskml.evaluation.checks.base import CheckContext


def _rows(label, **columns) -> TestRows:
    label = np.asarray(label, dtype=np.int8)
    n = len(label)
    default = {
        "household": np.arange(n, dtype=np.int64),
        "as_of": np.zeros(n, dtype=np.int32),
        "by": label.copy(),
        "lead": np.where(label == 1, 6.0, np.nan),
        "rule_positive": np.zeros(n, dtype=np.bool_),
        "household_code": np.array([f"h{i:06d}" for i in range(n)], dtype=np.str_),
        "groups": {},
        "first_rule_flag": None,
    }
    return TestRows(label=label, **(default | columns))


def _prediction(score, probability=None) -> Prediction:
    score = np.asarray(score, dtype=np.float64)
    return Prediction(score, 1 / (1 + np.exp(-score)) if probability is None else np.asarray(probability, dtype=float))


@pytest.fixture
def make_rows() -> Callable[..., TestRows]:
    """Return a function that builds test rows from labels; all other arrays have simple defaults."""
    return _rows


@pytest.fixture
def predict() -> Callable[..., Prediction]:
    """Return a function that builds a prediction from scores; by default the logistic function gives probabilities."""
    return _prediction


@pytest.fixture
def county(make_rows, predict) -> tuple[TestRows, dict[str, Prediction]]:
    """Build rows for 600 households at two as-of dates, and the predictions of a good, a coarse and a useless model."""
    random = np.random.default_rng(3)
    n = 1200
    risk = random.normal(-2.5, 1.2, n)
    label = (random.random(n) < 1 / (1 + np.exp(-risk))).astype(np.int8)
    rows = make_rows(
        label,
        household=np.tile(np.arange(n // 2, dtype=np.int64), 2),
        as_of=np.repeat(np.array([100, 200], dtype=np.int32), n // 2),
        by=np.where(label == 1, random.integers(1, 4, n), 0).astype(np.int8),
        lead=np.where(label == 1, random.integers(1, 13, n).astype(float), np.nan),
        rule_positive=risk > -1.5,
        household_code=np.tile(np.array([f"h{i:04d}" for i in range(n // 2)]), 2),
        groups={"region": random.choice(["a", "b"], n), "category": np.where(np.arange(n) < 5, "rare", "common")},
        first_rule_flag=np.where(risk > -1.5, 0.0, np.where(random.random(n) < 0.5, 3.0, np.nan)),
    )
    models = {
        "riskml": predict(risk),
        "rule_line": predict(np.round(risk / 2), np.full(n, 0.1)),
        "weighted_past_income": predict(random.normal(size=n), np.full(n, label.mean())),
    }
    return rows, models


@pytest.fixture
def evidence() -> Callable[..., CheckContext]:
    """Return a function that builds the evidence for a model without faults; any part of it can be replaced."""

    def build(**parts) -> CheckContext:
        evaluation = {
            "models": {"riskml": {"ap": 0.30}, "rule_line": {"ap": 0.20}, "weighted_past_income": {"ap": 0.25}},
            "ap_difference": {
                "rule_line": {"value": 0.10, "ci": [0.05, 0.15]},
                "weighted_past_income": {"value": 0.05, "ci": [-0.01, 0.11]},
            },
            "by_kind": {"income": {"n": 100}, "monitoring": {"n": 50}},
            "calibration": {
                "slope": 1.05,
                "slope_ci": [0.9, 1.2],
                "observed_over_expected": 0.97,
                "observed_over_expected_ci": [0.85, 1.09],
            },
            "groups": [],
            "outcome": {"horizon": 12},
            "split": {
                "train_as_ofs": ["2022-06-30", "2022-12-31"],
                "test_as_ofs": ["2023-12-31"],
                "train_known_by": "2023-12-31",
            },
        }
        measured = {"monotonicity": [{"feature": "income_per_head_12m", "direction": -1, "worst": 0.0}]}
        champion = parts.pop("champion", None)
        evaluation |= {name: value for name, value in parts.items() if name in evaluation}
        measured |= {name: value for name, value in parts.items() if name not in evaluation}
        return CheckContext(evaluation | {"evidence": measured}, champion)

    return build
