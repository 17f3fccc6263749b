"""Which features may be given as reasons for a household's risk, and how the causes are ordered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskml.explanation.contributions.summary import sum_by_cause
from riskml.explanation.reasons.grouping import NAMED, Grouping
from riskml.explanation.reasons.ranking import LEAST, MOST_PROTECTIONS, MOST_REASONS, Rankings
from riskml.explanation.reasons.selection import MARGIN, RULES
from riskml.features import CATALOGUE
from riskml.vocabulary.causes import CAUSES

FEATURES = list(CATALOGUE.values())
GROUPING = Grouping.from_features(FEATURES)
UNKNOWN = [float("nan")] * len(FEATURES)
NAMES = list(CATALOGUE)


def may_warn(feature, values, median=float("nan")):
    return RULES[feature.risky].admits(values, np.array(median), risk=True)


def may_protect(feature, values, median=float("nan")):
    return RULES[feature.risky].admits(values, np.array(median), risk=False)


def rank(
    values: dict[str, float], contributions: dict[str, float], typical: dict[str, float] | None = None
) -> Rankings:
    x, c = np.full((1, len(FEATURES)), np.nan), np.zeros((1, len(FEATURES)))
    for name, value in values.items():
        x[0, NAMES.index(name)] = value
    for name, value in contributions.items():
        c[0, NAMES.index(name)] = value
    return Rankings.from_contributions(GROUPING, x, c, [(typical or {}).get(name, float("nan")) for name in NAMES])


def list_features(ranking) -> list[str]:
    return [NAMES[j] for j in ranking.feature[0] if j >= 0]


@pytest.mark.parametrize(
    ("name", "median", "warns", "protects"),
    [
        ("self_paid_to_line_12m", 0.3, [0.5], [0.0]),
        ("admissions_12m", 1.0, [2.0], [0.0]),
        ("months_since_admission", 13.0, [3.0, 12.0], []),
        ("income_change_on_year_12m", 0.0, [-0.1], [0.1]),
        ("wage_change_on_year_3m", 0.0, [-0.1], [0.1]),
        ("log_income_to_line_12m", 0.5, [-0.1, 0.1], [0.1, 0.5, 0.9]),
        ("labour_share", 0.6, [0.0, 0.4], [0.9]),
        ("no_labour", 0.0, [1.0], [0.0]),
        ("local_workers", 1.0, [0.0], [2.0]),
        ("wage_to_line_12m", 0.5, [0.2], [0.9]),
        ("elders", 1.0, [2.0], [0.0]),
        ("leads_3m", 0.0, [1.0], [0.0]),
        ("help_in_place", 0.0, [], [1.0]),
        ("deaths_12m", 0.0, [1.0], [0.0]),
        ("income_volatility_12m", 0.2, [], []),
        ("mean_age", 40.0, [], []),
        ("months_since_exit", 40.0, [], []),
        ("months_since_visit", 5.0, [], []),
        ("household_size", 4.0, [], []),
    ],
)
def test_only_values_on_the_risky_side_become_reasons_and_only_those_on_the_other_protect(
    name, median, warns, protects
):
    feature = CATALOGUE[name]
    for value in {*warns, *protects, median}:
        x = np.array([value])
        assert may_warn(feature, x, median)[0] == (value in warns), value
        assert may_protect(feature, x, median)[0] == (value in protects), value
    missing = np.array([np.nan])
    assert not may_warn(feature, missing, median)[0]
    assert not may_protect(feature, missing, median)[0]


@given(x=st.floats(-50, 50), median=st.one_of(st.floats(-5, 5), st.just(float("nan"))), rule=st.sampled_from([*RULES]))
def test_no_value_both_raises_and_lowers_the_risk_except_income_between_line_and_median(x, median, rule):
    value = np.array([x])
    both = RULES[rule].admits(value, median, risk=True) & RULES[rule].admits(value, median, risk=False)
    assert both[0] == (rule == "below the line" and 0 < x < median - MARGIN)


def test_a_comparison_with_an_unknown_median_is_never_made():
    values = np.array([0.0, 0.5, 2.0])
    assert not may_warn(CATALOGUE["labour_share"], values).any()
    assert not may_protect(CATALOGUE["labour_share"], values).any()
    assert may_warn(CATALOGUE["admissions_12m"], values).tolist() == [False, True, True], "one is more than none"


def test_causes_come_first_by_strength_and_the_last_reason_covers_the_rest():
    names = ["self_paid_to_line_12m", "job_losses_12m", "disaster_loss_to_line_12m", "dropouts_12m", "accidents_12m"]
    values = {**dict.fromkeys([*names, "children"], 1.0), "log_income_to_line_12m": -0.1}
    strength = {name: 0.1 * (k + 1) for k, name in enumerate(names)}
    rankings = rank(values, {**strength, "log_income_to_line_12m": 3.0, "children": 2.0})
    assert list_features(rankings.reasons) == [*names[:0:-1], "log_income_to_line_12m"]
    assert list_features(rank(values, strength).reasons) == names[::-1]
    few = rank(values, {"dropouts_12m": 0.1, "log_income_to_line_12m": 3.0, "children": 2.0})
    assert list_features(few.reasons) == ["dropouts_12m", "log_income_to_line_12m", "children"]


def test_a_cause_is_only_as_strong_as_its_strongest_stated_feature():
    values = {"self_paid_to_line_12m": 1.0, "admissions_12m": 2.0, "months_since_care": 30.0, "job_losses_12m": 1.0}
    effects = {"self_paid_to_line_12m": 0.3, "admissions_12m": 0.4, "months_since_care": 5.0, "job_losses_12m": 0.45}
    rankings = rank(values, effects)
    assert list_features(rankings.reasons) == ["job_losses_12m", "admissions_12m"]
    assert rankings.reasons.strength[0, :2].tolist() == [0.45, 0.4]


def test_reasons_without_an_official_cause_add_up_their_stated_features():
    values = {"leads_3m": 1.0, "leads_12m": 1.0, "months_since_visit": 2.0, "children": 3.0}
    rankings = rank(values, {"leads_3m": 0.2, "leads_12m": 0.3, "months_since_visit": 0.9, "children": 0.4})
    assert list_features(rankings.reasons) == ["leads_12m", "children"]
    assert rankings.reasons.strength[0, :2].tolist() == [0.5, 0.4]


def test_a_lasting_state_counts_half_as_much():
    values = {"members_chronic": 1.0, "months_since_job_loss": 10.0, "deaths_12m": 1.0}
    rankings = rank(values, {"members_chronic": 0.5, "months_since_job_loss": 0.4, "deaths_12m": 0.3})
    assert list_features(rankings.reasons) == ["deaths_12m", "members_chronic", "months_since_job_loss"]
    assert rankings.reasons.strength[0, :3].tolist() == [0.3, 0.25, 0.2]


def test_negligible_contributions_are_left_out():
    effects = {"job_losses_12m": LEAST / 2, "labour_share": -LEAST / 2}
    rankings = rank({"job_losses_12m": 1.0, "labour_share": 0.9}, effects, {"labour_share": 0.5})
    assert list_features(rankings.reasons) == []
    assert list_features(rankings.protections) == []


def test_protections_are_the_three_strongest_of_any_cause():
    values = {"log_income_to_line_12m": 1.0, "labour_share": 0.9, "admissions_12m": 0.0, "students": 0.0}
    effects = {"log_income_to_line_12m": -1.0, "labour_share": -0.2, "admissions_12m": -0.3, "students": -0.1}
    assert list_features(rank(values, effects, {"labour_share": 0.5}).protections) == [
        "log_income_to_line_12m",
        "admissions_12m",
        "labour_share",
    ]


def test_contributions_by_cause_sum_to_the_margin():
    rng = np.random.default_rng(0)
    contributions = rng.normal(size=(7, len(FEATURES)))
    by_cause = sum_by_cause(contributions, [feature.cause for feature in FEATURES])
    assert by_cause.shape == (7, len(CAUSES))
    np.testing.assert_allclose(by_cause.sum(axis=1), contributions.sum(axis=1))


@settings(max_examples=30, deadline=None)
@given(
    c=hnp.arrays(np.float64, (3, len(FEATURES)), elements=st.floats(-1, 1)),
    x=hnp.arrays(np.float64, (3, len(FEATURES)), elements=st.one_of(st.floats(-3, 40), st.just(float("nan")))),
)
def test_any_contributions_give_ordered_and_permitted_reasons(c, x):
    rankings = Rankings.from_contributions(GROUPING, x, c, UNKNOWN)
    for ranking, most, may, sign in (
        (rankings.reasons, MOST_REASONS, may_warn, 1),
        (rankings.protections, MOST_PROTECTIONS, may_protect, -1),
    ):
        assert ranking.feature.shape == (3, most)
        for row in range(3):
            features = ranking.feature[row][ranking.feature[row] >= 0]
            assert len(set(ranking.group[row][: len(features)].tolist())) == len(features), "each group occurs once"
            assert (ranking.feature[row][len(features) :] == -1).all(), "the list has no gaps"
            for j in features:
                assert may(FEATURES[j], x[row, [j]])[0]
                shrank = sign > 0 and any(j in changes for changes in GROUPING.changes.values())
                assert sign * c[row, j] > 0 or shrank, "only a source that shrank may lack a positive contribution"
            named = ranking.group[row][: len(features)] < len(NAMED)
            strength = ranking.strength[row][: len(features)]
            assert (strength >= LEAST).all()
            for part in (named, ~named) if most == MOST_REASONS else (np.ones(len(features), bool),):
                assert (np.diff(strength[part]) <= 0).all(), "the strongest comes first"
        if most == MOST_REASONS:
            assert (np.diff(named.astype(int)) <= 0).all(), "official causes come before the rest"


def test_a_household_is_ranked_the_same_alone_as_among_many():
    rng = np.random.default_rng(1)
    x, c = rng.normal(size=(50, len(FEATURES))), rng.normal(size=(50, len(FEATURES)))
    many = Rankings.from_contributions(GROUPING, x, c, UNKNOWN)
    one = Rankings.from_contributions(GROUPING, x[7:8], c[7:8], UNKNOWN)
    np.testing.assert_array_equal(one.reasons.feature[0], many.reasons.feature[7])
    np.testing.assert_array_equal(one.reasons.strength[0], many.reasons.strength[7])
    np.testing.assert_array_equal(one.protections.feature[0], many.protections.feature[7])
