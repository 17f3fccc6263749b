"""Feature contributions: they sum to the model's margin and are the same for a row alone as among many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskml.errors import BundleError, ModelError
from riskml.explanation import Explainer
from riskml.explanation.contributions import explainer as contributions
from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix
from riskml.model.blend import Blend, Weights
from riskml.model.calibration import Calibration
from riskml.model.linear import LinearProblem
from riskml.model.schema import Schema
from riskml.model.trees import TreeProblem, TreeSettings

COLUMNS = (
    FeatureColumn("income", Direction.LOWER_RISK),
    FeatureColumn("spending", Direction.HIGHER_RISK),
    FeatureColumn("size"),
    FeatureColumn("region_6", categorical=True),
    FeatureColumn("never_known"),
)
LEVELS = {"region_6": ("990101", "990102", "990103")}


def draw_matrix(n: int, seed: int = 0) -> FeatureMatrix:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 5))
    values[:, 3] = rng.integers(0, 3, n)
    values[rng.random(n) < 0.2, 1] = np.nan
    values[rng.random(n) < 0.1, 3] = np.nan
    values[:, 4] = np.nan
    return FeatureMatrix(np.array([f"h{i}" for i in range(n)]), np.zeros(n, np.int32), COLUMNS, values, LEVELS)


@pytest.fixture(scope="module")
def training() -> FeatureMatrix:
    return draw_matrix(3000)


@pytest.fixture(scope="module")
def blend(training: FeatureMatrix) -> Blend:
    x = training.values
    score = -2 * x[:, 0] + np.nan_to_num(x[:, 1], nan=1.0) * (x[:, 2] > 0) + (x[:, 3] == 2) - 1
    y = (score + np.random.default_rng(1).logistic(size=len(x)) > 0).astype(float)
    schema = Schema.from_matrix(training)
    linear = LinearProblem(schema, x, y).solve(0.1)
    trees = TreeProblem(schema, x, y).solve(TreeSettings(rounds=40, min_rows=30), seed=0)
    return Blend(schema, linear, trees, Weights(-0.1, 0.4, 0.7), Calibration(0.2, 0.9))


@pytest.fixture(scope="module")
def explainer(blend: Blend) -> Explainer:
    return Explainer(blend)


def test_base_and_contributions_sum_to_the_margin_for_every_row(explainer, blend):
    X = draw_matrix(500, seed=7)
    contributions = explainer.explain(X)
    np.testing.assert_allclose(contributions.margin, blend.predict_margin(X), rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        contributions.base + contributions.values.sum(axis=1), blend.predict_margin(X), rtol=0, atol=1e-9
    )
    contributions.require_margin(blend.predict_margin(X))


def test_calibrated_contributions_give_the_probability_of_the_model(explainer, blend):
    X = draw_matrix(50, seed=7)
    contributions = explainer.explain(X)
    np.testing.assert_allclose(contributions.probability, blend.predict_probability(X), atol=1e-12)


def test_a_row_has_the_same_bits_alone_among_many_and_on_two_threads(explainer, monkeypatch):
    X = draw_matrix(300, seed=3).values
    many = explainer.explain(X).values
    for i in (0, 17, 299):
        np.testing.assert_array_equal(explainer.explain(X[i : i + 1]).values[0], many[i])
    monkeypatch.setattr(contributions, "CHUNK", 70)
    np.testing.assert_array_equal(explainer.explain(X).values, many)
    np.testing.assert_array_equal(explainer.explain(X, threads=2).values, many)


def test_categories_and_missing_values_count_towards_their_feature(explainer, blend):
    row = draw_matrix(1, seed=5).values
    elsewhere = row.copy()
    elsewhere[0, 3], elsewhere[0, 1] = np.nan, np.nan
    before, after = (blend.linear.explain(x)[0] for x in (row, elsewhere))
    assert set(np.flatnonzero(before != after)) <= {1, 3}
    unknown = draw_matrix(1, seed=5)
    unknown = replace(unknown, levels={"region_6": ("110000", "110001", "110002")})
    contributions = explainer.explain(unknown)
    np.testing.assert_allclose(contributions.margin, blend.predict_margin(unknown), atol=1e-9)


def test_linear_contributions_average_to_zero_over_the_training_rows(explainer, blend, training):
    mean = blend.linear.explain(training).mean(axis=0)
    np.testing.assert_allclose(mean, 0, atol=1e-9)


def test_a_feature_that_is_always_missing_contributes_nothing(explainer):
    assert not explainer.explain(draw_matrix(200, seed=2)).values[:, 4].any()


@settings(max_examples=40, deadline=None)
@given(
    values=hnp.arrays(
        np.float64,
        (3, 5),
        elements=st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")), st.integers(-1, 4).map(float)),
    )
)
def test_contributions_sum_to_the_margin_for_any_rows(explainer, blend, values):
    values[:, 3] = np.where(np.isnan(values[:, 3]), np.nan, np.clip(np.round(values[:, 3]), -1, 5))
    explainer.explain(values).require_margin(blend.predict_margin(values))


def test_margins_from_another_model_are_rejected(explainer, blend):
    X = draw_matrix(5)
    with pytest.raises(ModelError, match=r"contributions of 2 of 5 rows do not add up.*\n.*same model"):
        explainer.explain(X).require_margin(blend.predict_margin(X) + np.array([0, 1e-6, 0, 0, np.nan]))


def test_a_faulty_kernel_is_rejected_when_the_model_is_loaded(blend, monkeypatch):
    real = contributions.Tables.build

    def wrong(forest):
        tables = real(forest)
        tables.table[0] += 1e-3
        tables.table[:64] *= 1.01
        return tables

    monkeypatch.setattr(contributions.Tables, "build", wrong)
    with pytest.raises(BundleError, match="differ by"):
        Explainer(blend)


def test_a_model_without_features_has_only_a_base_value(explainer):
    empty = contributions.Contributions(-2.0, np.zeros((3, 0)), Calibration())
    np.testing.assert_array_equal(empty.margin, [-2.0, -2.0, -2.0])
    assert len(empty) == 3


def test_an_empty_matrix_is_not_an_error(explainer):
    contributions = explainer.explain(draw_matrix(0))
    assert contributions.values.shape == (0, 5)
    assert contributions.margin.shape == (0,)
