"""Labels (fell or not) computed by hand for one household as of January 31, 2023, with a line of 100 yuan a month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskml.errors import UsageError
from riskml.outcomes import AT_RISK, FALL_KINDS, REASONS, classify_cohort, count_labels, label
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.lines import LineRow
from riskml.records.panel.store import Records
from riskml.splits import Settings
from riskml.vocabulary.verdicts import STATUSES

AS_OF = to_day("2023-01-31")
LINES = {"region_code": [""], "effective_from": ["2020-01-01"], "amount": [1200.0]}
MONTH = Settings(window=1, horizon=3)
FINE, POOR, UNSEEN = 150.0, 50.0, None


def make_records(
    *months: float | None,
    start: int = 1,
    lines=LINES,
    recorded: dict[int, str] | None = None,
    neighbour: bool = False,
    **tables,
) -> Records:
    """Make records with monthly income from January 2023 (or month ``start``) on; None means not reported.

    A neighbour that is followed up and never poor ensures that the as-of date is used even if the household itself
    is not followed up.
    """
    stated = [("a", month, amount) for month, amount in enumerate(months, start) if amount is not None]
    codes = ["a", "b"] if neighbour else ["a"]
    stated += [("b", month, FINE) for month in range(-4, 25) if neighbour]
    income = {
        "household_id": [code for code, _, _ in stated],
        "period_start": [f"{2023 + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-01" for _, month, _ in stated],
        "source": ["wage"] * len(stated),
        "amount": [amount for _, _, amount in stated],
        "recorded_on": [(recorded or {}).get(month) if code == "a" else None for code, month, _ in stated],
    }
    others = {name: {"household_id": ["a"] * len(next(iter(rows.values()))), **rows} for name, rows in tables.items()}
    households = {"household_id": codes, "region_code": ["13"] * len(codes), "size": [1] * len(codes)}
    return Records.from_tables({"households": households, "income": income, "lines": lines, **others})


def make_entries(*days: str, **more: list[str | None]) -> dict[str, list[str | None]]:
    return {"entered_on": list(days), "category": ["borderline"] * len(days), **more}


def make_help(*days: str, emergency: bool = True) -> dict[str, list[object]]:
    return {"started_on": list(days), "measure": ["aid"] * len(days), "emergency": [emergency] * len(days)}


def label_household(packed: Records, settings: Settings = MONTH, known_at: str | None = None) -> tuple[object, ...]:
    """Return the household's label (or the reason why it has none), how it fell, and the lead in months."""
    labels = label(packed, [AS_OF], settings, load_policy(), None if known_at is None else to_day(known_at))
    labels = labels.take(labels.household == 0)
    assert len(labels) == 1
    names = {code: name for name, code in REASONS.items()}
    how = {0: "", **{code: name for name, code in FALL_KINDS.items()}}
    y = int(labels.y[0]) if labels.y[0] >= 0 else names[int(labels.reason[0])]
    return y, how[int(labels.by[0])], int(labels.lead[0])


def classify_household(packed: Records, settings: Settings = MONTH) -> str:
    return STATUSES.codes[int(classify_cohort(packed.panel(AS_OF, basis=settings.basis), settings, load_policy())[0])]


# -- falls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "by_any", "by_end"),
    [
        ((FINE, FINE, FINE), (0, "", 0), (0, "", 0)),
        ((POOR, FINE, FINE), (1, "income", 1), (0, "", 0)),
        ((FINE, POOR, POOR), (1, "income", 2), (1, "income", 3)),
        ((FINE, FINE, POOR), (1, "income", 3), (1, "income", 3)),
    ],
)
def test_a_fall_counts_at_any_month_end_or_only_at_the_last_one(months, by_any, by_end):
    packed = make_records(FINE, *months)
    assert label_household(packed) == by_any
    assert label_household(packed, Settings(window=1, horizon=3, outcome="end")) == by_end


def test_a_month_after_the_span_does_not_count():
    assert label_household(make_records(FINE, FINE, FINE, FINE, POOR)) == (0, "", 0)
    assert label_household(make_records(FINE, FINE, FINE, FINE, POOR), Settings(window=1, horizon=4)) == (
        1,
        "income",
        4,
    )


