"""Features computed by hand from a few rows; riskml must compute the same values."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from riskml.features import build
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records

LINE = 6000.0
END = "2023-12-31"


def compute_features(
    as_of: str = END, size: int = 2, lines=((None, "2016-01-01", LINE),), **tables
) -> dict[str, float]:
    households = {"household_id": ["h"], "region_code": ["130529101201"], "size": [size]}
    income = tables.pop("income", {"household_id": [], "period_start": [], "source": [], "amount": []})
    rows = list(zip(*lines, strict=True))
    records = Records.from_tables(
        {
            "households": households,
            "income": income,
            "lines": {"region_code": rows[0], "effective_from": rows[1], "amount": rows[2]},
            **tables,
        }
    )
    matrix = build(records.panel(to_day(as_of)))
    return dict(zip(matrix.names, matrix.values[0].tolist(), strict=True))


def make_monthly(amounts, last: str = "2023-12-01", source: str = "wage"):
    """Make income rows for successive months up to ``last``; None means that a month is not reported."""
    starts = pd.date_range(end=last, periods=len(amounts), freq="MS").date
    kept = [(start, amount) for start, amount in zip(starts, amounts, strict=True) if amount is not None]
    return {
        "household_id": ["h"] * len(kept),
        "period_start": [start for start, _ in kept],
        "source": [source] * len(kept),
        "amount": [amount for _, amount in kept],
    }


def make_care_bills(*rows):
    names = ("occurred_on", "kind", "self_paid", "cost")
    return {"household_id": ["h"] * len(rows)} | {k: [row[i] for row in rows] for i, k in enumerate(names)}


@pytest.mark.parametrize(
    ("monthly_income", "below"),
    [(1000.0, 0), (1000 * (1 - 1e-4) + 1e-7, 0), (1000 * (1 - 1e-4) - 1e-7, 1), (999.0, 1), (-50.0, 1)],
)
def test_being_below_the_line_allows_a_tolerance_of_one_ten_thousandth(monthly_income, below):
    values = compute_features(income=make_monthly([monthly_income]))
    assert values["months_below_line_6m"] == below
    assert values["consecutive_months_below"] == below
    assert values["months_since_below"] == (0 if below else 36)


def test_a_month_is_compared_with_the_line_in_force_at_the_time():
    values = compute_features(
        income=make_monthly([1000, 1000]), lines=((None, "2016-01-01", 6000.0), (None, "2023-12-31", 12000.0))
    )
    assert values["log_income_to_line_1m"] == pytest.approx(math.log(0.5))
    assert values["log_income_to_line_3m"] == pytest.approx(math.log(0.75))
    assert values["months_below_line_6m"] == 0.5


def test_a_gap_ends_a_run_of_months_below_the_line_unless_it_comes_last():
    assert compute_features(income=make_monthly([900, None, 900, 900, None]))["consecutive_months_below"] == 2
    assert compute_features(income=make_monthly([900, 1100, 900]))["consecutive_months_below"] == 1
    assert compute_features(income=make_monthly([900] * 40))["consecutive_months_below"] == 36


def test_trend_and_volatility_ignore_gaps():
    values = compute_features(income=make_monthly([1000, None, 1200, 1300]))
    assert values["income_trend_6m"] == pytest.approx(0.1)
    assert values["income_volatility_6m"] == pytest.approx(np.std([1.0, 1.2, 1.3], ddof=1))
    assert math.isnan(compute_features(income=make_monthly([1000, 1200]))["income_trend_6m"])


def test_a_year_on_year_change_needs_both_months():
    values = compute_features(income=make_monthly([800, 900] + [None] * 10 + [1000, None]))
    assert values["income_change_on_year_3m"] == pytest.approx(0.2)


def test_a_period_is_spread_over_its_months_and_becomes_known_at_its_end():
    year = {"household_id": ["h"], "period_start": ["2023-01-01"], "months": [12], "source": ["total"]}
    values = compute_features(income={**year, "amount": [24000.0]})
    assert values["log_income_to_line_12m"] == pytest.approx(math.log(2))
    assert values["income_coverage_36m"] == pytest.approx(1 / 3)
    assert math.isnan(values["wage_to_line_12m"])
    assert math.isnan(compute_features("2023-12-30", income={**year, "amount": [24000.0]})["log_income_to_line_12m"])


def test_zero_and_negative_incomes_get_the_minimum_value():
    assert compute_features(income=make_monthly([-3000]))["log_income_to_line_1m"] == pytest.approx(-4)
    assert compute_features(income=make_monthly([0.0]))["weighted_past_income"] == pytest.approx(-4)


def test_income_shares_use_the_absolute_amounts_of_the_sources():
    wage, business = make_monthly([1500]), make_monthly([-500], source="business")
    both = {name: wage[name] + business[name] for name in wage}
    values = compute_features(income=both)
    assert values["wage_share_12m"] == 0.75
    assert values["business_share_12m"] == -0.25
    assert values["property_share_12m"] == 0
    assert values["income_concentration"] == pytest.approx(0.75**2 + 0.25**2)


def test_windows_in_days_begin_after_the_same_day_of_an_earlier_month():
    bills = make_care_bills(("2023-02-28", "outpatient", 600.0, None), ("2023-03-01", "chronic", 600.0, None))
    assert compute_features("2023-05-28", illness=bills)["self_paid_to_line_3m"] == pytest.approx(600 / 12000)
    assert compute_features("2023-05-30", illness=bills)["self_paid_to_line_3m"] == pytest.approx(600 / 12000)
    assert compute_features("2023-05-31", illness=bills)["self_paid_to_line_3m"] == pytest.approx(600 / 12000)
    assert compute_features("2023-06-01", illness=bills)["self_paid_to_line_3m"] == 0


def test_self_paid_spending_is_unknown_only_if_no_bill_states_it():
    some = make_care_bills(("2023-11-02", "inpatient", None, 900.0), ("2023-11-03", "inpatient", 300.0, 900.0))
    values = compute_features(illness=some)
    assert values["self_paid_to_line_3m"] == pytest.approx(300 / 12000)
    assert values["reimbursed_share_12m"] == pytest.approx(2 / 3)
    values = compute_features(illness=make_care_bills(("2023-11-02", "inpatient", None, 900.0)))
    assert math.isnan(values["self_paid_to_line_3m"])
    assert math.isnan(values["largest_bill_to_line_12m"])
    assert math.isnan(values["reimbursed_share_12m"])
    assert values["admissions_3m"] == 1
    assert values["regular_self_paid_to_line_12m"] == 0


def test_a_bill_is_divided_by_at_least_a_tenth_of_the_line():
    values = compute_features(
        income=make_monthly([10.0]), illness=make_care_bills(("2023-11-02", "inpatient", 1200.0, None))
    )
    assert values["self_paid_to_income_12m"] == pytest.approx(0.1 / 0.1)
    assert values["income_after_self_paid_12m"] == pytest.approx(0.01 - 0.1)


def test_a_disaster_affects_every_household_under_its_region_prefix():
    region = {"household_id": [None] * 3, "region_code": ["1305", "130529101201", "1306"], "kind": ["flood"] * 3}
    values = compute_features(disaster={**region, "occurred_on": ["2023-06-30"] * 3})
    assert values["region_disasters_12m"] == 2
    assert values["disasters_12m"] == 0
    assert values["months_since_region_disaster"] == pytest.approx(184 / 30.4375)


def test_a_household_that_moves_in_on_the_day_of_a_disaster_is_affected():
    moved = {"household_id": ["h", "h"], "recorded_on": [None, "2023-06-30"], "size": [2, 2]}
    region = {"household_id": [None] * 2, "region_code": ["13", "41"], "kind": ["flood"] * 2}
    tables = {
        "households": {**moved, "region_code": ["130529101201", "411001101201"]},
        "income": {name: [] for name in ("household_id", "period_start", "source", "amount")},
        "lines": {"region_code": [None], "effective_from": ["2016-01-01"], "amount": [LINE]},
    }
    for days, struck in (((30, 30), 1), ((29, 29), 1), ((30, 29), 0), ((29, 30), 2)):
        disaster = {**region, "occurred_on": [f"2023-06-{day}" for day in days]}
        matrix = build(Records.from_tables({**tables, "disaster": disaster}).panel(to_day(END)))
        assert matrix.column("region_disasters_12m").tolist() == [struck]


def test_a_bill_in_an_incomplete_month_is_compared_with_the_line_of_the_last_complete_month():
    lines = ((None, "2016-01-01", LINE), (None, "2023-11-30", 2 * LINE), (None, "2023-12-01", 9 * LINE))
    bill = make_care_bills(("2023-12-10", "inpatient", 1200.0, None))
    assert compute_features("2023-12-15", lines=lines[:2], illness=bill)["self_paid_to_line_3m"] == pytest.approx(0.05)
    assert compute_features("2023-12-15", lines=lines, illness=bill)["self_paid_to_line_3m"] == pytest.approx(0.05)


def test_weak_labour_counts_as_half_and_former_members_do_not_count():
    people = {"household_id": ["h"] * 3, "member_id": ["1", "2", "3"], "labour": ["skilled", "weak", None]}
    values = compute_features(members={**people, "birth_year": [1963, 2008, None]})
    assert values["labour_force"] == 1.5
    assert values["labour_share"] == 0.5
    assert values["no_labour"] == 0
    assert (values["elders"], values["children"], values["mean_age"]) == (1, 1, 37.5)
    assert math.isnan(values["pupils"])
    gone = compute_features(size=4, members={**people, "left_on": [dt.date(2023, 12, 31)] * 3})
    assert (gone["labour_force"], gone["no_labour"], gone["pupils"]) == (0, 0, 0)
    assert math.isnan(gone["labour_share"])


def test_help_remains_in_place_until_the_day_it_ends():
    measure = {"household_id": ["h"] * 2, "started_on": ["2023-01-01", "2020-12-31"], "measure": ["loan"] * 2}
    assert compute_features(help={**measure, "ended_on": ["2024-01-01", None]})["help_in_place"] == 1
    ended = compute_features(help={**measure, "ended_on": ["2023-12-31", None], "amount": [600.0, 1.0]})
    assert ended["help_in_place"] == 0
    assert ended["help_amount_to_line_12m"] == pytest.approx(600 / 12000)


def test_help_per_month_counts_for_the_time_it_ran():
    measure = {"household_id": ["h"], "started_on": ["2022-07-01"], "measure": ["低保"], "amount": [600.0]}
    yearly = compute_features(help={**measure, "per": ["month"]})["help_amount_to_line_12m"]
    assert yearly == pytest.approx(600 * 365 / 30.4375 / 12000)
    assert compute_features(help={**measure, "per": ["year"]})["help_amount_to_line_12m"] == pytest.approx(
        yearly / 12, rel=1e-9
    )
    assert compute_features(help=measure)["help_amount_to_line_12m"] == 0
    half = compute_features(help={**measure, "per": ["month"], "ended_on": ["2023-07-01"]})
    assert half["help_amount_to_line_12m"] == pytest.approx(600 * 182 / 30.4375 / 12000)
    over = compute_features(help={**measure, "per": ["month"], "ended_on": ["2022-12-31"]})
    assert over["help_amount_to_line_12m"] == 0


def test_a_clearance_after_the_date_is_not_known_yet():
    entry = {"household_id": ["h"], "category": ["borderline"], "entered_on": ["2022-01-01"]}
    assert math.isnan(compute_features(monitoring={**entry, "cleared_on": ["2024-01-01"]})["months_since_cleared"])
    values = compute_features(monitoring={**entry, "cleared_on": [END], "recorded_on": ["2022-01-05"]})
    assert values["months_since_cleared"] == 0
    assert values["monitoring_entries_36m"] == 1


def test_the_projected_low_falls_when_good_months_leave_the_window():
    # four good months, then eight at half the line; once the good months have left the window, half the line is left
    values = compute_features(income=make_monthly([4000.0] * 4 + [500.0] * 8))
    assert values["projected_lowest_income_3m"] == pytest.approx(math.log(0.5))
    # one bad month half a year ago, good months since: the lowest year ahead still includes the bad month
    values = compute_features(income=make_monthly([2000.0] * 6 + [0.0] + [3000.0] * 5))
    assert values["projected_lowest_income_1m"] == pytest.approx(math.log((6 * 2 - 2 + 0 + 5 * 3 + 3) / 12))
    # months without a report count neither now nor in the projection
    values = compute_features(income=make_monthly([4000.0] + [None] * 8 + [1000.0] * 3))
    assert values["projected_lowest_income_3m"] == pytest.approx(0.0)
    assert math.isnan(compute_features(income=make_monthly([4000.0] + [None] * 3))["projected_lowest_income_3m"])


def test_columns_identical_in_every_row_are_merged():
    # a yearly survey gives twelve equal months, so all windows of up to a year have the same mean
    households = {"household_id": ["a", "b"], "region_code": ["130529101201"] * 2, "size": [2, 2]}
    income = {
        "household_id": ["a", "b", "b"],
        "period_start": ["2023-01-01", "2023-01-01", "2022-01-01"],
        "months": [12, 12, 12],
        "source": ["total"] * 3,
        "amount": [30000.0, 9000.0, 40000.0],
    }
    lines = {"region_code": [None], "effective_from": ["2016-01-01"], "amount": [LINE]}
    records = Records.from_tables({"households": households, "income": income, "lines": lines})
    matrix = build(records.panel(to_day(END)))
    names = matrix.drop_repeated().names
    assert "log_income_to_line_12m" not in names  # the same as the projected lowest income
    assert "projected_lowest_income_6m" in names
    assert "weighted_past_income" in names
    kept = matrix.drop_repeated()
    for name in kept.names:
        assert np.array_equal(kept.column(name), matrix.column(name), equal_nan=True)


def test_past_income_is_kept_among_equal_columns():
    # with one year of income, past income equals the income of that year
    households = {"household_id": ["a", "b"], "region_code": ["130529101201"] * 2, "size": [2, 2]}
    income = {
        "household_id": ["a", "b"],
        "period_start": ["2023-01-01"] * 2,
        "months": [12] * 2,
        "source": ["total"] * 2,
        "amount": [30000.0, 9000.0],
    }
    lines = {"region_code": [None], "effective_from": ["2016-01-01"], "amount": [LINE]}
    records = Records.from_tables({"households": households, "income": income, "lines": lines})
    names = build(records.panel(to_day(END))).drop_repeated().names
    assert "weighted_past_income" in names
    assert not [name for name in names if name.startswith(("log_income_to_line", "projected_lowest_income"))]


NO_CARE, NO_EVENTS = make_care_bills(), {"household_id": [], "occurred_on": [], "kind": []}


def make_fees(*rows):
    days, amounts = zip(*rows, strict=True)
    return {"household_id": ["h"] * len(rows), "occurred_on": days, "kind": ["school_fee"] * len(rows)} | {
        "amount": amounts
    }


def find_lowest(amounts, *, illness=NO_CARE, events=NO_EVENTS, **options) -> float:
    values = compute_features(income=make_monthly(amounts), illness=illness, events=events, **options)
    return values["lowest_income_after_spending"]


def test_the_year_ahead_loses_old_bills_and_repeats_regular_care_and_fees():
    # in multiples of the yearly line: income 3, fees 0.1, a bill of 0.3 in March, and outpatient care of 0.01 a month
    spending = {
        "illness": make_care_bills(
            ("2023-03-15", "inpatient", 3600.0, None),
            *((f"2023-{month}-15", "outpatient", 120.0, None) for month in (10, 11, 12)),
        ),
        "events": make_fees(("2023-09-01", 1200.0)),
    }
    values = compute_features(income=make_monthly([3000.0] * 36), **spending)
    # at the end of February, the last month with the bill, two more months of outpatient care have been paid
    assert values["lowest_income_after_spending"] == pytest.approx(3 - 0.3 - 0.03 - 0.1 - 0.02)
    assert values["bearable_spending"] == pytest.approx(math.log((2.55 - 1) * 2))
    poor = compute_features(income=make_monthly([1000.0] * 36), **spending)
    assert poor["lowest_income_after_spending"] == pytest.approx(0.55)
    assert poor["bearable_spending"] == pytest.approx(-4)


def test_income_ahead_returns_to_its_usual_level_by_4_percent_a_month():
    past = [0.5] * 6 + [1.0] * 6  # the latest month first
    ahead = [0.5 ** (0.96**k) for k in range(1, 13)]
    left = [(sum(past[: 12 - h]) + sum(ahead[:h])) / 12 for h in range(1, 13)]
    assert find_lowest([1000.0] * 30 + [500.0] * 6) == pytest.approx(min(left))
    assert min(left) < left[-1]


def test_income_ahead_grows_as_the_line_did_and_the_line_rises_in_the_same_month():
    lines = ((None, "2016-01-01", LINE), (None, "2023-07-01", 1.1 * LINE))
    usual = sum(1.1 ** (t / 12) for t in range(6, 36)) / 30
    ahead = [usual ** (1 - 0.96**k) * 1.1 ** (k / 12) for k in range(1, 13)]
    rise = [1.0] * 6 + [1.1] * 6
    left = [(12 - h + sum(ahead[:h])) / 12 / rise[h - 1] for h in range(1, 13)]
    assert find_lowest([1100.0] * 36, lines=lines) == pytest.approx(min(left))
    # without a line a year ago, neither income nor the line grows; months before the first line are unknown
    assert find_lowest([500.0] * 36, lines=lines[1:], size=1) == pytest.approx(1 / 1.1)


def test_the_year_ahead_needs_one_reported_month_and_never_projects_less_than_a_fiftieth_of_the_line():
    assert find_lowest([500.0]) == pytest.approx(0.5)
    assert find_lowest([500.0, None, None]) == pytest.approx(0.5)
    assert find_lowest([0.0] * 36) == pytest.approx(0.02 / 12)
    assert find_lowest([-500.0] * 36) == pytest.approx((11 * -0.5 + 0.02) / 12)
    assert math.isnan(find_lowest([]))
    assert math.isnan(find_lowest([500.0], lines=((None, "2024-01-01", LINE),)))


def test_unknown_amounts_add_nothing_to_the_spending_ahead():
    unknown = make_care_bills(("2023-12-01", "chronic", None, 900.0), ("2023-06-01", "inpatient", None, None))
    assert find_lowest([2000.0] * 36, illness=unknown, events=make_fees(("2023-09-01", None))) == pytest.approx(2)
    some = make_care_bills(("2023-12-01", "chronic", None, 900.0), ("2023-12-02", "chronic", 360.0, None))
    # eleven months ahead, the known 0.03 still counts, and a third of it has been added in each of the eleven months
    assert find_lowest([2000.0] * 36, illness=some) == pytest.approx(2 - 0.03 - 11 * 0.01)


def test_in_the_middle_of_a_month_spending_is_counted_back_to_the_same_day():
    # outpatient care more than three months ago; then school fees in two Januaries, only one of them within a year
    values = {"illness": make_care_bills(("2023-10-15", "outpatient", 1200.0, None)), "events": NO_EVENTS}
    assert find_lowest([2000.0] * 36, as_of="2024-01-15", **values) == pytest.approx(2 - 0.1)
    fees = make_fees(("2023-01-15", 1200.0), ("2024-01-15", 1200.0))
    assert find_lowest([2000.0] * 36, as_of="2024-01-15", events=fees) == pytest.approx(2 - 0.1)
    # care in the incomplete month counts as if in the last complete one, which stays in the year for 11 months
    values["illness"] = make_care_bills(("2024-01-15", "outpatient", 360.0, None))
    assert find_lowest([2000.0] * 36, as_of="2024-01-15", **values) == pytest.approx(2 - 0.03 - 11 * 0.01)
