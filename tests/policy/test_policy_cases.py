"""Cases from published reports, replayed as common-sense tests of what the rule line must flag and what it must not."""

from __future__ import annotations

import pytest


def test_julu_heart_surgery_of_a_household_out_of_poverty(village):
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
    assert verdicts.read_colour(0) == "yellow"
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
    assert verdicts.read_colour(0) == "yellow"


@pytest.mark.parametrize(
    ("loss", "flags"),
    [(120_000, ("disaster_severe",)), (None, ("disaster_unassessed",))],
)
def test_leye_shop_burnt_down_although_above_the_line(village, loss, flags):
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
    """A bill of 9,800 yuan, but two workers, a van and a business licence: rejected after a visit on day 2."""

    def household(self, village, kind):
        village.household(size=4, kind=kind, region="451028").earns(4 * 18_000).has("disaster", "events", "help")
        return village.add("illness", kind="inpatient", occurred_on="2023-10-03", cost=14_000, self_paid=9800).judged()

    @pytest.mark.parametrize("kind", ["ordinary", None])
    def test_an_ordinary_household_is_not_flagged_at_all(self, village, kind):
        verdicts = self.household(village, kind)
        assert verdicts.list_flag_codes(0) == ()
        assert verdicts.read_colour(0) == "green"
        assert verdicts.read_category(0) is None

    def test_one_out_of_poverty_is_flagged_low_and_stays_green(self, village):
        # Exceeding the lower thresholds for households out of poverty calls for a check, not for an alarm.
        verdicts = self.household(village, "exited")
        assert verdicts.list_flag_codes(0) == ("inpatient_self_pay", "single_admission")
        assert verdicts.read_colour(0) == "green"
        assert verdicts.read_category(0) is None
        assert verdicts.gap_after_spending[0] > 0
