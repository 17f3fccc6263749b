"""The rules in data/README.md about what is known on a date: corrections, versions, withdrawals, periods, lines."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from riskml.errors import RecordsError
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import SOURCES, list_codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import Events
from riskml.records.panel.lines import LineRow
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

HOUSEHOLD = {"household_id": ["a"], "region_code": ["130529001001"], "size": [2]}
LINES = {"region_code": [""], "effective_from": ["2020-01-01"], "amount": [6000.0]}
DATED = {
    "illness": ("occurred_on", {"kind": "inpatient"}),
    "disaster": ("occurred_on", {"kind": "flood"}),
    "events": ("occurred_on", {"kind": "job_loss"}),
    "help": ("started_on", {"measure": "grant"}),
    "monitoring": ("entered_on", {"category": "borderline"}),
}


PAID = {"household_id": "a", "source": "wage", "period_start": "2023-01-01", "amount": 100.0}


def make_columns(rows: list[dict[str, object]], default: dict[str, object]) -> dict[str, list[object]]:
    names = [*default, *dict.fromkeys(name for row in rows for name in row if name not in default)]
    return {name: [row.get(name, default.get(name)) for row in rows] for name in names}


def make_records(income=(), households=HOUSEHOLD, lines=LINES, fallback=(), **tables) -> Records:
    others = {name: make_columns(rows, {"household_id": "a"}) for name, rows in tables.items()}
    return Records.from_tables(
        {"households": households, "income": make_columns(list(income), PAID), "lines": lines, **others}, fallback
    )


def read_january(packed: Records, as_of: str, source: str = "wage") -> float:
    """Return the income for January 2023 as known at a date."""
    panel = packed.panel(to_day(as_of))
    lag = panel.month - 12 * 53
    return float(panel.sources[list(SOURCES).index(source), lag, 0])


def count_events(events: Events | None) -> int:
    assert events is not None
    return len(events)


# -- corrections and withdrawals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("backwards", [False, True])
def test_the_latest_known_correction_counts(backwards):
    rows = [
        {"record_id": "r", "amount": 100.0},
        {"record_id": "r", "amount": 70.0, "recorded_on": "2023-03-10"},
        {"record_id": "r", "amount": 40.0, "recorded_on": "2023-05-10"},
    ]
    packed = make_records(rows[::-1] if backwards else rows)
    seen = {
        day: read_january(packed, day) for day in ("2023-01-31", "2023-03-09", "2023-03-10", "2023-05-09", "2023-05-10")
    }
    assert list(seen.values()) == [100, 100, 70, 70, 40]


def test_an_income_row_without_an_amount_withdraws_its_record():
    packed = make_records([{"record_id": "r"}, {"record_id": "r", "amount": None, "recorded_on": "2023-03-10"}])
    assert read_january(packed, "2023-03-09") == 100
    assert np.isnan(read_january(packed, "2023-03-10"))
    assert not packed.panel(to_day("2023-03-10")).reported.any()


def test_a_withdrawn_income_can_be_recorded_again():
    withdrawn = {"record_id": "r", "amount": None, "recorded_on": "2023-03-10"}
    packed = make_records(
        [{"record_id": "r"}, withdrawn, {"record_id": "r", "amount": 5.0, "recorded_on": "2023-04-10"}]
    )
    assert read_january(packed, "2023-04-10") == 5


def test_a_correction_may_move_the_period_and_the_source():
    moved = {
        "record_id": "r",
        "period_start": "2023-02-01",
        "source": "business",
        "amount": 80.0,
        "recorded_on": "2023-04-10",
    }
    packed = make_records([{"record_id": "r"}, moved])
    assert read_january(packed, "2023-03-31") == 100
    panel = packed.panel(to_day("2023-04-30"))
    assert np.argwhere(~np.isnan(panel.sources[:, :, 0])).tolist() == [[1, 2]]
    assert panel.total[2, 0] == 80


def test_equal_rows_with_different_record_ids_or_none_are_summed():
    packed = make_records([{"record_id": "r"}, {"record_id": "s"}, {}, {}])
    assert read_january(packed, "2023-01-31") == 400


def test_a_correction_leaves_other_rows_in_the_same_cell_unchanged():
    packed = make_records([{}, {"record_id": "r"}, {"record_id": "r", "amount": 1.0, "recorded_on": "2023-04-10"}])
    assert [read_january(packed, day) for day in ("2023-03-31", "2023-04-30")] == [200, 101]


def test_a_correction_may_change_the_date_of_an_event():
    row = {"record_id": "r", "occurred_on": "2023-01-05", "kind": "job_loss"}
    packed = make_records(events=[row, {**row, "occurred_on": "2023-06-05", "recorded_on": "2023-02-10"}])
    assert [count_events(packed.panel(to_day(day)).events) for day in ("2023-02-09", "2023-02-10", "2023-06-05")] == [
        1,
        0,
        1,
    ]


def test_null_in_other_tables_means_unknown_and_withdraws_nothing():
    row = {"record_id": "r", "occurred_on": "2023-01-05", "kind": "inpatient", "cost": 500.0}
    packed = make_records(illness=[row, {**row, "cost": None, "recorded_on": "2023-02-10"}])
    illness = packed.panel(to_day("2023-02-10")).illness
    assert count_events(illness) == 1
    assert np.isnan(illness["cost"]).all()
    assert np.isnan(illness.sum(illness["cost"])).all()


@pytest.mark.parametrize("table", ["illness", "disaster", "events", "help"])
def test_a_withdrawal_removes_a_record_from_the_day_it_is_recorded(table):
    day, fixed = DATED[table]
    row = {"record_id": "r", day: "2023-01-05", **fixed}
    packed = make_records(**{table: [row, {**row, "withdrawn": True, "recorded_on": "2023-02-10"}]})
    assert [count_events(getattr(packed.panel(to_day(at)), table)) for at in ("2023-02-09", "2023-02-10")] == [1, 0]


@pytest.mark.parametrize("table", ["illness", "events", "help"])
def test_a_corrected_row_without_recorded_on_counts_as_recorded_on_its_own_date(table):
    # An empty recorded_on counts as earlier than every date only for rows that are versions.
    day, fixed = DATED[table]
    rows = [{"record_id": "r", day: "2023-01-20", **fixed}]
    rows.append({"record_id": "r", day: "2023-01-05", **fixed, "recorded_on": "2023-01-10"})
    packed = make_records(**{table: rows})
    days = [getattr(packed.panel(to_day(at)), table)["day"].tolist() for at in ("2023-01-12", "2023-01-20")]
    assert days == [[to_day("2023-01-05")], [to_day("2023-01-20")]]


# -- periods ----------------------------------------------------------------------------------------------------------


def test_a_period_is_spread_evenly_and_known_from_its_last_day():
    packed = make_records([{"months": 3, "amount": 600.0, "period_start": "2023-01-01"}])
    assert not packed.panel(to_day("2023-03-30")).reported.any()
    assert packed.panel(to_day("2023-03-31")).total[:4, 0].tolist()[:3] == [200, 200, 200]


def test_a_period_recorded_early_counts_only_for_completed_months():
    packed = make_records([{"months": 12, "amount": 1200.0, "recorded_on": "2023-01-15"}])
    panel = packed.panel(to_day("2023-04-10"))
    assert panel.reported[:, 0].nonzero()[0].tolist() == [0, 1, 2]
    assert panel.income_per_head(3)[0] == 100 * 12 / 2


def test_only_the_part_of_a_period_inside_the_window_counts():
    packed = make_records([{"months": 12, "amount": 1200.0, "period_start": "2022-06-01"}])
    panel = packed.panel(to_day("2023-07-31"))
    assert panel.income_per_head(4)[0] == 600
    assert np.isnan(panel.income_per_head(4, complete=True)[0])
    assert np.isnan(packed.panel(to_day("2023-08-31")).income_per_head(5)[0])


def test_a_month_is_reported_if_any_source_is_and_sources_are_summed():
    packed = make_records([{}, {"source": "business", "amount": -30.0}])
    assert packed.panel(to_day("2023-01-31")).total[0, 0] == 70


def test_a_total_covers_all_sources():
    packed = make_records([{"source": "total", "amount": 50.0}])
    assert packed.panel(to_day("2023-01-31")).total[0, 0] == 50


def test_reports_are_counted_once_per_household_and_month_unless_withdrawn():
    rows = [{}, {"source": "business"}, {"period_start": "2023-02-01", "amount": None}]
    rows += [{"period_start": "2023-03-01", "record_id": "r"}]
    rows += [{"period_start": "2023-03-01", "record_id": "r", "amount": None, "recorded_on": "2023-05-01"}]
    assert make_records(rows).income.count_reports_by_month().tolist() == [1, 0, 0]


# -- defaults of recorded_on, and days in the future ------------------------------------------------------------------


@pytest.mark.parametrize("table", DATED)
def test_rows_are_known_from_recorded_on_or_else_from_their_own_date(table):
    day, fixed = DATED[table]
    packed = make_records(**{table: [{day: "2023-01-05", **fixed}]})
    late = make_records(**{table: [{day: "2023-01-05", **fixed, "recorded_on": "2023-03-01"}]})
    dates = ("2023-01-04", "2023-01-05", "2023-02-28", "2023-03-01")
    assert [count_events(getattr(packed.panel(to_day(at)), table)) for at in dates] == [0, 1, 1, 1]
    assert [count_events(getattr(late.panel(to_day(at)), table)) for at in dates] == [0, 0, 0, 1]


def test_income_is_known_only_from_recorded_on_even_if_that_is_late():
    packed = make_records([{"recorded_on": "2023-04-20"}])
    assert np.isnan(read_january(packed, "2023-04-19"))
    assert read_january(packed, "2023-04-20") == 100


@pytest.mark.parametrize(("table", "column"), [("help", "ended_on"), ("monitoring", "cleared_on")])
def test_an_end_after_the_date_is_not_yet_known(table, column):
    day, fixed = DATED[table]
    packed = make_records(**{table: [{day: "2023-01-05", **fixed, column: "2023-05-01"}]})
    ends = [getattr(packed.panel(to_day(at)), table)[column].item() for at in ("2023-04-30", "2023-05-01")]
    assert ends == [NO_DAY, to_day("2023-05-01")]


def test_a_household_is_monitored_until_the_day_it_is_cleared():
    day, fixed = DATED["monitoring"]
    packed = make_records(monitoring=[{day: "2023-01-05", **fixed, "cleared_on": "2023-05-01"}])
    assert [packed.panel(to_day(at)).monitored.item() for at in ("2023-01-04", "2023-01-05", "2023-04-30")] == [0, 1, 1]
    assert not packed.panel(to_day("2023-05-01")).monitored.item()


def test_a_member_belongs_to_the_household_until_the_day_of_leaving():
    packed = make_records(members=[{"member_id": "m", "left_on": "2023-05-01"}])
    assert [count_events(packed.panel(to_day(at)).members) for at in ("2023-04-30", "2023-05-01")] == [1, 0]


def test_exited_on_after_the_date_is_not_yet_known():
    packed = make_records(households={**HOUSEHOLD, "exited_on": ["2023-05-01"]})
    assert packed.panel(to_day("2023-04-30")).get_latest("exited_on").tolist() == [NO_DAY]
    assert packed.panel(to_day("2023-05-01")).get_latest("exited_on").tolist() == [to_day("2023-05-01")]


# -- versions ---------------------------------------------------------------------------------------------------------


def make_versions(*rows: tuple[str | None, int, str]) -> dict[str, list[object]]:
    recorded, sizes, regions = zip(*rows, strict=True)
    return {
        "household_id": ["a"] * len(rows),
        "recorded_on": list(recorded),
        "size": list(sizes),
        "region_code": list(regions),
        "pigs": [float(size) for size in sizes],
        "crop": [f"crop{size}" for size in sizes],
    }


def test_a_household_is_known_from_its_first_version_or_always_without_recorded_on():
    late = make_records(households=make_versions(("2023-02-10", 2, "13")))
    assert [late.panel(to_day(at)).known.item() for at in ("2023-02-09", "2023-02-10")] == [False, True]
    assert make_records().panel(to_day("1990-01-01")).known.item()


def test_the_household_size_is_the_one_known_at_the_end_of_the_window():
    income = [{"period_start": f"2023-{month:02d}-01"} for month in range(1, 7)]
    packed = make_records(income, make_versions(("2023-05-20", 4, "13"), (None, 2, "13"), ("2023-02-28", 3, "13")))
    panel = packed.panel(to_day("2023-06-10"))
    assert panel.size[:6, 0].tolist() == [4, 3, 3, 3, 2, 2]
    assert panel.size_now.item() == 4
    assert [panel.income_per_head(1, lag=lag).item() for lag in (0, 1, 4)] == [300, 400, 600]


def read_region(panel: Panel) -> str:
    positions, codes = panel.region
    return codes[positions.item()]


def test_a_version_recorded_later_does_not_count_yet():
    packed = make_records(households=make_versions((None, 2, "13"), ("2023-05-20", 4, "43")))
    before = packed.panel(to_day("2023-05-19"))
    assert (before.size_now.item(), read_region(before)) == (2, "13")
    assert read_region(packed.panel(to_day("2023-05-20"))) == "43"


def test_attributes_keep_the_value_from_the_previous_version():
    packed = make_records(households=make_versions((None, 2, "13"), ("2023-05-20", 4, "13")))
    before, after = (packed.panel(to_day(at)).attributes for at in ("2023-05-19", "2023-05-20"))
    assert (before["pigs"].values.item(), after["pigs"].values.item(), after["pigs"].before.item()) == (2, 4, 2)
    assert np.isnan(before["pigs"].before.item())
    assert after["crop"].levels is not None
    assert after["crop"].levels[int(after["crop"].values.item())] == "crop4"


def test_member_versions_replace_one_another_and_an_empty_recorded_on_comes_first():
    rows = [
        {"member_id": "m", "health": "serious", "recorded_on": "2023-03-01"},
        {"member_id": "m", "health": "healthy"},
        {"member_id": "n", "health": "chronic"},
    ]
    packed = make_records(members=rows)
    names = [sorted(packed.panel(to_day(at)).members["health"].tolist()) for at in ("2023-02-28", "2023-03-01")]
    health = list_codes("members", "health").index
    assert names == [sorted(map(health, ("healthy", "chronic"))), sorted(map(health, ("serious", "chronic")))]


def test_versions_of_a_monitoring_entry_replace_one_another_but_other_entries_stay():
    fixed = {"category": "borderline"}
    rows = [
        {"entered_on": "2022-01-05", **fixed, "causes": "illness"},
        {"entered_on": dt.date(2022, 1, 5), **fixed, "causes": "work;other", "recorded_on": "2022-06-01"},
        {"entered_on": "2022/1/5", **fixed, "recorded_on": "2022-08-01", "cleared_on": "2022-07-20"},
        {"entered_on": "2023-01-05", **fixed},
    ]
    packed = make_records(monitoring=rows)
    panels = [packed.panel(to_day(at)) for at in ("2022-02-01", "2022-06-01", "2022-08-01", "2023-01-05")]
    assert [count_events(panel.monitoring) for panel in panels] == [1, 1, 1, 2]
    assert [panel.monitored.item() for panel in panels] == [True, True, False, True]
    assert panels[0].monitoring["causes"].item() != panels[1].monitoring["causes"].item() != 0


def test_a_version_recorded_late_but_ordered_first_never_counts():
    # The version with an empty recorded_on comes first, although it is known only from the day of entry.
    rows = [
        {"entered_on": "2023-01-05", "category": "borderline"},
        {"entered_on": "2023-01-05", "category": "unstable_exit", "recorded_on": "2022-12-20"},
    ]
    monitoring = make_records(monitoring=rows).panel(to_day("2023-01-05")).monitoring
    assert monitoring["category"].tolist() == [list_codes("monitoring", "category").index("unstable_exit")]


# -- lines ------------------------------------------------------------------------------------------------------------


def read_line(packed: Records, as_of: str, lag: int = 0) -> float:
    return float(packed.panel(to_day(as_of)).line[lag, 0])


def test_the_longest_prefix_in_force_decides_and_then_the_latest_row():
    rows = [("", "2020-01-01", 1), ("1305", "2023-02-01", 2), ("130529", "2023-04-01", 3), ("130529", "2023-06-15", 4)]
    rows += [("", "2023-05-01", 9), ("14", "2020-01-01", 99)]
    region, since, amount = zip(*rows, strict=True)
    packed = make_records(lines={"region_code": region, "effective_from": since, "amount": amount})
    days = ("2019-12-31", "2020-01-31", "2023-02-28", "2023-05-31", "2023-06-30")
    assert [read_line(packed, day) for day in days[1:]] == [1, 2, 3, 4]
    assert np.isnan(read_line(packed, days[0]))
    assert [read_line(packed, "2023-06-30", lag) for lag in (0, 1, 3, 5)] == [4, 3, 2, 1]


def test_the_policy_table_applies_only_if_no_row_in_the_records_is_in_force():

    packed = make_records(fallback=[LineRow("130529", 0, 7777.0)])
    assert [read_line(packed, day) for day in ("2019-12-31", "2020-01-31")] == [7777, 6000]


def test_the_line_follows_the_region_in_the_version_in_force():
    lines = {"region_code": ["13", None], "effective_from": ["2020-01-01"] * 2, "amount": [1.0, 2.0]}
    packed = make_records(households=make_versions((None, 2, "1305"), ("2023-05-20", 2, "43")), lines=lines)
    assert packed.panel(to_day("2023-06-30")).line[:3, 0].tolist() == [2, 2, 1]


# -- rows in memory ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "day", ["2023/1/5", "2023-01-05T10:00:00", dt.datetime(2023, 1, 5), np.datetime64("2023-01-05")]
)
def test_dates_in_memory_may_have_any_usual_type(day):
    events = make_records(events=[{"occurred_on": day, "kind": "visit", "recorded_on": np.datetime64("NaT")}])
    assert events.panel(to_day("2023-01-05")).events["day"].tolist() == [to_day("2023-01-05")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"source": "lottery"}, "'lottery' is not a valid code for this column"),
        ({"source": None}, "1 of 1 cell.s. are empty"),
        ({"period_start": "yesterday"}, "cells must be first days of months"),
        ({"months": 0}, "0 is too small"),
    ],
)
def test_invalid_rows_in_memory_are_rejected(row, message):
    with pytest.raises(RecordsError, match=message):
        make_records([row])


def test_a_line_counts_from_the_day_on_which_it_was_recorded():
    rows = [("13", "2020-01-01", 1, None), ("13", "2023-01-01", 2, "2023-05-08"), ("13", "2023-04-01", 3, "2023-03-02")]
    rows += [("13", "2023-04-01", 4, "2023-06-01")]
    names = ("region_code", "effective_from", "amount", "recorded_on")
    packed = make_records(lines=dict(zip(names, zip(*rows, strict=True), strict=True)))
    # The line of January was recorded in May, after the line of April had come into force, so it never counts.
    months = ("2023-01-31", "2023-03-31", "2023-04-30", "2023-05-31", "2023-06-30")
    assert [read_line(packed, day) for day in months] == [1, 1, 3, 3, 4]
    assert packed.last_day == to_day("2023-06-01")


def test_a_late_line_does_not_rewrite_an_earlier_month():
    lines = {"region_code": ["13"] * 2, "effective_from": ["2020-01-01", "2023-01-01"], "amount": [1.0, 2.0]}
    late = make_records(lines={**lines, "recorded_on": [None, "2023-05-08"]})
    assert late.panel(to_day("2023-06-30")).line[:4, 0].tolist() == [2, 2, 1, 1]
    assert make_records(lines=lines).panel(to_day("2023-06-30")).line[:4, 0].tolist() == [2, 2, 2, 2]
