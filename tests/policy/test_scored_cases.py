"""Cases from published reports, judged by the released model as well as by the rule line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.scoring import judge
from riskml.vocabulary.verdicts import COLOURS, STATUSES

MODELS = Path(__file__).parents[2] / "models"
AS_OF = "2023-12-31"
MEMBERS = ("illness", "disaster", "events", "help", "monitoring")


@pytest.fixture(scope="module")
def released() -> Bundle:
    return Bundle.load(next(path.parent for path in MODELS.glob("*/manifest.json")))


@pytest.fixture(params=["monthly", "register"])
def add_income(request):
    """Return a function that adds several years of steady income, by month or by yearly statements."""

    def add(village, code: str, yearly: float) -> None:
        for year in (2020, 2021, 2022, 2023):
            if request.param == "monthly":
                for month in range(1, 13):
                    village.earns(yearly, code, year, month, months=1)
            elif year < 2023:
                village.states(yearly, code, year)

    return add


def judge_village(bundle, village):
    policy = load_policy()
    panel = village.records(policy.lines).panel(to_day(AS_OF), basis=bundle.settings.basis)
    return judge(bundle, panel, policy)


def test_a_childbirth_bill_is_never_above_yellow(released, new_village, add_income):
    village = new_village().household("h", size=4, kind="exited", region="451028").has(*MEMBERS)
    add_income(village, "h", 4 * 18_000)
    village.add("illness", "h", kind="inpatient", occurred_on="2023-10-03", cost=14_000, self_paid=9800)
    assert judge_village(released, village).signal[0] <= COLOURS.codes.index("yellow")


def test_twelve_couples_with_one_bill_are_at_least_orange_and_no_couple_has_a_tier(released, new_village, add_income):
    village = new_village().has(*MEMBERS)
    for i, ratio in enumerate(np.linspace(1.2, 5, 12)):
        code = f"c{i:02d}"
        village.household(code, size=2, kind="exited")
        add_income(village, code, 2 * 7300 * ratio)
        village.add("illness", code, kind="inpatient", occurred_on="2023-06-02", cost=183_000, self_paid=90_000)
    opinion = judge_village(released, village)
    assert {STATUSES.codes[status] for status in opinion.status} == {"in_hardship"}
    assert (opinion.tier == -1).all()
    assert (opinion.signal >= COLOURS.codes.index("orange")).all()


def test_before_the_bill_a_rising_illness_has_a_higher_probability_than_a_quiet_neighbour(
    released, new_village, add_income
):
    village = new_village().has(*MEMBERS)
    for code in ("ill", "quiet"):
        village.household(code, size=3, kind="ordinary")
        add_income(village, code, 3 * 8300 * 1.8)
    for month in range(4, 13):  # monthly treatment; the intervals between admissions become shorter
        village.add("illness", "ill", kind="chronic", occurred_on=f"2023-{month:02d}-10", cost=1500, self_paid=700)
    for day in ("2023-06-05", "2023-09-20", "2023-11-25"):
        village.add("illness", "ill", kind="inpatient", occurred_on=day, cost=9000, self_paid=2600)
    opinion = judge_village(released, village)
    assert {STATUSES.codes[status] for status in opinion.status} == {"at_risk"}
    ill, quiet = opinion.probability
    assert ill >= 1.5 * quiet
