"""The contribution of a low or falling income is divided among the income sources that shrank, then among the causes
that reduced them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskml.explanation.reasons.allotment import NOTICEABLE, SPENT, UNEXPLAINED, allot_income
from riskml.explanation.reasons.grouping import SHOCKS, Grouping
from riskml.explanation.reasons.ranking import Rankings
from riskml.features import CATALOGUE
from riskml.vocabulary.causes import CAUSES

FEATURES = list(CATALOGUE.values())
NAMES = list(CATALOGUE)
GROUPING = Grouping.from_features(FEATURES)


def find_first(cause: str) -> int:
    """Return the first feature of a cause."""
    return GROUPING.group.tolist().index(GROUPING.index[cause, ""])


def allot(
    position: float, changes: dict[str, float], causes: dict[str, float], spent: dict[str, float] | None = None
) -> tuple[dict[str, float], dict[str, str]]:
    """Divide ``position``, the contribution of a low or falling income.

    Return each cause's strength and the feature that represents it.
    """
    x = np.full((len(FEATURES), 1), np.nan)
    for name, yuan in changes.items():
        x[NAMES.index(name)] = yuan
    strength, best = np.zeros((1, len(GROUPING.groups))), np.full((1, len(GROUPING.groups)), -1)
    for cause, own in causes.items():
        strength[0, GROUPING.index[cause, ""]] = own
        best[0, GROUPING.index[cause, ""]] = find_first(cause)
    paid = {cause: np.array([yuan]) for cause, yuan in (spent or {}).items()}
    allotted, features = allot_income(GROUPING, x, np.array([position]), strength, best, strength, paid)
    groups = {cause: GROUPING.index[cause, ""] for cause in CAUSES if cause != "other"}
    shown = {cause: NAMES[features[0, g]] for cause, g in groups.items() if features[0, g] >= 0}
    return {cause: float(allotted[0, g]) for cause, g in groups.items() if allotted[0, g]}, shown


def test_an_unexplained_decline_stays_with_its_source():
    allotted, features = allot(1.5, {"wage_change_on_year_12m": -8000.0, "wage_change_on_year_3m": -9000.0}, {})
    assert allotted == {"work": pytest.approx(1.5)}
    assert features == {"work": "wage_change_on_year_3m"}
    allotted, features = allot(1.5, {"business_change_on_year_12m": -8000.0}, {})
    assert (allotted, features) == ({"venture": pytest.approx(1.5)}, {"venture": "business_change_on_year_12m"})


def test_a_loss_counts_from_a_thousand_yuan_upwards():
    assert allot(1.0, {"wage_change_on_year_12m": -NOTICEABLE}, {})[0] == {"work": pytest.approx(1.0)}


def test_a_recorded_shock_explains_a_part_of_the_decline_in_proportion_to_its_strength():
    allotted, features = allot(2.0, {"wage_change_on_year_12m": -8000.0}, {"illness": 0.3, "labour": 0.05})
    weight = UNEXPLAINED + 0.35
    assert allotted["illness"] == pytest.approx(0.3 + 2.0 * 0.3 / weight)
    assert allotted["labour"] == pytest.approx(0.05 + 2.0 * 0.05 / weight)
    assert allotted["work"] == pytest.approx(2.0 * UNEXPLAINED / weight)
    assert features["work"] == "wage_change_on_year_12m"


def test_a_job_loss_explains_the_whole_lost_wage():
    loss = NAMES[find_first("work")]
    allotted, features = allot(2.0, {"wage_change_on_year_12m": -8000.0}, {"work": 0.5})
    assert allotted == {"work": pytest.approx(2.5)}
    assert features == {"work": loss}


def test_a_disaster_explains_lost_business_income_but_not_lost_wages():
    allotted, _ = allot(
        1.0, {"wage_change_on_year_12m": -3000.0, "business_change_on_year_12m": -1000.0}, {"disaster": 0.2}
    )
    assert allotted["work"] == pytest.approx(0.75)
    assert allotted["disaster"] == pytest.approx(0.2 + 0.25 * 0.2 / (0.2 + UNEXPLAINED))
    assert allotted["venture"] == pytest.approx(0.25 * UNEXPLAINED / (0.2 + UNEXPLAINED))


def test_spending_gets_a_share_in_proportion_to_the_yuan_if_its_cause_has_a_contribution():
    changes, spent = {"wage_change_on_year_12m": -8000.0}, {"illness": 4000.0, "schooling": 9000.0}
    allotted, _ = allot(1.0, changes, {"illness": 0.3}, spent)
    bill = SPENT * 4000 / (SPENT * 4000 + 8000)
    assert allotted["illness"] == pytest.approx(0.3 + bill + (1 - bill) * 0.3 / (0.3 + UNEXPLAINED))
    assert "schooling" not in allotted
    small = {"illness": NOTICEABLE - 1}
    assert allot(1.0, {}, {"illness": 0.3}, small)[0] == {"illness": 0.3}, "too little to count"
    assert allot(1.0, {}, {"illness": 0.3}, {"illness": float("nan")})[0] == {"illness": 0.3}, "unknown"


def test_a_death_explains_a_lost_wage_but_a_lasting_lack_of_workers_does_not():
    names = ["wage_change_on_year_12m", "log_income_to_line_12m", "no_labour", "deaths_12m"]
    grouping = Grouping.from_features([CATALOGUE[name] for name in names])
    labour, work = grouping.index["labour", ""], grouping.index["work", ""]
    for shown, weakest in ((2, "labour"), (3, "work")):
        x, c = np.array([[-8000.0, 0.1, 0.0, 0.0]]), np.array([[0.0, 2.0, 0.0, 0.0]])
        x[0, shown], c[0, shown] = 1.0, 0.5
        reasons = Rankings.from_contributions(grouping, x, c, [0.0] * 4).reasons
        order = [labour, work] if weakest == "work" else [work, labour]
        assert reasons.group[0, :2].tolist() == order


SMALL = 1 - NOTICEABLE
"""The largest fall in income, in yuan, that is still treated as an ordinary fluctuation."""


@pytest.mark.parametrize("changes", [{}, {"wage_change_on_year_12m": 500.0, "business_change_on_year_12m": SMALL}])
def test_the_income_level_keeps_its_contribution_if_no_source_shrank(changes):
    assert allot(3.0, changes, {"illness": 0.2})[0] == {"illness": 0.2}


def test_records_without_income_sources_are_ranked_unchanged():
    few = Grouping.from_features([CATALOGUE[name] for name in ("accidents_12m", "children")])
    ranked = Rankings.from_contributions(few, np.array([[1.0, 3.0]]), np.array([[0.2, 0.4]]), [0.0, 2.0])
    assert ranked.reasons.strength[0, :2].tolist() == [0.2, 0.4]


@settings(max_examples=50, deadline=None)
@given(
    x=hnp.arrays(np.float64, (len(FEATURES), 4), elements=st.one_of(st.floats(-1e5, 1e5), st.just(float("nan")))),
    strength=hnp.arrays(np.float64, (4, len(GROUPING.groups)), elements=st.floats(0, 4)),
    position=hnp.arrays(np.float64, 4, elements=st.floats(0, 4)),
)
def test_allotments_sum_to_the_income_contribution_and_are_the_same_alone(x, strength, position):
    best = np.zeros(strength.shape, np.intp)
    allotted, features = allot_income(GROUPING, x, position, strength, best, strength, {})
    changes = [j for cause in SHOCKS for j in GROUPING.changes[cause]]
    shrank = (np.nan_to_num(x[changes]) <= -NOTICEABLE).any(axis=0)
    np.testing.assert_allclose((allotted - strength).sum(axis=1), np.where(shrank, position, 0.0), atol=1e-9)
    assert (allotted >= strength).all()
    for i in range(4):
        alone = allot_income(GROUPING, x[:, [i]], position[[i]], strength[[i]], best[[i]], strength[[i]], {})
        assert np.array_equal(alone[0][0], allotted[i])
        assert np.array_equal(alone[1][0], features[i])
