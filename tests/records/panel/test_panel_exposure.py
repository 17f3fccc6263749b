"""Which households a regional disaster affects, how far back rows count, and how absent and empty tables differ."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import list_codes
from riskml.records.panel.store import Records

EMPTY_INCOME = {"household_id": [], "period_start": [], "source": [], "amount": []}
LINES = {"region_code": [""], "effective_from": ["2020-01-01"], "amount": [6000.0]}
EVENT_TABLES = ("illness", "disaster", "events", "help", "monitoring", "members")

# "mover" leaves village ...002 for another county on 20 May.
HOUSEHOLDS = {
    "household_id": ["here", "mover", "mover", "there"],
    "recorded_on": [None, "2023-02-10", "2023-05-20", None],
    "region_code": ["130529001001", "130529001002", "430101001001", "430101001001"],
    "size": [1, 1, 1, 1],
}


def make_records(households=HOUSEHOLDS, **tables) -> Records:
    return Records.from_tables({"households": households, "income": EMPTY_INCOME, "lines": LINES, **tables})


def make_disasters(*rows: tuple[str, str], **more: list[object]) -> dict[str, list[object]]:
    regions, days = zip(*rows, strict=True)
    return {"region_code": list(regions), "occurred_on": list(days), "kind": ["flood"] * len(rows), **more}


def read_exposure(packed: Records, as_of: str) -> list[float]:
    exposure = packed.panel(to_day(as_of)).exposure
    assert exposure is not None
    return exposure.count().tolist()


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("13", [1, 1, 0]),
        ("130529001", [1, 1, 0]),
        ("130529001002", [0, 1, 0]),
        ("43", [0, 0, 1]),
        ("1305290010020", [0, 0, 0]),
    ],
)
def test_a_region_prefix_exposes_every_household_in_the_region(prefix, expected):
    assert read_exposure(make_records(disaster=make_disasters((prefix, "2023-03-05"))), "2023-03-31") == expected


def test_a_household_is_exposed_in_the_region_where_it_lived_on_that_day():
    packed = make_records(disaster=make_disasters(("13", "2023-05-19"), ("13", "2023-05-20"), ("43", "2023-05-20")))
    assert read_exposure(packed, "2023-05-19") == [1, 1, 0]
    assert read_exposure(packed, "2023-05-31") == [2, 2, 1]


def test_the_first_versions_region_also_applies_before_it():
    assert read_exposure(make_records(disaster=make_disasters(("130529001002", "2023-01-05"))), "2023-03-31") == [
        0,
        1,
        0,
    ]


def test_a_move_that_is_not_yet_known_does_not_change_the_region():
    # The move was recorded on 20 May, so on 8 May nothing is known about it.
    packed = make_records(disaster=make_disasters(("13", "2023-05-05"), recorded_on=["2023-05-08"]))
    assert [read_exposure(packed, day) for day in ("2023-05-07", "2023-05-08", "2023-06-30")] == [
        [0, 0, 0],
        [1, 1, 0],
        [1, 1, 0],
    ]


def test_a_regional_loss_is_not_divided_and_a_households_own_disaster_is_no_exposure():
    disaster = make_disasters(("13", "2023-03-05"), (None, "2023-03-06"))
    packed = make_records(disaster={**disaster, "household_id": [None, "there"], "loss": [9e6, 500.0]})
    panel = packed.panel(to_day("2023-03-31"))
    assert read_exposure(packed, "2023-03-31") == [1, 1, 0]
    assert "loss" not in panel.exposure.names
    assert panel.disaster.sum(panel.disaster["loss"]).tolist() == [0, 0, 500]


def test_a_regional_row_is_corrected_and_withdrawn_by_its_record_id():
    rows = make_disasters(("13", "2023-03-05"), ("43", "2023-03-05"), ("43", "2023-03-05"))
    rows |= {"record_id": ["r"] * 3, "recorded_on": [None, "2023-04-10", "2023-06-10"]}
    rows |= {"withdrawn": [None, None, True]}
    packed = make_records(disaster=rows)
    assert [read_exposure(packed, day) for day in ("2023-03-31", "2023-04-30", "2023-06-10")] == [
        [1, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
    ]


def test_a_correction_may_turn_a_regional_row_into_a_household_row():
    rows = make_disasters(("13", "2023-03-05"), (None, "2023-03-05"))
    rows |= {"household_id": [None, "here"], "record_id": ["r", "r"], "recorded_on": [None, "2023-04-10"]}
    packed = make_records(disaster=rows)
    assert read_exposure(packed, "2023-04-30") == [0, 0, 0]
    assert packed.panel(to_day("2023-04-30")).disaster.count().tolist() == [1, 0, 0]


def test_rows_within_the_look_back_count_and_older_rows_do_not():
    rows = make_disasters(("13", "2020-03-31"), ("13", "2020-04-01"), ("13", "2023-03-31"), ("13", "2023-04-01"))
    packed = make_records(disaster=rows, events={**rows, "household_id": ["here"] * 4, "kind": ["visit"] * 4})
    panel = packed.panel(to_day("2023-03-31"))
    assert panel.exposure.count().tolist() == [2, 2, 0]
    assert panel.events["day"].tolist() == [to_day("2020-04-01"), to_day("2023-03-31")]
    assert panel.events["lag"].tolist() == [35, 0]


def test_mid_month_income_ends_with_the_last_complete_month_and_events_with_the_day():
    packed = make_records(
        events={"household_id": ["here"] * 2, "occurred_on": ["2023-03-09", "2023-03-11"], "kind": ["visit"] * 2}
    )
    panel = packed.panel(to_day("2023-03-10"))
    assert panel.month == 12 * 53 + 1
    assert panel.events["lag"].tolist() == [0]


def test_an_absent_table_means_unknown_and_an_empty_one_means_none():
    days = {"illness": "occurred_on", "disaster": "occurred_on", "events": "occurred_on", "help": "started_on"}
    days |= {"monitoring": "entered_on", "members": "member_id"}
    codes_of = {"help": "measure", "monitoring": "category"}
    empty = {name: {"household_id": [], days[name]: [], codes_of.get(name, "kind"): []} for name in EVENT_TABLES}
    del empty["members"]["kind"]
    absent, none = make_records().panel(to_day("2023-03-31")), make_records(**empty).panel(to_day("2023-03-31"))
    for name in EVENT_TABLES:
        assert (absent.has(name), none.has(name)) == (False, True)
        assert getattr(absent, name) is None
        assert getattr(none, name).count().tolist() == [0, 0, 0]
    assert absent.exposure is None
    assert none.exposure.count().tolist() == [0, 0, 0]
    assert not absent.monitored.any()
    assert not none.monitored.any()


def test_totals_distinguish_none_from_unknown():
    kinds = list_codes("illness", "kind")[:3]
    rows = {"household_id": ["here", "mover", "mover"], "occurred_on": ["2023-03-05"] * 3, "kind": kinds}
    illness = make_records(illness={**rows, "cost": [None, None, 7.0]}).panel(to_day("2023-03-31")).illness
    assert np.array_equal(illness.sum(illness["cost"]), [np.nan, 7, 0], equal_nan=True)
    assert np.array_equal(illness.max(illness["cost"]), [np.nan, 7, np.nan], equal_nan=True)
    assert illness["visits"].tolist() == [1, 1, 1]


def test_records_without_any_income_also_have_panels():
    panel = make_records().panel(to_day("2023-03-31"))
    assert not panel.reported.any()
    assert np.isnan(panel.income_per_head(12)).all()
    assert make_records().income.count_reports_by_month().tolist() == []
