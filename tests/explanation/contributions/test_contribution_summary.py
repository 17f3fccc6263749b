"""A summary of many households' contributions does not reveal the contributions of any single household."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.explanation.contributions.summary import FEWEST_HOUSEHOLDS, TOP, summarise_contributions

FEATURES = [("income", "other"), ("visits", "illness"), ("region", "other"), ("cost", "illness")]
LEVELS = {"region": ("a", "b", "c")}


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    household = np.repeat(np.arange(300), 4)  # each household has rows at four dates
    n = len(household)
    values = np.column_stack(
        [rng.normal(size=n), rng.integers(0, 3, n), rng.choice([0, 1, 2], n, p=[0.7, 0.28, 0.02]), rng.normal(size=n)]
    ).astype(float)
    values[rng.random(n) < 0.2, 3] = np.nan
    contributions = rng.normal(size=(n, 4)) * [1.0, 0.5, 0.2, 0.1]
    return values, contributions, household


def test_mean_contributions_match_the_rows(rows):
    values, contributions, household = rows
    summary = summarise_contributions(values, contributions, FEATURES, household, LEVELS)
    assert (summary["rows"], summary["households"]) == (1200, 300)
    assert [one["name"] for one in summary["features"]] == ["income", "visits", "region", "cost"]
    for j, one in enumerate(summary["features"]):
        assert one["mean_abs"] == pytest.approx(np.abs(contributions[:, j]).mean(), rel=5e-3)
    together = contributions[:, 1] + contributions[:, 3]
    assert summary["causes"]["illness"] == pytest.approx(np.abs(together).mean(), rel=5e-3)
    assert summary["causes"]["work"] == 0


def test_every_group_has_enough_households_and_the_groups_of_a_feature_cover_its_rows(rows):
    values, contributions, household = rows
    summary = summarise_contributions(values, contributions, FEATURES, household, LEVELS)
    for j, one in enumerate(summary["features"]):
        assert all(group["n"] >= 4 * FEWEST_HOUSEHOLDS for group in one["groups"])
        kept = sum(group["n"] for group in one["groups"])
        assert one["left_out"] == pytest.approx(1 - kept / 1200, abs=5e-3)
        mean = sum(group["n"] * group["contribution"] for group in one["groups"]) / kept
        if one["left_out"] == 0:
            assert mean == pytest.approx(contributions[:, j].mean(), abs=5e-3)
    missing = [group for group in summary["features"][3]["groups"] if group["value"] is None]
    assert sum(group["n"] for group in missing) == np.isnan(values[:, 3]).sum()


def test_rare_levels_and_rare_values_are_left_out(rows):
    values, contributions, household = rows
    values[:5, 1] = 99.0
    summary = {
        one["name"]: one
        for one in summarise_contributions(values, contributions, FEATURES, household, LEVELS)["features"]
    }
    assert {group["value"] for group in summary["region"]["groups"]} == {"a", "b"}
    assert summary["region"]["left_out"] > 0
    assert 99.0 not in {group["value"] for group in summary["visits"]["groups"]}


def test_similar_rows_are_grouped():
    household = np.arange(400)
    values = np.repeat([0.0, 1.0], 200)[:, None]
    contributions = (values * 2 - 1) + np.linspace(-0.1, 0.1, 400)[:, None]
    [one] = summarise_contributions(values, contributions, [("x", "work")], household)["features"]
    assert all(abs(group["contribution"] - (group["value"] * 2 - 1)) < 0.11 for group in one["groups"])
    assert len(one["groups"]) == 20


def test_only_the_strongest_features_are_listed():
    names = [(f"f{i}", "other") for i in range(20)]
    contributions = np.tile(np.arange(20.0), (100, 1))
    summary = summarise_contributions(np.zeros((100, 20)), contributions, names, np.arange(100))
    assert [one["name"] for one in summary["features"]] == [f"f{i}" for i in range(19, 19 - TOP, -1)]
