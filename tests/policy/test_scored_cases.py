"""Cases from published reports, judged by the released model as well as by the rule line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from riskml.explanation.household.narrator import Narrator
from riskml.explanation.household.rendering import render
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.scoring import judge
from riskml.vocabulary.verdicts import COLOURS, STATUSES

pytestmark = pytest.mark.acceptance

MODELS = Path(__file__).parents[2] / "models"
AS_OF = "2023-12-31"
TABLES = ("illness", "disaster", "events", "help", "monitoring")
LAST = {
    "monthly": None,
    "statement 8 months old": (2023, 4),
    "statement 15 months old": (2022, 9),
    "statement 17 months old": (2022, 7),
}
"""Last month of a household's latest known statement, or None for incomes of the calendar year."""
LINES = {kind: 7300 if last and last[0] == 2022 else 8300 for kind, last in LAST.items()}
"""Hebei's line at the end of the year of income."""


@pytest.fixture(scope="module")
def released() -> Bundle:
    return Bundle.load(next(path.parent for path in MODELS.glob("*/manifest.json")))


@pytest.fixture(params=LINES)
def kind(request):
    """Choose how the county records incomes: by month, or by yearly statements."""
    return request.param


@pytest.fixture
def add_income(kind):
    """Return a function that adds several years of steady income."""

    def add(village, code: str, yearly: float) -> None:
        for back in range(4 if LAST[kind] is None else 3):
            if LAST[kind] is None:
                for month in range(1, 13):
                    village.earns(yearly, code, 2023 - back, month, months=1)
            else:
                village.states(yearly, code, LAST[kind][0] - back, LAST[kind][1])

    return add


def judge_village(bundle, village):
    policy = load_policy()
    panel = village.records(policy.lines).panel(to_day(AS_OF), basis=bundle.settings.basis)
    return judge(bundle, panel, policy)


def name_statuses(opinion) -> list[str]:
    return [STATUSES.codes[status] for status in opinion.status]


def test_a_published_case_has_its_status_and_colour_and_no_tier_in_hardship(released, new_village, add_income, case):
    village = new_village().has(*TABLES)
    case.build(village, lambda home, yearly: add_income(home, "h", yearly))
    opinion = judge_village(released, village)
    assert name_statuses(opinion) == [case.status]
    assert COLOURS.codes.index(case.least) <= opinion.signal[0] <= COLOURS.codes.index(case.most)
    assert (opinion.tier[0] == -1) == (case.status != "at_risk")


def test_a_flagged_case_is_never_called_stable(released, new_village, add_income, case):
    """Whatever the model expects, nobody should read that a household is stable whose shop has just burnt down."""
    village = new_village().has(*TABLES)
    case.build(village, lambda home, yearly: add_income(home, "h", yearly))
    panel = village.records(load_policy().lines).panel(to_day(AS_OF), basis=released.settings.basis)
    explained = Narrator(released, load_policy()).explain(panel)
    words = " ".join(render(explained, lang) for lang in ("zh", "en"))
    assert bool(re.search(r"预计稳定|\bstable\b", words)) <= (not explained.rule.flags)
    assert bool(explained.rule.flags) or case.least == "green"


def test_twelve_couples_with_one_bill_are_ranked_by_need_and_never_stable(released, new_village, kind, add_income):
    village, ratios = new_village().has(*TABLES), np.linspace(1.2, 5, 12)
    for i in np.random.default_rng(1).permutation(12):
        code = f"c{i:02d}"
        village.household(code, size=2, kind="exited")
        add_income(village, code, 2 * LINES[kind] * ratios[i])
        village.add("illness", code, kind="inpatient", occurred_on="2023-06-02", cost=183_000, self_paid=90_000)
    opinion = judge_village(released, village)
    assert name_statuses(opinion) == ["in_hardship"] * 12
    assert (opinion.tier == -1).all()
    assert np.isnan(opinion.probability).all()
    assert (opinion.signal >= COLOURS.codes.index("orange")).all()
    assert np.argsort(opinion.verdicts.gap_after_spending).tolist() == list(range(12))
    assert np.argsort(-opinion.verdicts.score).tolist() == list(range(12))


MONTHS = [f"2023-{month:02d}-10" for month in range(4, 13)]
RISING = {
    # kind of care, days, and the cost and self-paid amount of each bill; admissions become more frequent
    "chronic": [("chronic", MONTHS, 1500, 700)],
    "monthly treatment": [("outpatient", MONTHS, 1500, 700)],
    "repeated admissions": [("inpatient", ["2023-06-05", "2023-09-20", "2023-11-25"], 9000, 2600)],
}
RISING["chronic and repeated admissions"] = RISING["chronic"] + RISING["repeated admissions"]


@pytest.mark.parametrize("household_kind", ["ordinary", "exited"])
@pytest.mark.parametrize("illness", RISING)
@pytest.mark.parametrize(("size", "ratios"), [(2, np.linspace(1.2, 5, 12)), (3, (1.8, 2.5))], ids=["couple", "three"])
def test_before_a_large_bill_a_household_with_lasting_illness_has_a_higher_probability_than_a_quiet_one(
    released, new_village, add_income, illness, size, ratios, household_kind
):
    for ratio in ratios:
        village = new_village().has(*TABLES)
        for code in ("ill", "quiet"):
            village.household(code, size=size, kind=household_kind)
            add_income(village, code, size * 8300 * ratio)
        for care, days, cost, self_paid in RISING[illness]:
            for day in days:
                village.add("illness", "ill", kind=care, occurred_on=day, cost=cost, self_paid=self_paid)
        opinion = judge_village(released, village)
        ill, quiet = name_statuses(opinion)
        assert quiet == "at_risk"
        if ill == "in_hardship":  # near the line, the bills of the illness alone are enough for the rule line
            assert opinion.signal[0] >= COLOURS.codes.index("orange")
            assert ratio < 1.8
        else:
            assert opinion.probability[0] >= 1.5 * opinion.probability[1], ratio
