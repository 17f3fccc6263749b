"""Cases from published reports, replayed as common-sense tests of what the rule line must flag and what it must not."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.vocabulary.verdicts import COLOURS


def test_julu_heart_surgery_in_a_formerly_poor_household(village):
    # The household farms and keeps sheep, and has been out of poverty since 2016. Of a bill of over 180,000 yuan, over
    # 90,000 were reimbursed and about 90,000 self-paid.
    village.add("households", size=4, kind="exited", exited_on="2016-12-31", region_code="130529")
    village.earns(4 * 12_000)
    village.add("illness", kind="inpatient", occurred_on="2023-09-10", cost=182_000, self_paid=90_000)
    verdicts = village.judged()
    assert set(verdicts.list_flag_codes(0)) == {
        "inpatient_self_pay",
        "single_admission",
        "medical_burden",
        "income_below_line_after_spending",
    }
    assert verdicts.read_category(0) == "sudden_hardship"
    assert verdicts.read_colour(0) == "orange"
    assert verdicts.gap[0] == 12_000 - 8300
    assert verdicts.gap_after_spending[0] == 12_000 - 22_500 - 8300


def test_leye_child_with_thalassaemia(village):
    # The child had transfusions every month, three days each, then a transplant for about 200,000 yuan and follow-up
    # care for 70,000 to 80,000.
    village.household(size=5, kind="ordinary", region="451028").earns(5 * 9000)
    for month in range(1, 10):
        village.add(
            "illness", kind="inpatient", occurred_on=f"2023-{month:02d}-05", visits=1, cost=3000, self_paid=1100
        )
    before = village.judged(as_of="2023-09-30")
    assert "income_below_line_after_spending" not in before.list_flag_codes(0)
    village.add("illness", kind="inpatient", occurred_on="2023-10-20", cost=200_000, self_paid=80_000)
    village.add("illness", kind="outpatient", occurred_on="2023-12-10", cost=75_000, self_paid=40_000)
    verdicts = village.judged()
    assert set(verdicts.list_flag_codes(0)) == {
        "inpatient_self_pay",
        "single_admission",
        "outpatient_monthly",
        "medical_burden",
        "income_below_line_after_spending",
    }
    assert verdicts.read_category(0) == "sudden_hardship"
    assert verdicts.read_colour(0) == "orange"


@pytest.mark.parametrize(
    ("loss", "flags"),
    [(120_000, ("disaster_severe",)), (None, ("disaster_unassessed",))],
)
def test_leye_shop_that_burnt_down_but_stays_above_the_line(village, loss, flags):
    village.household(size=4, kind="ordinary", region="451028").earns(4 * 20_000).has("illness", "events")
    village.add("disaster", kind="fire", occurred_on="2023-11-02", loss=loss)
    verdicts = village.judged()
    assert verdicts.gap[0] > 0
    assert verdicts.list_flag_codes(0) == flags
    assert verdicts.read_colour(0) == "yellow"
    assert verdicts.read_category(0) == "sudden_hardship"


def test_fengjie_orange_grower(village):
    # The wife fell seriously ill, a child was about to leave school, then the crop could not be sold.
    village.household(size=4, kind="exited", region="500236").earns(4 * 5800)
    village.add("illness", kind="inpatient", occurred_on="2023-04-12", cost=60_000, self_paid=24_000)
    illness_only = village.judged(as_of="2023-05-31")
    assert {"inpatient_self_pay", "single_admission"} <= set(illness_only.list_flag_codes(0))
    village.add("events", kind="dropout", occurred_on="2023-09-08")
    village.add("disaster", kind="price_fall", occurred_on="2023-12-05", loss=18_000)
    verdicts = village.judged()
    assert {
        "income_below_line",
        "three_months_below",
        "inpatient_self_pay",
        "single_admission",
        "medical_burden",
        "dropout",
        "disaster_severe",
    } == set(verdicts.list_flag_codes(0))
    assert verdicts.read_colour(0) == "red"
    assert verdicts.read_category(0) == "unstable_exit"


class TestLeyeChildbirthBill:
    """A household with a bill of 9,800 yuan, but also two workers, a van and a business licence.

    Its case was rejected after a visit on the second day.
    """

    def household(self, village, kind):
        village.household(size=4, kind=kind, region="451028").earns(4 * 18_000).has("disaster", "events", "help")
        return village.add("illness", kind="inpatient", occurred_on="2023-10-03", cost=14_000, self_paid=9800).judged()

    @pytest.mark.parametrize("kind", ["ordinary", None])
    def test_an_ordinary_household_has_no_flag(self, village, kind):
        verdicts = self.household(village, kind)
        assert verdicts.list_flag_codes(0) == ()
        assert verdicts.read_colour(0) == "green"
        assert verdicts.read_category(0) is None

    def test_a_formerly_poor_household_is_flagged_but_stays_green(self, village):
        # Exceeding the lower thresholds for households out of poverty calls for a check, not for an alarm.
        verdicts = self.household(village, "exited")
        assert verdicts.list_flag_codes(0) == ("inpatient_self_pay", "single_admission")
        assert verdicts.read_colour(0) == "green"
        assert verdicts.read_category(0) is None
        assert verdicts.gap_after_spending[0] > 0


SHAPES = {"monthly": None, "statement 8 months old": 8, "statement 15 months old": 15, "statement 17 months old": 17}
"""Ages in December 2023 of a household's latest known statement, or None for incomes of the calendar year; a register's
statement for the year to September is 15 months old in December."""


@pytest.fixture(params=SHAPES)
def shape(request):
    """Choose how a county records incomes.

    Returns a function that adds them, given the village, the yearly amount and, if it is not December 2023, the number
    of the month on whose last day households are judged, and options for verdict and status.
    """
    age = SHAPES[request.param]

    def add(village, yearly, code="h", month=12):
        if age is None:
            first = month % 12 + 1
            village.earns(yearly, code, year=2023 - (month < 12), start=first)
        else:
            ended = 2023 * 12 + month - 1 - age
            village.states(yearly, code, year=ended // 12, month=ended % 12 + 1)

    return (add, {}, {}) if age is None else (add, {"age": 18}, {"income_age": 18})


def test_a_case_has_the_same_verdict_however_the_county_records_incomes(village, shape, case):
    add, basis, settings = shape
    case.build(village, add)
    assert village.classified(**settings) == [case.status]
    colour = village.judged(**basis).colour[0]
    assert COLOURS.codes.index(case.least) <= colour <= COLOURS.codes.index(case.most)


def test_twelve_couples_with_one_bill_are_in_hardship_and_ranked_by_need(new_village, shape):
    add, basis, settings = shape
    as_of, ratios, village = "2023-10-31", np.linspace(1.2, 5, 12), new_village()
    village.household("probe")
    add(village, 10_000, "probe", month=10)
    line = village.judged(as_of, **basis).line[0]  # the one in force at the end of the period of income
    village = new_village()
    for i in np.random.default_rng(1).permutation(12):
        code = f"c{i:02d}"
        village.household(code, size=2, kind="exited")
        add(village, 2 * line * ratios[i], code, month=10)
        village.add("illness", code, kind="inpatient", occurred_on="2023-06-02", cost=183_000, self_paid=90_000)
    assert village.classified(as_of, **settings) == ["in_hardship"] * 12
    verdicts = village.judged(as_of, **basis)
    np.testing.assert_allclose(verdicts.income, ratios * line)
    assert (verdicts.colour >= COLOURS.codes.index("orange")).all()
    assert {verdicts.read_category(i) for i in range(12)} == {"sudden_hardship"}
    np.testing.assert_allclose(verdicts.gap_after_spending, ratios * line - 45_000 - line)
    assert np.argsort(verdicts.gap_after_spending).tolist() == list(range(12))
    assert np.argsort(-verdicts.score).tolist() == list(range(12))


def test_a_couple_that_is_above_the_line_even_after_the_bill_is_at_risk(village, shape):
    add, basis, settings = shape
    add(village.household(size=2, kind="exited"), 2 * 60_000)
    village.add("illness", kind="inpatient", occurred_on="2023-06-02", cost=183_000, self_paid=90_000)
    assert village.classified(**settings) == ["at_risk"]
    assert "income_below_line_after_spending" not in village.judged(**basis).list_flag_codes(0)


def test_a_bill_stops_counting_after_a_year_while_the_statement_still_counts(village):
    village.household(size=2).states(2 * 12_000)
    village.add("illness", kind="inpatient", occurred_on="2023-01-31", cost=183_000, self_paid=90_000)
    assert village.classified("2023-03-31", income_age=18) == ["in_hardship"]
    assert village.classified("2024-01-30", income_age=18) == ["in_hardship"]
    assert village.classified("2024-01-31", income_age=18) == ["at_risk"]
    assert village.classified("2024-03-31", income_age=18) == ["at_risk"]
    assert village.classified("2024-04-30", income_age=18) == ["no_income"]


@pytest.mark.parametrize("case", ["julu"], indirect=True)
def test_hardship_may_be_excluded_from_the_status_but_never_from_the_rule_line(village, case):
    case.build(village, lambda home, income: home.earns(income))
    assert village.classified(hardship="ignore") == ["at_risk"]
    assert village.judged().read_colour(0) == "orange"


def test_a_job_loss_in_a_wage_list_is_an_event_and_never_three_months_below_the_line(village):
    village.household(size=3, kind="exited", region="130529").states(3 * 12_000).has("illness")
    for month in range(1, 10):  # the list names one worker, whose wage drops to zero when the job is lost
        row = {"period_start": f"2023-{month:02d}-01", "months": 1, "source": "wage", "member_id": "m1"}
        village.add("income", amount=2800 if month < 7 else 0, **row)
    village.add("events", kind="job_loss", occurred_on="2023-07-03")
    verdicts = village.judged("2023-09-30", age=18)
    assert verdicts.list_flag_codes(0) == ("job_loss",)
    assert verdicts.income[0] == 12_000
    assert village.classified("2023-09-30", income_age=18) == ["at_risk"]