@pytest.mark.parametrize(("amount", "y"), [(99.9905, 0), (99.9895, 1)])
def test_an_income_less_than_a_ten_thousandth_below_the_line_does_not_count_as_below(amount, y):
    assert label_household(make_records(FINE, FINE, FINE, amount))[0] == y


def test_the_line_is_the_one_in_force_at_each_month_end():
    lines = {"region_code": ["", "13"], "effective_from": ["2020-01-01", "2023-03-31"], "amount": [1200.0, 1900.0]}
    assert label_household(make_records(FINE, FINE, FINE, FINE, lines=lines)) == (1, "income", 2)


def test_income_in_the_window_before_the_as_of_counts_in_the_span():
    assert label_household(make_records(FINE, 40.0, 160.0, 140.0), Settings(window=2, horizon=3)) == (1, "income", 1)
    assert label_household(make_records(FINE, 80.0, 130.0, 60.0), Settings(window=2, horizon=3)) == (1, "income", 3)


# -- monitoring -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2023-02-01", (1, "monitoring", 1)),
        ("2023-04-30", (1, "monitoring", 3)),
        ("2023-05-01", (0, "", 0)),
    ],
)
def test_entering_monitoring_in_the_span_is_a_fall(day, expected):
    assert label_household(make_records(FINE, FINE, FINE, FINE, monitoring=make_entries(day))) == expected


def test_entering_monitoring_counts_as_a_fall_even_without_follow_up():
    assert label_household(make_records(FINE, neighbour=True, monitoring=make_entries("2023-03-05"))) == (
        1,
        "monitoring",
        2,
    )


@pytest.mark.parametrize(
    ("day", "expected"), [("2023-02-20", "monitoring"), ("2023-03-05", "income"), ("2023-04-05", "income")]
)
def test_the_kind_of_fall_is_that_of_the_earlier_month_and_income_in_a_tie(day, expected):
    packed = make_records(FINE, FINE, POOR, FINE, monitoring=make_entries(day))
    assert label_household(packed)[:2] == (1, expected)
    assert label_household(packed)[2] == (1 if expected == "monitoring" else 2)


def test_a_fall_of_income_without_follow_up_does_not_set_the_kind():
    packed = make_records(FINE, POOR, neighbour=True, monitoring=make_entries("2023-05-05"))
    assert label_household(packed, Settings(window=1, horizon=6)) == (1, "monitoring", 4)


@pytest.mark.parametrize("day", ["2023-01-05", "2023-01-31"])
def test_an_entry_before_the_as_of_but_recorded_later_leaves_the_label_missing(day):
    late = make_entries(day, recorded_on=["2023-03-10"])
    assert label_household(make_records(FINE, FINE, POOR, FINE, monitoring=late)) == ("entered_recorded_late", "", 0)
    # Until the entry is recorded, it cannot be known.
    assert label_household(make_records(FINE, FINE, POOR, FINE, monitoring=late), known_at="2023-03-09") == (0, "", 0)


def test_a_late_entry_takes_precedence_over_an_entry_in_the_span():
    both = make_entries("2023-01-05", "2023-03-05", recorded_on=["2023-03-10", None])
    assert label_household(make_records(FINE, FINE, FINE, FINE, monitoring=both))[0] == "entered_recorded_late"


def test_a_later_version_of_an_entry_known_in_time_is_not_a_late_entry():
    versions = make_entries(
        "2022-01-05", "2022-01-05", cleared_on=["2022-12-01"] * 2, recorded_on=["2022-12-02", "2023-03-10"]
    )
    assert label_household(make_records(FINE, FINE, FINE, FINE, monitoring=versions)) == (0, "", 0)


def test_a_household_that_was_cleared_may_enter_again():
    again = make_entries("2022-01-05", "2023-03-05", cleared_on=["2022-12-01", None])
    assert label_household(make_records(FINE, neighbour=True, monitoring=again)) == (1, "monitoring", 2)


# -- follow-up and help -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [FINE, POOR])
def test_a_household_without_income_in_the_last_three_months_has_no_label(first):
    settings = Settings(window=1, horizon=4)
    assert label_household(make_records(FINE, first, neighbour=True), settings)[0] == "no_follow_up"
    assert label_household(make_records(FINE, first, FINE), settings)[0] == int(first == POOR)
    assert label_household(make_records(FINE, first, UNSEEN, UNSEEN, FINE), settings)[0] == int(first == POOR)


