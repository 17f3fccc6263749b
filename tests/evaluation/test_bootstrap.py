"""Bootstrap intervals: households are resampled with all their rows, in the same way for all models, and the width of
the intervals agrees with theory."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.evaluation.bootstrap import draw_household_weights, estimate_interval, resample


def test_a_household_is_resampled_with_all_its_rows():
    household = np.array([3, 1, 3, 2, 1, 3])
    for weight in draw_household_weights(household, resamples=20, seed=1):
        assert len({weight[i] for i in (0, 2, 5)}) == 1
        assert weight[1] == weight[4]
        assert weight[0] + weight[1] + weight[3] == 3


def test_the_same_seed_draws_the_same_households():
    household = np.arange(50)
    draws = [[weight.tolist() for weight in draw_household_weights(household, 5, seed)] for seed in (7, 7, 8)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def test_models_are_measured_on_the_same_resamples(county):
    rows, models = county
    twice = {"riskml": models["riskml"], "again": models["riskml"]}
    draws = resample(rows, twice, [0.1], resamples=30, seed=0)
    for measure, values in draws["riskml"].items():
        assert np.array_equal(values, draws["again"][measure])
    alone = resample(rows, {"riskml": models["riskml"]}, [0.1], resamples=30, seed=0)
    assert np.array_equal(alone["riskml"]["ap"], draws["riskml"]["ap"])


def test_a_resample_gives_the_same_figures_as_the_rows_it_draws(county):
    from riskml.evaluation.capacity import VisitList
    from riskml.evaluation.ranking import Ranking

    rows, models = county
    model = models["rule_line"]
    draws = resample(rows, {"m": model}, [0.05, 0.1], resamples=3, seed=5)["m"]
    for i, weight in enumerate(draw_household_weights(rows.household, 3, seed=5)):
        copies = np.repeat(np.arange(len(rows)), weight.astype(int))
        score, positive = model.score[copies], rows.positive[copies]
        assert (draws["auc"][i], draws["ap"][i]) == pytest.approx(Ranking.from_scores(score, positive).measure())
        recall, precision = VisitList.from_scores(score, rows.as_of[copies], positive).measure([0.05, 0.1])
        assert draws["recall"][i].tolist() == pytest.approx(recall.tolist())
        assert draws["precision"][i].tolist() == pytest.approx(precision.tolist())
        assert draws["brier"][i] == pytest.approx(((model.probability[copies] - positive) ** 2).mean())


def test_the_spread_of_a_mean_matches_theory(make_rows, predict):
    # If the forecast is always 0, the Brier score is the share of fallers: a mean with a known standard error.
    label = np.repeat([1, 0], [200, 800])
    rows = make_rows(label)
    never = predict(np.zeros(1000), np.zeros(1000))
    low, high = estimate_interval(resample(rows, {"m": never}, [0.1], resamples=1000, seed=0)["m"]["brier"])
    error = np.sqrt(0.2 * 0.8 / 1000)
    assert low == pytest.approx(0.2 - 1.96 * error, abs=0.004)
    assert high == pytest.approx(0.2 + 1.96 * error, abs=0.004)


def test_repeated_rows_for_one_household_widen_the_interval(make_rows, predict):
    # A household's ten equal rows carry no more information than one. Resampling rows instead of households would
    # ignore this and give a tenth of the variance.
    label = np.repeat(np.repeat([1, 0], [20, 80]), 10)
    never = predict(np.zeros(1000), np.zeros(1000))
    apart = make_rows(label)
    together = make_rows(label, household=np.repeat(np.arange(100), 10))
    width = [
        np.ptp(estimate_interval(resample(rows, {"m": never}, [0.1], resamples=500, seed=0)["m"]["brier"]))
        for rows in (apart, together)
    ]
    assert width[1] / width[0] == pytest.approx(np.sqrt(10), rel=0.15)


def test_one_household_has_no_interval(make_rows, predict):
    rows = make_rows([1, 0, 0], household=np.array([4, 4, 4]))
    draws = resample(rows, {"m": predict([3, 2, 1])}, [0.1], resamples=50, seed=0)["m"]
    assert estimate_interval(draws["auc"]) is None
    assert draws["recall"].shape == (0, 1)


def test_resamples_without_a_faller_are_left_out_of_the_interval(make_rows, predict):
    rows = make_rows([1, *[0] * 19])
    draws = resample(rows, {"m": predict(np.arange(20, 0, -1))}, [0.1], resamples=200, seed=0)["m"]
    assert 0 < np.isnan(draws["auc"]).sum() < 200
    assert estimate_interval(draws["auc"]) == [1.0, 1.0]


def test_an_interval_needs_at_least_two_figures():
    assert estimate_interval(np.array([])) is None
    assert estimate_interval(np.array([np.nan, np.nan])) is None
    assert estimate_interval(np.array([0.5, 0.7]), level=1.0) == [0.5, 0.7]
