"""Splitting records by time: the grid of as-of dates, and the origins (days on which testing starts) cut from it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from riskml.errors import SplitError, UsageError
from riskml.records.contract.calendar import is_month_end, to_date, to_day, to_month, to_month_end
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.store import Records
from riskml.splits import (
    Grid,
    Origin,
    Settings,
    build_grid,
    count_months_needed,
    cut_origins,
    find_first_covered,
    find_span_end,
)

JANUARY = 12 * 50  # 2020


def make_records(reports: list[int]) -> Records:
    """Make records in which ``reports[i]`` households report in the i-th month from January 2020 on."""
    cells = [(f"h{i}", JANUARY + month) for month, count in enumerate(reports) for i in range(count)]
    income = {
        "household_id": [code for code, _ in cells],
        "period_start": [to_date(to_month_end(month - 1) + 1) for _, month in cells],
        "source": ["total"] * len(cells),
        "amount": [1.0] * len(cells),
    }
    codes = [f"h{i}" for i in range(max(reports, default=0))]
    households = {"household_id": codes, "region_code": ["13"] * len(codes), "size": [1] * len(codes)}
    lines = {"region_code": [], "effective_from": [], "amount": []}
    return Records.from_tables({"households": households, "income": income, "lines": lines})


def make_events(months: list[int], table: str = "events", recorded: int | None = None) -> Records:
    """Make records with one event, admission or flood in each of some months from January 2020 on."""
    days = [to_date(to_month_end(JANUARY + month)) for month in months]
    rows: dict[str, list[object]] = {"household_id": ["h"] * len(days), "occurred_on": [*days]}
    rows["kind"] = [{"events": "report", "illness": "inpatient", "disaster": "flood"}[table]] * len(days)
    if table == "disaster":
        rows |= {"household_id": [None] * len(days), "region_code": ["13"] * len(days)}
    if recorded is not None:
        rows["recorded_on"] = [to_date(to_month_end(JANUARY + recorded))] * len(days)
    households = {"household_id": ["h"], "region_code": ["13"], "size": [1]}
    lines: dict[str, list[object]] = {"region_code": [], "effective_from": [], "amount": []}
    income: dict[str, list[object]] = {"household_id": [], "period_start": [], "source": [], "amount": []}
    return Records.from_tables({"households": households, "income": income, table: rows, "lines": lines})


def list_months(days: tuple[int, ...]) -> list[str]:
    return [f"{to_date(day):%Y-%m}" for day in days]


def cut_grid(months_there: int, settings: Settings) -> tuple[Origin, ...]:
    return cut_origins(build_grid(make_records([1] * months_there), settings), settings)


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["window", "horizon", "step", "origins"])
@pytest.mark.parametrize("value", [0, -3, 1.5, True])
def test_numbers_must_be_integers_of_at_least_one(name, value):
    with pytest.raises(UsageError, match=f"The {name} is {value}"):
        Settings(**{name: value})


def test_an_unknown_outcome_is_rejected():
    with pytest.raises(UsageError, match="must be 'any' or 'end'"):
        Settings(outcome="sometimes")


def test_an_unknown_treatment_of_hardship_is_rejected():
    assert Settings().hardship == "count"
    with pytest.raises(UsageError, match="must be 'count' or 'ignore'"):
        Settings(hardship="sometimes")


@pytest.mark.parametrize("age", [-1, 25, 1.5, True])
def test_the_income_age_must_be_at_most_two_years_in_months(age):
    with pytest.raises(UsageError, match=f"The income age is {age}"):
        Settings(income_age=age)


def test_the_basis_of_income_follows_from_the_settings():
    assert Settings().basis == IncomeBasis(12, False, 0)
    assert Settings(3, outcome="end", income_age=24).basis == IncomeBasis(3, True, 24)


def test_a_window_longer_than_the_look_back_is_rejected():
    assert Settings(window=36).window == 36
    with pytest.raises(UsageError, match="may be at most 36"):
        Settings(window=37)


# -- grid -------------------------------------------------------------------------------------------------------------


def test_as_ofs_are_counted_back_from_the_last_one_with_a_complete_span():
    grid = build_grid(make_records([1] * 48), Settings())
    assert list_months(grid.as_ofs) == [
        f"20{year}" for year in ("20-12", *(f"{y}-{m:02d}" for y in (21, 22) for m in (3, 6, 9, 12)))
    ]
    assert (grid.months, grid.first_month, grid.last_month) == (48, JANUARY, JANUARY + 47)


def test_the_first_window_may_start_with_the_first_reported_month():
    assert list_months(build_grid(make_records([1] * 13), Settings(12, 1, step=1)).as_ofs) == ["2020-12"]
    assert build_grid(make_records([1] * 12), Settings(12, 1, step=1)).as_ofs == ()
    assert list_months(build_grid(make_records([0, 0, *[1] * 13]), Settings(12, 1, step=1)).as_ofs) == ["2021-02"]


def test_a_last_month_with_few_reports_does_not_count():
    most = [20] * 12
    assert build_grid(make_records([*most, 2]), Settings(1, 1)).last_month == JANUARY + 12
    assert build_grid(make_records([*most, 1]), Settings(1, 1)).last_month == JANUARY + 11
    assert build_grid(make_records([*[21] * 12, 2]), Settings(1, 1)).last_month == JANUARY + 11
    # The latest month with enough reports counts, although an earlier month has too few.
    assert build_grid(make_records([*most, 1, 0, 2, 1]), Settings(1, 1)).last_month == JANUARY + 14


def test_months_without_reports_do_not_lower_the_median():
    # A quarterly survey has 10 reports in every third month; months without reports must not lower the median.
    survey = [10 if month % 3 == 0 else 0 for month in range(31)]
    assert build_grid(make_records([*survey, 0, 0, 0]), Settings(1, 3)).last_month == JANUARY + 30
    assert list_months(build_grid(make_records(survey), Settings(1, 3)).as_ofs)[-2:] == ["2022-01", "2022-04"]


def test_records_without_income_give_no_grid():
    grid = build_grid(make_records([]), Settings())
    assert (grid.as_ofs, grid.months) == ((), 0)
    with pytest.raises(SplitError, match=r"need 36 months of income .*; the records have 0"):
        cut_origins(grid, Settings())


@examples(deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=40),
    st.builds(Settings, window=st.integers(1, 14), horizon=st.integers(1, 14), step=st.integers(1, 13)),
)
def test_every_as_of_has_its_window_and_span_and_none_is_left_out(reports, settings):
    grid = build_grid(make_records(reports), settings)
    spaced = [to_month(day) for day in grid.as_ofs]
    assert all(is_month_end(day) for day in grid.as_ofs)
    assert all(later - earlier == settings.step for earlier, later in pairwise(spaced))
    if not any(reports):
        assert not spaced
        return
    counted = sorted(count for count in reports if count)
    median = (counted[len(counted) // 2] + counted[(len(counted) - 1) // 2]) / 2
    first = JANUARY + next(i for i, count in enumerate(reports) if count)
    last = JANUARY + max(i for i, count in enumerate(reports) if count >= median / 10)
    expected = [m for m in range(last - settings.horizon, 0, -settings.step) if m - settings.window + 1 >= first]
    assert spaced == expected[::-1]


# -- origins ----------------------------------------------------------------------------------------------------------


def test_the_test_starts_with_the_first_as_of_in_the_last_horizon_of_the_grid():
    (origin,) = cut_grid(48, Settings())
    assert str(to_date(origin.test_from)) == "2022-03-31"
    assert list_months(origin.test) == ["2022-03", "2022-06", "2022-09", "2022-12"]
    assert list_months(origin.train) == ["2020-12", "2021-03"]


def test_only_the_last_as_of_is_tested_if_there_is_little_to_train_on():
    (origin,) = cut_grid(36, Settings())
    assert (list_months(origin.train), list_months(origin.test)) == (["2020-12"], ["2021-12"])


def test_too_few_months_are_rejected_with_the_number_needed():
    with pytest.raises(SplitError) as refused:
        cut_grid(35, Settings())
    assert "need 36 months of income (the window 12 and twice the horizon 12)" in str(refused.value)
    assert "the records have 35 (2020-01 to 2022-11)" in str(refused.value)


def test_the_test_starts_later_if_no_earlier_row_has_follow_up():
    grid = build_grid(make_records([1] * 48), Settings())
    last = grid.as_ofs[-1]
    calls = []

    def is_followed(day: int, known_at: int) -> bool:
        calls.append((day, known_at))
        return known_at >= last

    (origin,) = cut_origins(grid, Settings(), is_followed)
    assert list_months(origin.test) == ["2022-12"]
    assert list_months(origin.train) == ["2020-12", "2021-03", "2021-06", "2021-09", "2021-12"]
    assert all(find_span_end(day, 12) <= known_at for day, known_at in calls)


def test_records_without_follow_up_are_rejected_and_the_step_is_not_blamed():
    with pytest.raises(SplitError, match="hardly any household is followed up") as refused:
        cut_origins(build_grid(make_records([1] * 48), Settings()), Settings(), lambda _day, _known_at: False)
    assert "--step" not in str(refused.value)


def test_records_known_only_from_statements_need_five_years():
    grid = Grid((), JANUARY, JANUARY + 40, stated=True)
    with pytest.raises(SplitError) as refused:
        cut_origins(grid, Settings())
    assert "or 60 if it is known only from yearly statements" in str(refused.value)


def test_a_step_that_does_not_divide_the_horizon_needs_more_months():
    with pytest.raises(SplitError, match="As_ofs every 5 months need 39: choose a --step that divides 12"):
        cut_grid(38, Settings(step=5))
    assert len(cut_grid(39, Settings(step=5))[0].train) == 1


def test_after_a_chosen_test_start_testing_begins_with_the_next_as_of():
    (origin,) = cut_grid(60, Settings(test_from=to_day("2022-11-15")))
    assert list_months(origin.test) == ["2022-12", "2023-03", "2023-06", "2023-09", "2023-12"]
    assert to_date(origin.test_from).isoformat() == "2022-11-15"
    assert list_months(origin.train)[-1] == "2021-09"


def test_a_test_start_after_the_last_as_of_is_rejected():
    with pytest.raises(SplitError) as refused:
        cut_grid(48, Settings(test_from=to_day("2023-01-01")))
    assert "No as_of is left to test (test from 2023-01-01)" in str(refused.value)
    assert "run from 2020-12-31 to 2022-12-31 every 3 months" in str(refused.value)


def test_a_test_start_before_the_end_of_the_first_span_is_rejected():
    assert list_months(cut_grid(48, Settings(test_from=to_day("2021-12-31")))[0].train) == ["2020-12"]
    with pytest.raises(SplitError) as refused:
        cut_grid(48, Settings(test_from=to_day("2021-12-30")))
    assert "No as_of is left to train on (test from 2021-12-30)" in str(refused.value)
    assert "the first span to learn from ends on 2021-12-31" in str(refused.value)
    assert "need 36 months" in str(refused.value)


def test_earlier_origins_start_a_horizon_earlier_and_test_up_to_the_next_start():
    latest, middle, earliest = cut_grid(72, Settings(origins=3))
    assert [str(to_date(o.test_from)) for o in (latest, middle, earliest)] == ["2024-03-31", "2023-03-31", "2022-03-31"]
    assert list_months(latest.test) == ["2024-03", "2024-06", "2024-09", "2024-12"]
    assert list_months(middle.test) == ["2023-03", "2023-06", "2023-09", "2023-12"]
    assert list_months(earliest.test) == ["2022-03", "2022-06", "2022-09", "2022-12"]
    assert [list_months(o.train)[-1] for o in (latest, middle, earliest)] == ["2023-03", "2022-03", "2021-03"]


def test_an_origin_too_early_to_train_is_rejected():
    with pytest.raises(SplitError) as refused:
        cut_grid(48, Settings(origins=2))
    assert "origin 2 of 2, test from 2021-03-31" in str(refused.value)
    assert "2 origin(s) need 48 months" in str(refused.value)


def test_an_origin_without_its_own_as_of_is_rejected():
    with pytest.raises(SplitError, match=r"No as_of is left to test \(origin 2 of 2, test from 2023-12-31\)"):
        cut_grid(72, Settings(window=1, horizon=3, step=12, test_from=to_day("2024-03-31"), origins=2))


@examples(deadline=None, derandomize=True, database=None)
@given(
    st.integers(1, 80),
    st.builds(
        Settings,
        window=st.integers(1, 14),
        horizon=st.integers(1, 14),
        step=st.integers(1, 13),
        origins=st.integers(1, 3),
        test_from=st.none() | st.integers(to_month_end(JANUARY), to_month_end(JANUARY + 80)),
    ),
)
def test_origins_never_look_ahead(months_there, settings):
    days = range(JANUARY + settings.window - 1, JANUARY + months_there - settings.horizon)[:: -settings.step][::-1]
    grid = Grid(tuple(to_month_end(month) for month in days), JANUARY, JANUARY + months_there - 1)
    apart = -(-settings.horizon // settings.step) * settings.step
    if months_there < settings.window + settings.horizon + apart:
        # No training date and test date are far enough apart.
        with pytest.raises(SplitError, match=f"{settings.window + 2 * settings.horizon} months|left to test"):
            cut_origins(grid, settings)
        return
    try:
        parts = cut_origins(grid, settings)
    except SplitError:
        assert settings.test_from is not None or settings.origins > 1
        return
    assert len(parts) == settings.origins
    for origin in parts:
        assert origin.train
        assert origin.test
        assert max(find_span_end(day, settings.horizon) for day in origin.train) <= origin.test_from <= min(origin.test)
        assert set(origin.train) | set(origin.test) <= set(grid.as_ofs)
    tested = [day for origin in reversed(parts) for day in origin.test]
    assert tested == [day for day in grid.as_ofs if day >= parts[-1].test_from]


def test_training_needs_a_window_and_two_spans_and_statements_five_years():
    assert [count_months_needed(Settings(window=24, horizon=6), stated=stated) for stated in (False, True)] == [36, 60]
    assert count_months_needed(Settings(window=36, horizon=18), stated=True) == 72


# -- how far the records of events reach back -------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["events", "illness", "disaster"])
@given(first=st.integers(0, 30), number=st.integers(1, 20), window=st.integers(1, 24))
@examples(max_examples=20, deadline=None)
def test_a_date_is_covered_once_events_have_been_recorded_for_half_a_window(table, first, number, window):
    records = make_events(list(range(first, first + number)), table)
    day = find_first_covered(records, Settings(window=window))
    assert to_month(day) - (JANUARY + first) + 1 == -(-window // 2)
    assert is_month_end(day)


def test_a_stray_early_event_does_not_cover_the_years_after_it():
    records = make_events([0, *(month for month in range(20, 30) for _ in range(20))])
    assert to_month(find_first_covered(records, Settings())) == JANUARY + 25


@pytest.mark.parametrize("apart", [3, 12])
def test_events_recorded_once_in_a_period_cover_the_period_before_them(apart):
    records = make_events(list(range(24, 60, apart)))
    assert to_month(find_first_covered(records, Settings())) == JANUARY + 24 - apart + 6


def test_events_delivered_later_cover_no_date_before_they_were_recorded():
    records = make_events(list(range(20)), recorded=24)
    assert to_month(find_first_covered(records, Settings())) == JANUARY + 29


def test_records_without_events_cover_every_date():
    assert find_first_covered(make_records([1] * 12), Settings()) == 0
