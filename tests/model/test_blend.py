"""The complete model: its margin is the weighted sum of its two parts, the same input gives the same model, and few
rows are enough to fit it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score
from tests.model.conftest import YEAR_ENDS, make_problem

from riskml.errors import ModelError
from riskml.features.matrix import FeatureMatrix
from riskml.model.baselines import fit_ranking
from riskml.model.blend import fit_blend
from riskml.model.choice import LOOSE
from riskml.model.linear import LinearProblem
from riskml.model.schema import Schema
from riskml.records.contract.calendar import to_day

pytestmark = pytest.mark.integration  # trains models


def fit(problem, seed=7):
    return fit_blend(problem.X, problem.y, problem.household, problem.X.as_of, 12, seed=seed)


def test_the_margin_is_the_weighted_sum_of_the_parts(blend, problem):
    values, w = blend.align(problem.X), blend.weights
    linear, trees = blend.linear.predict_margin(values), blend.trees.predict_margin(values)
    assert min(w.linear, w.trees) >= 0
    assert w.linear + w.trees > 0.5
    assert np.array_equal(blend.predict_margin(problem.X), w.intercept + w.linear * linear + w.trees * trees)


def test_the_probability_follows_the_margin(blend, problem):
    order = np.argsort(blend.predict_margin(problem.X), kind="stable")
    assert (np.diff(blend.predict_probability(problem.X)[order]) >= 0).all()
    assert blend.predict_probability(problem.X).mean() == pytest.approx(problem.y.mean(), rel=0.25)


def test_one_row_gives_the_same_bits_as_in_a_batch(blend, problem):
    values = problem.X.values
    batch, sure = blend.predict_margin(problem.X), blend.predict_probability(problem.X)
    for i in range(0, len(values), 7):
        one = problem.X.take(np.array([i]))
        assert blend.predict_margin(one)[0] == batch[i]
        assert blend.predict_probability(one)[0] == sure[i]


def test_the_model_ranks_unseen_households_well(blend, fresh):
    assert roc_auc_score(fresh.y, blend.predict_probability(fresh.X)) > 0.68


def test_the_same_input_gives_the_same_model(blend, problem):
    again = fit(problem)
    assert again.trees.text == blend.trees.text
    assert (again.weights, again.calibration, again.choice) == (blend.weights, blend.calibration, blend.choice)
    assert again.linear.to_json() == blend.linear.to_json()


def test_the_model_records_the_choice_of_complexity_and_weights(blend):
    assert blend.choice["trees"]["depth"] <= 5
    assert blend.choice["default"] is (blend.choice["evidence"] == 0)
    result = blend.choice["out_of_sample"]
    assert [result[kind]["folds"] for kind in ("households", "periods")] == [4, 2]
    assert (result["households"]["rows"], result["periods"]["rows"]) == (2100, 1400)
    loss = result["households"]["log_loss"]
    assert loss["blend"] < min(loss["linear"], loss["trees"]) + 0.002


def test_progress_is_reported(few):
    texts = []
    fit_blend(few.X, few.y, few.household, few.X.as_of, 12, progress=texts.append)
    assert any("all rows" in text for text in texts)


def rename_to_past_income(problem):
    """Return the problem with its first column renamed to that of past income."""
    columns = (problem.X.columns[0]._replace(name="weighted_past_income"), *problem.X.columns[1:])
    return replace(problem, X=replace(problem.X, columns=columns))


def test_a_model_of_past_income_alone_is_folded_into_the_linear_part(problem):
    model = fit(rename_to_past_income(problem))
    share = model.choice["past_income"]
    assert 0 < share < 1
    values = model.align(rename_to_past_income(problem).X)
    parts = LinearProblem(model.schema, values, problem.y)
    whole, alone = parts.solve(model.choice["strength"]), parts.solve_alone("weighted_past_income", LOOSE)
    expected = (1 - share) * whole.predict_margin(values) + share * alone.predict_margin(values)
    np.testing.assert_allclose(model.linear.predict_margin(values), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(model.linear.explain(values).sum(axis=1) + model.linear.base, expected, atol=1e-9)


def test_past_income_alone_is_fitted_like_the_ranking_baseline(problem):
    X = rename_to_past_income(problem).X
    alone = LinearProblem(Schema.from_matrix(X), X.values, problem.y, tail=0.0).solve_alone(
        "weighted_past_income", LOOSE
    )
    baseline = fit_ranking(X.values[:, 0], problem.y)
    np.testing.assert_allclose(
        alone.predict_probability(X.values), baseline.predict_probability(X.values[:, 0]), atol=1e-3
    )


def test_the_weights_stay_near_one_half_with_little_data(few):
    weights = fit(few).weights
    assert weights.linear == pytest.approx(0.5, abs=0.2)
    assert weights.trees == pytest.approx(0.5, abs=0.2)


def test_two_positives_are_enough_to_fit_a_model(few):
    y = np.zeros(len(few.y))
    y[:2] = 1
    model = fit_blend(few.X, y, few.household, few.X.as_of, 12)
    assert np.isfinite(model.predict_margin(few.X)).all()
    assert 0 < model.predict_probability(few.X).mean() < 0.2


def test_the_calibration_of_a_survey_with_gaps_does_not_count_the_years_without_rows(make_rows):

    years = tuple(to_day(f"{year}-12-31") for year in (1969, 1970, 1971, 1972, 1977, 1982))

    def draw(households, seed):
        """Draw rows whose first two years had few falls, so that every later period lies above what was expected."""
        drawn = make_rows(households, seed, years)
        spared = (drawn.X.as_of <= years[1]) & (np.random.default_rng(seed + 1).random(len(drawn.y)) < 0.8)
        return replace(drawn, y=np.where(spared, 0.0, drawn.y))

    survey, fresh = draw(1000, seed=3), draw(3000, seed=9)
    model = fit_blend(survey.X, survey.y, survey.household, survey.X.as_of, 12)
    assert 0.2 < model.calibration.shift < 0.45, "13 periods instead of 5 would shift it by .56"
    assert model.predict_probability(fresh.X).sum() / fresh.y.sum() < 1.3, (
        "13 periods would expect 1.36 times the falls"
    )


def test_a_household_without_any_known_feature_gets_a_finite_score(blend, problem):
    nothing = FeatureMatrix(np.array(["x"]), np.zeros(1, np.int32), (), np.empty((1, 0)), {})
    margin = blend.predict_margin(nothing)
    assert np.isfinite(margin).all()
    assert margin[0] == blend.predict_margin(np.full((1, len(problem.X.columns)), np.nan))[0]


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_single_class_is_rejected(few, label):
    with pytest.raises(ModelError, match="same outcome"):
        fit_blend(few.X, np.full(len(few.y), label), few.household, few.X.as_of, 12)


def test_missing_labels_wrong_lengths_and_empty_rows_are_rejected(few):
    y = few.y.copy()
    y[3] = np.nan
    with pytest.raises(ModelError, match="1 label"):
        fit_blend(few.X, y, few.household, few.X.as_of, 12)
    with pytest.raises(ModelError, match="Rows differ"):
        fit_blend(few.X, few.y[:-1], few.household, few.X.as_of, 12)
    none = np.zeros(0, int)
    with pytest.raises(ModelError, match="no training rows"):
        fit_blend(few.X.take(none), few.y[none], few.household[none], few.X.as_of[none], 12)


def test_an_array_with_the_wrong_width_is_rejected(blend):
    with pytest.raises(ModelError, match="takes 6 features"):
        blend.predict_margin(np.zeros((2, 5)))


@pytest.fixture(scope="module")
def few(make_rows):
    return make_rows(60, seed=5)


@pytest.fixture(scope="module")
def fresh(make_rows):
    return make_rows(700, seed=99)


def test_rows_with_a_part_of_the_horizon_do_not_lower_the_probability_of_a_whole_one():
    problem = make_problem(3000, seed=4)
    late = problem.X.as_of == max(YEAR_ENDS)
    rate = problem.y[~late].mean()
    half = late & (np.random.default_rng(1).random(len(late)) < 0.5)
    y = np.where(half, 0.0, problem.y)  # half of the falls of the last date have not happened yet
    shortfall = logit(rate / 2) - logit(rate)
    X = problem.X
    months = [late if with_offset else np.zeros(len(late), bool) for with_offset in (True, False)]
    means = [
        fit_blend(X, y, problem.household, X.as_of, 12, offset=np.where(known, shortfall, 0.0))
        .predict_probability(X.take(late))
        .mean()
        for known in months
    ]
    assert means[0] == pytest.approx(problem.y[late].mean(), rel=0.12)
    assert means[1] < 0.9 * means[0]


def test_an_offset_of_zero_changes_nothing_but_rounding(few):
    zero = np.zeros(len(few.y))
    plain = fit_blend(few.X, few.y, few.household, few.X.as_of, 12)
    same = fit_blend(few.X, few.y, few.household, few.X.as_of, 12, offset=zero)
    np.testing.assert_allclose(same.predict_margin(few.X), plain.predict_margin(few.X), atol=1e-6)
