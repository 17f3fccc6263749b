"""A fold predicts either households not used to fit it, or dates by which all its training labels were known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.model.folds import FEWEST_POSITIVES, MOST_ROWS, count_overlap, count_spans, plan_folds
from riskml.records.contract.calendar import subtract_months, to_day, to_month_end


def make_rows(households, step, dates, rate=0.5, seed=0):
    rng = np.random.default_rng(seed)
    days = np.array([to_month_end(600 + step * k) for k in range(dates)], np.int32)
    as_of = np.repeat(days, households)
    household = np.tile(np.arange(households), dates)
    return (rng.random(len(as_of)) < rate).astype(float), household, as_of


@given(
    st.integers(20, 60), st.sampled_from([1, 3, 12]), st.integers(1, 9), st.sampled_from([3, 12]), st.integers(0, 99)
)
@settings(max_examples=60, deadline=None)
def test_a_fold_predicts_either_other_households_or_a_later_period(households, step, dates, horizon, seed):
    y, household, as_of = make_rows(households, step, dates)
    for fold in plan_folds(y, household, as_of, horizon, seed):
        if fold.later:
            assert as_of[fold.fit].max() <= subtract_months(int(as_of[fold.judge].min()), horizon)
        else:
            assert not set(household[fold.fit]) & set(household[fold.judge])


@given(st.integers(20, 60), st.integers(4, 9), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_rows_with_a_part_of_the_horizon_are_fitted_beside_other_households_and_never_predicted(
    households, dates, parts, seed
):
    y, household, as_of = make_rows(households, 3, dates, seed=seed)
    whole = as_of < np.unique(as_of)[-parts]
    folds = plan_folds(y, household, as_of, 12, seed, whole)
    for fold in folds:
        assert whole[fold.judge].all()
        if fold.later:
            assert whole[fold.fit].all()
        else:
            assert set(np.flatnonzero(~whole)) - set(fold.fit) == {
                row for row in np.flatnonzero(~whole) if household[row] in set(household[fold.judge])
            }
    judged = np.concatenate([fold.judge for fold in folds if not fold.later])
    assert sorted(judged) == np.flatnonzero(whole).tolist()


def test_household_folds_evaluate_every_row_once():
    y, household, as_of = make_rows(50, 12, 3)
    judged = np.concatenate([f.judge for f in plan_folds(y, household, as_of, 12, 0) if not f.later])
    assert sorted(judged.tolist()) == list(range(150))


def test_many_rows_use_fewer_folds_and_a_sample_of_households():
    y, household, as_of = make_rows(70_000, 12, 3, rate=0.05)
    folds = plan_folds(y, household, as_of, 12, 0)
    assert sum(not fold.later for fold in folds) == 1
    assert all(max(len(fold.fit), len(fold.judge)) <= MOST_ROWS for fold in folds)
    fit, judge = (set(household[side]) for side in (folds[0].fit, folds[0].judge))
    assert len(folds[0].fit) == 3 * len(fit)
    assert not fit & judge


def test_many_periods_are_predicted_in_three_groups_from_one_horizon_after_the_first_period():
    y, household, as_of = make_rows(60, 1, 30)
    later = [fold for fold in plan_folds(y, household, as_of, 12, 0) if fold.later]
    assert len(later) == 3
    assert (
        sorted(np.concatenate([fold.judge for fold in later]))
        == np.flatnonzero(as_of >= to_month_end(600 + 12)).tolist()
    )


def test_a_fold_with_one_class_on_a_side_is_skipped():
    y, household, as_of = make_rows(60, 12, 1, rate=0.0)
    assert plan_folds(y, household, as_of, 12, 0) == []


def test_yearly_periods_are_evaluated_after_training_on_all_earlier_ones():
    y, household, as_of = make_rows(200, 12, 3)
    later = [fold for fold in plan_folds(y, household, as_of, 12, 0) if fold.later]
    assert [(len(fold.fit), len(fold.judge)) for fold in later] == [(200, 200), (400, 200)]


def test_training_periods_with_too_few_positives_give_no_evidence():
    y, household, as_of = make_rows(200, 12, 2, rate=0.0)
    y[: FEWEST_POSITIVES - 1] = 1
    y[200:260] = 1
    assert not any(fold.later for fold in plan_folds(y, household, as_of, 12, 0))
    y[FEWEST_POSITIVES - 1] = 1
    assert any(fold.later for fold in plan_folds(y, household, as_of, 12, 0))


def test_only_the_seed_determines_the_draw():
    y, household, as_of = make_rows(50, 12, 1)
    one, same, other = (plan_folds(y, household, as_of, 12, seed)[0].judge.tolist() for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize(
    ("step", "dates", "horizon", "expected"), [(12, 3, 12, 1.0), (3, 6, 12, 4.0), (1, 24, 12, 12.0), (3, 2, 12, 2.0)]
)
def test_overlap_counts_how_often_a_month_is_used(step, dates, horizon, expected):
    assert count_overlap(make_rows(2, step, dates)[2], horizon) == expected


@pytest.mark.parametrize(("step", "dates", "expected"), [(12, 3, 3), (3, 4, 1), (3, 6, 2), (1, 1, 1)])
def test_only_spans_that_do_not_overlap_are_counted(step, dates, expected):
    assert count_spans(make_rows(2, step, dates)[2], 12) == expected


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ((1969, 1970, 1971, 1972, 1977, 1982), 6),  # a survey with gaps: not the 14 years from the first to the last
        ((1969, 1970, 1971, 1972), 4),
        ((1972, 1977, 1982), 3),
        ((1969,), 1),
    ],
)
@pytest.mark.parametrize("horizon", [3, 12])
def test_years_without_an_as_of_date_are_no_evidence(years, expected, horizon):
    days = np.array([to_day(f"{year}-12-31") for year in years], np.int32)
    assert count_spans(np.repeat(days, 2), horizon) == expected