def test_one_report_per_quarter_is_enough_follow_up():
    packed = make_records(FINE, UNSEEN, UNSEEN, FINE, UNSEEN, UNSEEN, POOR)
    assert label_household(packed) == (0, "", 0)
    assert label_household(packed, Settings(window=1, horizon=6)) == (1, "income", 6)


def test_reported_months_without_a_verdict_are_not_follow_up():
    # November to January are reported, then only one of the last three months. This is too little to judge six months.
    packed = make_records(FINE, FINE, FINE, *[UNSEEN] * 6, FINE, start=-1, neighbour=True)
    assert label_household(packed, Settings(window=6, horizon=7))[0] == "no_follow_up"
    assert label_household(packed, Settings(window=1, horizon=7)) == (0, "", 0)


def test_the_outcome_at_the_end_needs_a_verdict_for_the_last_month_end():
    packed = make_records(FINE, FINE, FINE, UNSEEN, neighbour=True)
    assert label_household(packed) == (0, "", 0)
    assert label_household(packed, Settings(window=1, horizon=3, outcome="end"))[0] == "no_follow_up"


def test_a_horizon_below_three_months_checks_only_its_own_months():
    assert label_household(make_records(FINE, UNSEEN, FINE), Settings(window=1, horizon=2)) == (0, "", 0)
    # January is reported, but it comes before the span in which a fall would count.
    packed = make_records(FINE, UNSEEN, UNSEEN, FINE, neighbour=True)
    assert label_household(packed, Settings(window=1, horizon=2))[0] == "no_follow_up"
    assert (
        label_household(make_records(FINE, UNSEEN, neighbour=True), Settings(window=2, horizon=1))[0] == "no_follow_up"
    )


def test_without_a_line_in_the_last_months_there_is_no_verdict():
    elsewhere = {"region_code": ["14"], "effective_from": ["2020-01-01"], "amount": [1200.0]}
    packed = make_records(FINE, FINE, FINE, FINE, lines=elsewhere)
    assert classify_household(packed) == "no_income"
    assert not len(label(packed, [AS_OF], MONTH, load_policy()))


@pytest.mark.parametrize(
    ("day", "y"),
    [("2023-01-31", 0), ("2023-02-01", "emergency_help"), ("2023-04-30", "emergency_help"), ("2023-05-01", 0)],
)
def test_emergency_help_in_the_span_does_not_prove_safety(day, y):
    assert label_household(make_records(FINE, FINE, FINE, FINE, help=make_help(day)))[0] == y
    assert label_household(make_records(FINE, FINE, FINE, FINE, help=make_help(day, emergency=False)))[0] == 0


def test_emergency_help_hides_neither_a_fall_nor_a_lack_of_follow_up():
    assert label_household(make_records(FINE, POOR, FINE, FINE, help=make_help("2023-03-05"))) == (1, "income", 1)
    entering = {"monitoring": make_entries("2023-03-05"), "help": make_help("2023-02-05")}
    assert label_household(make_records(FINE, neighbour=True, **entering)) == (1, "monitoring", 2)
    assert label_household(make_records(FINE, neighbour=True, help=make_help("2023-03-05")))[0] == "no_follow_up"


# -- what was known, and when -----------------------------------------------------------------------------------------


def test_training_labels_use_only_what_was_recorded_by_the_time_of_training():
    packed = make_records(FINE, FINE, POOR, FINE, recorded={3: "2023-06-10"})
    assert label_household(packed, known_at="2023-06-10") == (1, "income", 2)
    assert label_household(packed, known_at="2023-06-09") == (0, "", 0)


def test_the_cohort_depends_only_on_what_was_known_at_the_as_of():
    late = make_records(FINE, FINE, FINE, FINE, recorded={1: "2023-02-10"})
    assert classify_household(late) == "no_income"
    assert count_labels(label(late, [AS_OF], MONTH, load_policy()))["excluded"]["no_income"] == 1


