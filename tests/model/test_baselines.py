"""Baselines that only rank households get their probabilities from a model with one variable."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from riskml.errors import ModelError
from riskml.model.baselines import Baselines, RankingModel, fit_ranking
from riskml.model.linear import fit_logistic


def draw_scores(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.normal(3, 2, n)
    return score, (rng.random(n) < 1 / (1 + np.exp(1 + score))).astype(float)


def test_the_baseline_is_a_plain_logistic_regression_on_one_variable():
    score, y = draw_scores()
    sk = LogisticRegression(C=np.inf, tol=1e-10).fit(score[:, None], y)
    assert np.allclose(
        fit_ranking(score, y).predict_probability(score), sk.predict_proba(score[:, None])[:, 1], atol=1e-4
    )


def test_the_order_of_scores_and_their_ties_are_preserved():
    score, y = draw_scores()
    score = np.round(score)
    probability = fit_ranking(score, y).predict_probability(score)
    assert len(np.unique(probability)) == len(np.unique(score))
    assert (np.diff(probability[np.argsort(-score, kind="stable")]) >= 0).all()


def test_a_missing_score_is_replaced_by_the_training_median():
    score, y = draw_scores()
    holes = score.copy()
    holes[:100] = np.nan
    ranking = fit_ranking(holes, y)
    assert ranking.fill == np.median(holes[100:])
    assert (
        ranking.predict_probability(np.array([np.nan]))[0] == ranking.predict_probability(np.array([ranking.fill]))[0]
    )


def test_a_separating_or_constant_score_gives_finite_numbers():
    y = np.r_[np.zeros(20), np.ones(20)]
    separated = fit_ranking(y.copy(), y).predict_probability(y)
    assert separated.min() < 0.05 < 0.95 < separated.max()
    assert fit_ranking(np.full(40, 7.0), y).predict_probability(np.array([7.0, 9.0])) == pytest.approx([0.5, 0.5])


def test_a_single_class_is_rejected():
    with pytest.raises(ModelError, match="same outcome"):
        fit_ranking(np.arange(5.0), np.zeros(5))


def test_baselines_survive_a_json_round_trip_bit_for_bit(problem):
    income = problem.X.column("income_over_line")
    made = Baselines(fit_logistic(problem.X, problem.y), {"distance_to_line": fit_ranking(income, problem.y)})
    again = Baselines.from_json(made.logistic.schema, json.loads(json.dumps(made.to_json(), allow_nan=False)))
    assert isinstance(again.rankings["distance_to_line"], RankingModel)
    assert again.rankings == made.rankings
    assert again.logistic.predict_margin(problem.X).tobytes() == made.logistic.predict_margin(problem.X).tobytes()
