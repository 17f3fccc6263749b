"""The last day on record for each household, and for a whole folder of records."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from riskml.records.contract.calendar import to_date
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.store import Records

REGIONS = {"a": "130529101203", "b": "130529101203", "c": "130529102201"}


def pack(**rows):
    """Build records of the households in ``REGIONS``, a poverty line, and the rows (dictionaries) of each table."""
    tables = {
        "households": {"household_id": list(REGIONS), "region_code": list(REGIONS.values()), "size": [2, 2, 2]},
        "income": {"household_id": [], "period_start": [], "source": [], "amount": []},
        "lines": {"region_code": [""], "effective_from": [dt.date(2019, 1, 1)], "amount": [6000.0]},
    }
    for table, own in rows.items():
        tables[table] = {name: [row.get(name) for row in own] for name in {name: 0 for row in own for name in row}}
    return Records.from_tables(tables)


def list_last_days(records):
    days = records.panel(20_000).last_days
    return {code: None if day == NO_DAY else str(to_date(int(day))) for code, day in zip(REGIONS, days, strict=True)}


def make_income(**own):
    return {"household_id": "a", "period_start": dt.date(2020, 1, 1), "source": "wage", "amount": 900.0, **own}


@pytest.mark.parametrize(
    ("row", "last"),
    [
        ({}, "2020-01-31"),
        ({"months": 12}, "2020-12-31"),
        ({"recorded_on": dt.date(2020, 3, 5)}, "2020-03-05"),
        ({"member_id": "m1", "recorded_on": dt.date(2020, 3, 5)}, "2020-03-05"),
        ({"months": 12, "statement": True}, "2021-05-31"),
        ({"months": 12, "statement": True, "recorded_on": dt.date(2021, 2, 1)}, "2021-02-01"),
    ],
)
def test_income_counts_up_to_the_end_of_its_period_or_the_day_of_recording(row, last):
    records = pack(income=[make_income(**row)])
    assert list_last_days(records) == {"a": last, "b": None, "c": None}
    assert str(to_date(records.last_day)) == last


def test_events_count_but_planned_end_dates_do_not():
    started = {
        "household_id": "b",
        "started_on": dt.date(2020, 2, 1),
        "measure": "低保",
        "ended_on": dt.date(2030, 1, 1),
    }
    bill = {"household_id": "c", "occurred_on": dt.date(2020, 2, 2), "kind": "inpatient"}
    records = pack(
        help=[{**started, "ended_on": dt.date(2030, 1, 1)}], illness=[{**bill, "recorded_on": dt.date(2020, 4, 1)}]
    )
    assert list_last_days(records) == {"a": None, "b": "2020-02-01", "c": "2020-04-01"}


def test_a_disaster_in_a_region_counts_for_the_households_there():
    flood = {"region_code": "130529101", "occurred_on": dt.date(2020, 7, 1), "kind": "flood"}
    fire = {"household_id": "a", "occurred_on": dt.date(2020, 6, 1), "kind": "fire"}
    records = pack(disaster=[flood, {**fire, "region_code": None}])
    assert list_last_days(records) == {"a": "2020-07-01", "b": "2020-07-01", "c": None}


def test_a_line_counts_for_the_folder_and_for_no_household():
    records = pack()
    assert list_last_days(records) == dict.fromkeys(REGIONS)
    assert str(to_date(records.last_day)) == "2019-01-01"


def test_a_household_alone_has_the_same_last_day_as_among_others(county_records):
    records, day = county_records, county_records.last_day - 90
    everyone = np.concatenate([panel.last_days for panel in records.panels(day)])
    alone = [records.panel(day, i, i + 1).last_days for i in range(0, len(records), 41)]
    assert np.array_equal(np.concatenate(alone), everyone[::41])
    assert everyone.max() <= records.last_day