def test_statuses_have_an_order_of_precedence():
    poor = make_records(POOR, FINE, FINE, FINE)
    assert classify_household(poor) == "below_line"
    assert classify_household(make_records(POOR, monitoring=make_entries("2023-01-31"))) == "monitored"
    assert classify_household(make_records(UNSEEN, monitoring=make_entries("2023-01-05"))) == "monitored"
    assert (
        classify_household(make_records(FINE, monitoring=make_entries("2023-01-05", cleared_on=["2023-02-01"])))
        == "monitored"
    )
    assert (
        classify_household(make_records(FINE, monitoring=make_entries("2023-01-05", cleared_on=["2023-01-31"])))
        == "at_risk"
    )
    assert STATUSES.codes[AT_RISK] == "at_risk"


def test_rows_hold_income_and_line_at_the_as_of():
    labels = label(make_records(FINE, FINE, FINE, FINE), [AS_OF], MONTH, load_policy())
    assert (labels.income_per_head.item(), labels.line.item(), labels.as_of.item()) == (1800, 1200, AS_OF)


def test_a_rows_income_is_the_one_used_to_admit_it_to_the_cohort():
    gap = make_records(FINE, FINE, None, FINE, FINE, FINE)
    by_half = Settings(window=3, horizon=2)
    assert label(gap, [to_day("2023-04-30")], by_half, load_policy()).income_per_head.item() == 1800
    assert len(label(gap, [to_day("2023-04-30")], replace(by_half, outcome="end"), load_policy())) == 0


def test_counts_name_every_reason_and_status():
    tally = count_labels(label(make_records(FINE, POOR), [AS_OF, to_day("2023-02-28")], MONTH, load_policy()))
    assert tally == {
        "cohort": 1,
        "labelled": 1,
        "positive": 1,
        "missing": {"no_follow_up": 0, "emergency_help": 0, "entered_recorded_late": 0, "not_followed": 0},
        "excluded": {"below_line": 1, "in_hardship": 0, "monitored": 0, "no_income": 0, "unknown": 0},
    }


def test_selecting_rows_keeps_the_counts_outside_the_cohort():
    labels = label(make_records(FINE, FINE, FINE, FINE), [AS_OF], MONTH, load_policy())
    none = labels.take(np.array([], np.int64))
    assert (len(none), none.labelled.tolist(), none.status.tolist()) == (0, [], labels.status.tolist())


@pytest.mark.parametrize(("days", "message"), [([], "No as_of is given"), (["2023-01-30"], r"1 as_of\(s\) are not")])
def test_no_as_of_and_one_that_is_not_a_month_end_are_rejected(days, message):
    with pytest.raises(UsageError, match=message):
        label(make_records(FINE), [to_day(day) for day in days], MONTH, load_policy())


def test_no_households_give_no_rows():
    empty = {"household_id": [], "region_code": [], "size": []}
    income = {"household_id": [], "period_start": [], "source": [], "amount": []}
    none = Records.from_tables({"households": empty, "income": income, "lines": LINES})
    assert count_labels(label(none, [AS_OF], MONTH, load_policy()))["cohort"] == 0


def test_lines_from_the_policy_table_apply_if_the_records_have_none_for_the_region():
    elsewhere = {"region_code": ["14"], "effective_from": ["2020-01-01"], "amount": [1200.0]}
    households = {"household_id": ["a"], "region_code": ["13"], "size": [1]}
    income = {"household_id": ["a"], "period_start": ["2023-01-01"], "source": ["wage"], "amount": [FINE]}
    tables = {"households": households, "income": income, "lines": elsewhere}
    assert classify_household(Records.from_tables(tables, [LineRow("", 0, 1200.0)])) == "at_risk"


def test_a_household_whose_last_member_leaves_in_the_span_has_no_outcome():
    left = {"member_id": ["1"], "left_on": ["2023-03-10"]}
    assert label_household(make_records(FINE, POOR, FINE, FINE, members=left, neighbour=True)) == (
        "no_follow_up",
        "",
        0,
    )
    later = left | {"left_on": ["2023-05-01"]}
    assert label_household(make_records(FINE, POOR, FINE, FINE, members=later, neighbour=True)) == (1, "income", 1)
    assert classify_household(make_records(FINE, members=left | {"left_on": ["2023-01-31"]})) == "unknown"
