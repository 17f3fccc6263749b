"""The linear part of the model: it matches a textbook model, has exact contributions for one row or many, and handles
odd data."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from riskml.errors import ModelError
from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix
from riskml.model.linear import Linear, LinearProblem, fit_logistic
from riskml.model.schema import Schema


def make_matrix(values, columns=None, levels=None):
    n, count = values.shape
    columns = columns or tuple(FeatureColumn(f"f{j}") for j in range(count))
    return FeatureMatrix(np.arange(n).astype(str), np.zeros(n, np.int32), tuple(columns), values, levels or {})


def draw_noisy(n=400, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 3)) * [1.0, 100.0, 0.01] + [0.0, 5.0, 3.0]
    y = (rng.random(n) < 1 / (1 + np.exp(1 - values[:, 0] - (values[:, 1] - 5) / 100))).astype(float)
    values[rng.random(n) < 0.2, 1] = np.nan
    return values, y


def test_the_linear_model_equals_the_textbook_pipeline():
    values, y = draw_noisy()
    textbook = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
        LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10),
    ).fit(values, y)
    fresh, _ = draw_noisy(50, seed=1)
    assert np.allclose(
        fit_logistic(make_matrix(values), y).predict_margin(fresh), textbook.decision_function(fresh), atol=1e-6
    )


def test_levels_are_one_hot_encoded_with_the_same_penalty():
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, 600).astype(float)
    y = (rng.random(600) < np.array([0.1, 0.3, 0.5])[codes.astype(int)]).astype(float)
    X = make_matrix(codes[:, None], [FeatureColumn("region", categorical=True)], {"region": ("a", "b", "c")})
    hot = np.column_stack([codes == k for k in range(3)]).astype(float)
    textbook = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10).fit(hot - hot.mean(axis=0), y)
    assert np.allclose(
        fit_logistic(X, y).predict_margin(X), textbook.decision_function(hot - hot.mean(axis=0)), atol=1e-6
    )


def test_contributions_sum_to_the_margin_and_are_centred_on_the_training_rows(problem):
    model = LinearProblem(Schema.from_matrix(problem.X), problem.X.values, problem.y).solve(0.1)
    parts = model.explain(problem.X)
    assert parts.shape == problem.X.values.shape
    assert np.allclose(parts.sum(axis=1) + model.base, model.predict_margin(problem.X), atol=1e-12)
    assert np.allclose(parts.mean(axis=0), 0.0, atol=1e-9)


def test_one_row_gives_the_same_bits_as_in_a_batch(problem):
    model = fit_logistic(problem.X, problem.y)
    values = problem.X.values
    batch = model.predict_margin(values)
    assert all(model.predict_margin(values[i : i + 1])[0] == batch[i] for i in range(len(values)))
    assert np.array_equal(model.predict_margin(np.asfortranarray(values)), batch)
    assert np.array_equal(model.predict_margin(values[::3]), batch[::3])


@given(
    st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=6, max_size=6),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_input_gets_a_finite_margin_independent_of_other_rows(linear_part, rows):
    values = np.array(rows)
    margin = linear_part.predict_margin(values)
    assert np.isfinite(margin).all()
    assert [linear_part.predict_margin(row[None])[0] for row in values] == margin.tolist()


@pytest.fixture(scope="module")
def linear_part(problem):
    return LinearProblem(Schema.from_matrix(problem.X), problem.X.values, problem.y).solve(0.1)


def test_the_json_round_trip_keeps_every_bit(linear_part, problem):
    again = Linear.from_json(linear_part.schema, json.loads(json.dumps(linear_part.to_json(), allow_nan=False)))
    assert again.predict_margin(problem.X).tobytes() == linear_part.predict_margin(problem.X).tobytes()


def test_directions_hold_even_if_the_data_contradict_them():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 2))
    y = (rng.random(500) < 1 / (1 + np.exp(-x[:, 0] - x[:, 1]))).astype(float)
    columns = (FeatureColumn("a", Direction.LOWER_RISK), FeatureColumn("b", Direction.HIGHER_RISK))
    schema = Schema(columns, {})
    bounded = LinearProblem(schema, x, y).solve(1.0)
    assert bounded.slope[0] == 0.0
    assert bounded.slope[1] > 0.5
    assert LinearProblem(schema, x, y, directed=False).solve(1.0).slope[0] > 0.5


def test_an_outlier_is_winsorised():
    values, y = draw_noisy(2000)
    wild = values.copy()
    wild[0, 0] = 1e15
    model = LinearProblem(Schema.from_matrix(make_matrix(wild)), wild, y).solve(1.0)
    assert model.high[0] < 10
    assert abs(model.predict_margin(wild)[0]) < 20
    calm = LinearProblem(Schema.from_matrix(make_matrix(values)), values, y).solve(1.0)
    assert np.allclose(model.predict_margin(values)[1:], calm.predict_margin(values)[1:], atol=0.05)


def test_a_rare_event_is_not_winsorised_away():
    x = np.zeros((3000, 1))
    x[:2] = 5.0
    y = np.zeros(3000)
    y[:200] = 1
    assert LinearProblem(Schema.from_matrix(make_matrix(x)), x, y).solve(1.0).high[0] == 5.0


def test_rounding_noise_is_not_scaled_up_into_a_feature():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=200), np.where(rng.random(200) < 0.3, 1e-9, 0.0)])
    y = (rng.random(200) < 0.3).astype(float)
    model = fit_logistic(make_matrix(x), y)
    assert model.slope[1] == 0.0
    assert model.predict_margin(np.array([[0.0, 0.5]]))[0] == model.predict_margin(np.array([[0.0, 0.0]]))[0]


def test_unknown_and_missing_levels_differ_from_known_levels(linear_part):
    rows = np.tile([0.5, 0.0, 0.0, 0.0, np.nan, 1.0], (5, 1))
    rows[:, 3] = [0, 2, np.nan, 3, -1]
    margin = linear_part.predict_margin(rows)
    assert margin[1] > margin[0]
    assert margin[2] == margin[3] == margin[4]


def test_constant_features_and_those_never_reported_contribute_nothing(linear_part):
    rows = np.array([[0.5, 0.0, 0.0, 1.0, np.nan, 1.0], [0.5, 0.0, 0.0, 1.0, 7.0, 99.0]])
    assert linear_part.explain(rows)[:, 4:].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_matrix_with_another_schema_is_converted_to_this_one(linear_part, problem):
    X = problem.X
    order = [3, 0, 1]
    other = FeatureMatrix(
        X.household_id,
        X.as_of,
        tuple(X.columns[j] for j in order),
        np.where(np.arange(3) == 0, X.values[:, order] + 1, X.values[:, order]),
        {"region_code_6": ("110000", "130529", "130530", "130531")},
    )
    same = X.values.copy()
    same[:, [2, 4, 5]] = np.nan
    assert np.array_equal(linear_part.predict_margin(other), linear_part.predict_margin(same))


def test_a_model_without_any_usable_feature_gives_the_base_rate():
    values = np.full((40, 2), np.nan)
    y = np.r_[np.ones(10), np.zeros(30)]
    model = fit_logistic(make_matrix(values), y)
    assert model.predict_probability(make_matrix(values)) == pytest.approx(np.full(40, 0.25))


def test_rows_with_the_wrong_width_are_rejected(problem):
    model = LinearProblem(Schema.from_matrix(problem.X), problem.X.values, problem.y).solve(0.1)
    with pytest.raises(ModelError, match="takes 6 features, got 5"):
        model.predict_margin(problem.X.values[:3, :5])


def test_a_single_class_is_rejected():
    values, _ = draw_noisy(20)
    with pytest.raises(ModelError, match="same outcome"):
        fit_logistic(make_matrix(values), np.zeros(20))


def test_the_margin_equals_the_contributions_summed_in_order_bit_for_bit(problem):
    model = LinearProblem(Schema.from_matrix(problem.X), problem.X.values, problem.y).solve(0.1)
    rows = problem.X.values[:60].copy()
    rows[0], rows[1], rows[2] = np.nan, np.inf, -np.inf
    rows[3:6, list(model.tables)] = np.array([[-1.0], [1e6], [np.nan]])
    rows[6:20, ::2] *= 1e9
    expected = np.add.accumulate(model.explain(rows), axis=1)[:, -1] + model.base
    assert model.tables, "the features must include a category"
    assert np.array_equal(model.predict_margin(rows).view(np.int64), expected.view(np.int64))
    assert np.array_equal(model.predict_margin(np.asfortranarray(rows)), expected)


@pytest.mark.parametrize("alone", [False, True])
def test_a_constant_offset_moves_the_base_alone(problem, alone):
    schema = Schema.from_matrix(problem.X)
    problems = [
        LinearProblem(schema, problem.X.values, problem.y, offset=offset)
        for offset in (None, np.full(len(problem.y), 0.7))
    ]
    plain, moved = (one.solve_alone("self_paid", 1.0) if alone else one.solve(0.1) for one in problems)
    assert moved.base == pytest.approx(plain.base - 0.7, abs=1e-6)
    np.testing.assert_allclose(moved.slope, plain.slope, atol=1e-6)
