"""Quarterly and yearly survey data, which the data contract allows, are handled by the same code as county records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskml.policy import load_policy
from riskml.records.panel.store import Records
from riskml.splits import Settings
from riskml.training import train

pytestmark = pytest.mark.integration

RNG = np.random.default_rng(3)


def _people(count: int) -> tuple[np.ndarray, np.ndarray]:
    codes = np.array([f"P{i:04d}" for i in range(count)])
    return codes, RNG.normal(0.55, 0.45, count)


def quarterly() -> dict[str, pd.DataFrame]:
    """Make a survey with the total income for one month per quarter, a few observations per household, and changing
    attributes."""
    codes, level = _people(900)
    quarters = pd.date_range("2021-03-01", periods=12, freq="QS-MAR")
    income, households = [], []
    for code, mean in zip(codes, level, strict=True):
        start = int(RNG.integers(0, 9))
        shock = 0.0
        for k in range(start, min(start + int(RNG.integers(2, 6)), 12)):
            shock = 0.6 * shock + RNG.normal(0, 0.35)
            day = quarters[k]
            income.append((code, day, "total", 500 * np.exp(mean + shock), day + pd.offsets.MonthEnd(1)))
            households.append((code, day, "11", 3, float(RNG.integers(0, 3)), "town" if mean > 0.5 else "hill"))
    lines = pd.DataFrame(
        {
            "region_code": [""] * 3,
            "effective_from": pd.to_datetime(["2020-01-01", "2022-01-01", "2023-01-01"]),
            "amount": [2000.0, 2200.0, 2400.0],
        }
    )
    return {
        "households": pd.DataFrame(
            households, columns=["household_id", "recorded_on", "region_code", "size", "jobs", "place"]
        ),
        "income": pd.DataFrame(income, columns=["household_id", "period_start", "source", "amount", "recorded_on"]),
        "lines": lines,
    }


def yearly() -> dict[str, pd.DataFrame]:
    """Make a survey with the total income for each year, and with hospital visits without costs."""
    codes, level = _people(900)
    income, care = [], []
    for code, mean in zip(codes, level, strict=True):
        shock = 0.0
        for year in range(2017, 2024):
            ill = RNG.random() < 0.15
            shock = 0.7 * shock + RNG.normal(0, 0.3) - 0.3 * ill
            income.append((code, f"{year}-01-01", 12, "total", 6000 * np.exp(mean + shock)))
            if ill:
                care.append((code, f"{year}-12-31", "inpatient", 2))
    return {
        "households": pd.DataFrame({"household_id": codes, "region_code": "11", "size": 1}),
        "income": pd.DataFrame(income, columns=["household_id", "period_start", "months", "source", "amount"]),
        "illness": pd.DataFrame(care, columns=["household_id", "occurred_on", "kind", "visits"]),
        "lines": pd.DataFrame({"region_code": [None], "effective_from": ["2015-01-01"], "amount": [6000.0]}),
    }


@pytest.mark.parametrize(
    ("tables", "settings"),
    [
        (quarterly, Settings(window=1, horizon=3, step=3)),
        (yearly, Settings(window=12, horizon=12, step=12, outcome="end")),
    ],
    ids=["quarterly", "yearly"],
)
def test_a_model_can_be_trained_on_a_survey_without_special_code(tables, settings: Settings) -> None:
    trained = train(Records.from_tables(tables()), settings, load_policy()).evaluation
    assert trained["split"]["n_test"] > 30
    assert trained["split"]["n_positive"] > 3
    assert trained["split"]["missing"]["no_follow_up"] >= 0
    models = trained["models"]
    assert set(models) == {"riskml", "rule_line", "distance_to_line", "weighted_past_income", "logistic"}
    assert models["riskml"]["auc"] > 0.6
    assert models["rule_line"]["auc"] > 0.6
