"""Every trigger (a rule that flags a household) is tested at its threshold, for each kind of household, and at the edge
of its window."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.policy import parse_policy
from riskml.policy.triggers import TRIGGERS

LINE = 8300.0
"""The monitoring line in Hebei in 2023, in yuan per person and year."""


def add_inpatient(village, self_paid, on="2023-06-01", **values):
    return village.add("illness", kind="inpatient", occurred_on=on, self_paid=self_paid, **values)


def fires(village, code, **options):
    verdicts = village.judged(**options)
    assert len(verdicts) == 1
    return code in verdicts.list_flag_codes(0)


def read_observed(village, code):
    verdicts = village.judged()
    return verdicts.observed[verdicts.codes.index(code), 0]


def test_a_comfortable_household_has_no_flag(comfortable):
    assert comfortable.judged().list_flag_codes(0) == ()


def test_an_absent_table_fires_no_trigger_and_is_reported_as_unknown(village):
    village.household().earns(30_000)
    verdicts = village.judged()
    assert verdicts.list_flag_codes(0) == ()
    known = {code for code, value in zip(verdicts.codes, verdicts.observed[:, 0], strict=True) if value == value}
    assert known == {"income_below_line", "three_months_below"}


@pytest.mark.parametrize(("income", "below"), [(8299.0, True), (8299.2, False), (8300.0, False), (-500.0, True)])
def test_income_less_than_a_ten_thousandth_below_the_line_does_not_count_as_below(village, income, below):
    assert fires(village.household().earns(income), "income_below_line") is below


def test_a_line_in_the_records_takes_precedence_over_the_policys_line(village):
    village.household().earns(9000).add("lines", region_code="1305", effective_from="2023-01-01", amount=9500)
    verdicts = village.judged()
    assert verdicts.list_flag_codes(0)[0] == "income_below_line"
    assert verdicts.list_flags(0)[0].threshold == 9500


@pytest.mark.parametrize(("kind", "self_paid", "fired"), [
    ("exited", 4999.99, False), ("exited", 5000, True),
    ("ordinary", 19_999, False), ("ordinary", 20_000, True),
    (None, 19_999, False), (None, 20_000, True),
])  # fmt: skip
def test_the_inpatient_threshold_depends_on_the_kind(village, kind, self_paid, fired):
    village.household(kind=kind).earns(90_000)
    add_inpatient(add_inpatient(village, self_paid / 2), self_paid / 2, on="2023-09-01")
    assert fires(village, "inpatient_self_pay") is fired


@pytest.mark.parametrize(("on", "fired"), [("2022-12-31", False), ("2023-01-01", True), ("2023-12-31", True)])
def test_a_bill_counts_for_twelve_months(comfortable, on, fired):
    assert fires(add_inpatient(comfortable, 25_000, on=on), "inpatient_self_pay") is fired


def test_a_bill_counts_only_once_it_is_known(comfortable):
    add_inpatient(comfortable, 25_000, on="2023-12-20", recorded_on="2024-01-05")
    assert not fires(comfortable, "inpatient_self_pay")
    assert fires(comfortable, "inpatient_self_pay", as_of="2024-01-05")


def test_an_unknown_self_paid_amount_is_neither_zero_nor_the_full_cost(comfortable):
    comfortable.add("illness", kind="inpatient", occurred_on="2023-06-01", cost=90_000)
    assert read_observed(comfortable, "inpatient_self_pay") != read_observed(comfortable, "inpatient_self_pay")
    assert not fires(comfortable, "inpatient_self_pay")


@pytest.mark.parametrize(("kind", "self_paid", "fired"), [
    ("exited", 6000, False), ("exited", 6001, True), ("ordinary", 10_000, False), ("ordinary", 10_001, True),
])  # fmt: skip
def test_a_single_admission_must_exceed_the_threshold(village, kind, self_paid, fired):
    assert fires(add_inpatient(village.household(kind=kind).earns(90_000), self_paid), "single_admission") is fired


def test_a_row_for_three_admissions_is_divided_equally(comfortable):
    add_inpatient(comfortable, 18_000, visits=3)
    assert read_observed(comfortable, "single_admission") == 6000
    assert not fires(comfortable, "single_admission")


def test_outpatient_sums_cover_a_calendar_month_and_include_chronic_care(comfortable):
    comfortable.add("illness", kind="outpatient", occurred_on="2023-11-02", self_paid=300)
    comfortable.add("illness", kind="chronic", occurred_on="2023-11-30", self_paid=199)
    comfortable.add("illness", kind="outpatient", occurred_on="2023-12-01", self_paid=400)
    assert read_observed(comfortable, "outpatient_monthly") == 499
    comfortable.add("illness", kind="outpatient", occurred_on="2023-11-15", self_paid=1)
    assert fires(comfortable, "outpatient_monthly")


@pytest.mark.parametrize(("on", "fired"), [("2023-09-30", False), ("2023-10-01", True)])
def test_outpatient_care_counts_for_three_months(comfortable, on, fired):
    comfortable.add("illness", kind="outpatient", occurred_on=on, self_paid=900)
    assert fires(comfortable, "outpatient_monthly") is fired


@pytest.mark.parametrize(("monitored", "self_paid", "fired"), [
    (False, 20_133, False), (False, 20_134, True), (True, 10_066.5, False), (True, 10_067, True),
])  # fmt: skip
def test_the_medical_burden_threshold_depends_on_monitoring(comfortable, monitored, self_paid, fired):
    if monitored:
        comfortable.add("monitoring", category="borderline", entered_on="2023-03-01")
    comfortable.add("illness", kind="other", occurred_on="2023-06-01", self_paid=self_paid)
    assert fires(comfortable, "medical_burden") is fired


def test_a_cleared_household_is_no_longer_monitored(comfortable):
    comfortable.add("monitoring", category="borderline", entered_on="2023-03-01", cleared_on="2023-10-01")
    comfortable.add("illness", kind="other", occurred_on="2023-06-01", self_paid=12_000)
    assert not fires(comfortable, "medical_burden")


def test_school_cost_is_net_and_covers_one_school_year(comfortable):
    comfortable.add("events", kind="school_fee", occurred_on="2023-08-31", amount=9000)
    comfortable.add("events", kind="school_fee", occurred_on="2023-09-01", amount=12_000)
    comfortable.add("events", kind="school_fee", occurred_on="2023-10-01", amount=-2000)
    assert read_observed(comfortable, "school_cost") == 10_000
    assert not fires(comfortable, "school_cost")
    comfortable.add("events", kind="school_fee", occurred_on="2023-12-01", amount=1)
    assert fires(comfortable, "school_cost")


@pytest.mark.parametrize("kind", ["dropout", "accident", "disability", "death", "job_loss", "venture_failure",
                                  "housing_unsafe", "water_unsafe"])  # fmt: skip
def test_every_event_raises_a_flag_for_twelve_months(new_village, kind):
    def household(on):
        return new_village().household().earns(30_000).add("events", kind=kind, occurred_on=on)

    assert household("2023-01-01").judged().list_flag_codes(0) == (kind,)
    assert household("2022-12-31").judged().list_flag_codes(0) == ()


def test_reports_and_visits_raise_no_flags(comfortable):
    for kind in ("report", "visit"):
        comfortable.add("events", kind=kind, occurred_on="2023-06-01")
    assert comfortable.judged().list_flag_codes(0) == ()


@pytest.mark.parametrize(("loss", "code"), [
    (LINE * 2 * 0.25, "disaster_severe"), (LINE * 2 * 0.25 - 1, None), (0, None), (None, "disaster_unassessed"),
])  # fmt: skip
def test_a_disasters_loss_is_compared_with_the_yearly_line(village, loss, code):
    village.household(size=2).earns(60_000).add("disaster", kind="fire", occurred_on="2023-06-01", loss=loss)
    assert village.judged().list_flag_codes(0) == (() if code is None else (code,))


@pytest.mark.parametrize(("loss", "fired"), [(2_700, False), (3_000, True)])
def test_a_disasters_loss_is_compared_with_the_line_of_the_last_month(village, loss, fired):
    for since, amount in (("2020-01-01", 10_000.0), ("2023-12-01", 12_000.0)):
        village.add("lines", None, region_code="1305", effective_from=since, amount=amount, source="county notice")
    village.household().earns(60_000).add("disaster", kind="fire", occurred_on="2023-06-01", loss=loss)
    assert fires(village, "disaster_severe") == fired


def test_each_household_is_judged_by_the_rows_of_its_own_region(new_village, packaged):
    row = '{region: "", effective_from: null, all: null, source: "disaster alerts as reported: no figure found"}'
    county = '{region: "4301", effective_from: null, all: 1000, source: "county notice"}'
    policy = parse_policy(packaged.replace(row, f"{row}\n      - {county}"))
    village = new_village()
    for code, region in (("a", "130529"), ("b", "430100")):
        village.household(code, region=region).earns(30_000, code)
        village.add("disaster", code, kind="hail", occurred_on="2023-06-01", loss=1500)
    verdicts = village.judged(policy=policy)
    assert [verdicts.list_flag_codes(i) for i in range(2)] == [(), ("disaster_loss",)]
    observed = verdicts.observed[verdicts.codes.index("disaster_loss")]
    np.testing.assert_array_equal(observed, [np.nan, 1500.0])  # not observed where the trigger is not in force


def test_a_regional_disaster_raises_no_flag(comfortable):
    comfortable.add("disaster", None, region_code="13", kind="flood", occurred_on="2023-06-01", loss=9e9)
    assert comfortable.judged().list_flag_codes(0) == ()


@pytest.mark.parametrize(("measure", "fired"), [
    ("低保", True), ("农村最低生活保障金", True), ("Minimum income support", True), ("培训", False),
])  # fmt: skip
def test_new_minimum_income_support_is_recognised_by_its_name(comfortable, measure, fired):
    comfortable.add("help", started_on="2023-05-01", measure="产业奖补")
    comfortable.add("help", started_on="2023-06-01", measure=measure)
    assert fires(comfortable, "new_low_income") is fired


def test_old_minimum_income_support_is_not_new(comfortable):
    assert not fires(comfortable.add("help", started_on="2022-06-01", measure="低保"), "new_low_income")


class TestThreeMonthsBelow:
    def months(self, village, amounts, first=1):
        """Report income for the months of 2023 from ``first`` on; None means that a month is not reported."""
        village.household()
        for month, amount in enumerate(amounts, first):
            if amount is not None:
                village.add("income", period_start=f"2023-{month:02d}-01", source="wage", amount=amount)
        return village

    @pytest.mark.parametrize(("amounts", "run"), [
        ([900] * 9 + [690, 690, 690], 3),
        ([900] * 10 + [690, 690], 2),
        ([690] * 12, 12),
        ([690] * 9 + [None, 690, 690], 2),
        ([900] * 6 + [690] * 3, 3),
        ([690] * 6 + [690, 690, 900], 0),
        ([900] * 9 + [691.59] * 3, 3),
        ([900] * 9 + [691.59, 691.59, 691.60], 0),
    ])  # fmt: skip
    def test_the_run_ends_with_the_latest_report(self, village, amounts, run):
        self.months(village, amounts)
        assert read_observed(village, "three_months_below") == run
        assert fires(village, "three_months_below") is (run >= 3)

    def test_the_latest_report_may_be_at_most_three_months_old(self, village):
        self.months(village, [900] * 6 + [600] * 3)
        assert fires(village, "three_months_below", as_of="2023-12-31")
        assert not fires(village, "three_months_below", as_of="2024-01-31")

    def test_each_month_is_compared_with_its_own_line(self, village):
        # The monthly line is 7,300 ÷ 12 = 608 until December 2022 and 8,300 ÷ 12 = 692 from January on.
        village.household()
        for period in ("2022-11-01", "2022-12-01", "2023-01-01", "2023-02-01"):
            village.add("income", period_start=period, source="wage", amount=650)
        verdicts = village.judged(as_of="2023-02-28")
        assert verdicts.observed[verdicts.codes.index("three_months_below"), 0] == 2

    def test_a_quarterly_survey_never_fires_the_trigger(self, village):
        self.months(village, [None, None, 1] * 4)
        assert read_observed(village, "three_months_below") == 1


def test_spending_is_flagged_only_if_it_makes_the_difference(new_village):
    def household(income, spent, size=2):
        village = new_village().household(size=size).earns(income * size)
        return village.add("illness", kind="outpatient", occurred_on="2023-01-20", self_paid=spent)

    code = "income_below_line_after_spending"
    assert not fires(household(9000, 1400), code)
    assert fires(household(9000, 1410), code)
    below = household(8000, 1410).judged()
    assert below.list_flag_codes(0) == ("income_below_line", "three_months_below")
    assert below.gap[0] == pytest.approx(-300)
    assert below.gap_after_spending[0] == pytest.approx(-300 - 705)


def test_a_null_threshold_never_fires_but_a_county_can_set_one(comfortable, packaged):
    comfortable.add("disaster", kind="hail", occurred_on="2023-06-01", loss=1500)
    assert comfortable.judged().list_flag_codes(0) == ()
    row = '{region: "", effective_from: null, all: null, source: "disaster alerts as reported: no figure found"}'
    text = packaged
    assert row in text
    county = '{region: "1305", effective_from: 2023-07-01, all: 1000, source: "county notice"}'
    policy = parse_policy(text.replace(row, f"{row}\n      - {county}"))
    assert comfortable.judged(policy=policy).list_flag_codes(0) == ("disaster_loss",)
    assert comfortable.judged(policy=policy).list_flags(0)[0].source == "county notice"
    assert comfortable.judged(policy=policy, as_of="2023-06-30").list_flag_codes(0) == ()


def test_an_income_drop_is_flagged_once_a_county_sets_a_threshold(village, packaged):
    village.household().earns(40_000, year=2022).earns(30_000)
    text = packaged.replace('all: null, source: "Julu 2022', 'all: 0.25, source: "Julu 2022')
    verdicts = village.judged(policy=parse_policy(text))
    assert verdicts.list_flag_codes(0) == ("income_drop",)
    assert verdicts.list_flags(0)[0].observed == 0.25


@pytest.mark.parametrize(("income", "below"), [(9_999.0, False), (9_998.76, True)])
def test_an_income_that_lies_within_the_tolerance_of_the_line_is_not_below_it(village, income, below):
    village.add("lines", None, region_code="1305", effective_from="2020-01-01", amount=10_000.0, source="county notice")
    village.household().earns(income)
    assert ("income_below_line" in village.judged().list_flag_codes(0)) == below


def test_a_new_trigger_takes_one_function_and_one_row(comfortable, monkeypatch, packaged):
    def many_visits(case, rule):
        care = case.select_care(rule.window, "inpatient")
        return case.unknown if care is None else care.sum(care["visits"].astype(float))

    monkeypatch.setitem(TRIGGERS, "many_visits", many_visits)
    row = """triggers:
  many_visits:
    zh: 一年内多次住院
    en: many admissions in a year
    cause: illness
    counts_as: [shock]
    fires: above
    base: null
    unit: visits
    window: 12
    values:
      - {region: "", effective_from: null, all: 3, source: "county notice"}
"""
    policy = parse_policy(packaged.replace("triggers:\n", row, 1))
    add_inpatient(comfortable, 10, visits=4)
    before, judged = comfortable.judged(), comfortable.judged(policy=policy)
    assert set(judged.list_flag_codes(0)) - set(before.list_flag_codes(0)) == {"many_visits"}
    assert [flag.observed for flag in judged.list_flags(0) if flag.code == "many_visits"] == [4]
