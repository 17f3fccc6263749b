"""A small synthetic problem whose labels are drawn from known risks, and a model and a bundle made from it once."""

from dataclasses import dataclass

import numpy as np
import pytest

from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix
from riskml.model.baselines import Baselines, fit_ranking
from riskml.model.blend import Blend, fit_blend
from riskml.model.bundle import Bundle
from riskml.model.linear import fit_logistic

COLUMNS = (
    FeatureColumn("income_over_line", Direction.LOWER_RISK),
    FeatureColumn("self_paid", Direction.HIGHER_RISK),
    FeatureColumn("trend"),
    FeatureColumn("region_code_6", categorical=True),
    FeatureColumn("never_reported"),
    FeatureColumn("always_one"),
)
LEVELS = {"region_code_6": ("130529", "130530", "130531")}
YEAR_ENDS = (18627, 18992, 19357)


@dataclass(frozen=True)
class Problem:
    X: FeatureMatrix
    y: np.ndarray
    household: np.ndarray


def make_problem(households=700, seed=0, years=YEAR_ENDS) -> Problem:
    rng = np.random.default_rng(seed)
    n = households * len(years)
    household = np.tile(np.arange(households), len(years))
    income = np.repeat(rng.normal(0.6, 0.5, (1, households)), len(years), axis=0).ravel() + rng.normal(0, 0.2, n)
    cost = np.where(rng.random(n) < 0.3, rng.lognormal(0, 1.5, n), 0.0)
    trend = rng.normal(0, 1, n)
    region = rng.integers(0, 3, n).astype(float)
    margin = -2.2 - 1.5 * income + 0.5 * np.log1p(cost) + 0.6 * (np.abs(trend) > 1) + 0.5 * (region == 2)
    y = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(float)
    values = np.column_stack([income, cost, trend, region, np.full(n, np.nan), np.ones(n)])
    values[rng.random(n) < 0.1, 1] = np.nan
    values[rng.random(n) < 0.05, 3] = np.nan
    as_of = np.repeat(np.array(years, np.int32), households)
    ids = np.char.add("h", household.astype(str))
    return Problem(FeatureMatrix(ids, as_of, COLUMNS, values, LEVELS), y, household)


@pytest.fixture(scope="session")
def problem() -> Problem:
    return make_problem()


@pytest.fixture(scope="session")
def blend(problem) -> Blend:
    return fit_blend(problem.X, problem.y, problem.household, problem.X.as_of, 12, seed=7)


def make_bundle(blend, problem, **changes) -> Bundle:
    baselines = Baselines(
        fit_logistic(problem.X, problem.y),
        {"distance_to_line": fit_ranking(problem.X.column("income_over_line"), problem.y)},
    )
    facts = {
        "evaluation": {"models": {"riskml": {"auc": 0.8, "ap": float("nan")}}},
        "settings": {"window": 12, "horizon": 12, "outcome": "any", "step": 12},
        "split": {"test_from": "2023-12-31"},
        "data": {"fingerprint": "abc"},
        "simulated": False,
        "policy_version": "2025-01",
        "thresholds": {"very_likely": 0.2, "likely": 0.05},
    }
    return Bundle.build(blend, baselines, problem.X, **{**facts, **changes})


@pytest.fixture(scope="session")
def bundle(blend, problem) -> Bundle:
    return make_bundle(blend, problem)


@pytest.fixture(scope="session")
def make_rows():
    return make_problem


@pytest.fixture(scope="session")
def build_bundle():
    return make_bundle
