"""The figures on the periods that a records folder covers and on the delays of its rows equal those counted by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from riskml.records.reading.coverage import measure_coverage
from riskml.records.reading.folder import open_folder

START = dt.date(2023, 1, 1)


def write(folder: Path, **tables: pd.DataFrame) -> dict:
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    with open_folder(folder) as opened:
        return measure_coverage(opened)


@pytest.fixture
def households() -> pd.DataFrame:
    return pd.DataFrame({"household_id": [f"h{i:02d}" for i in range(40)], "region_code": "130529101001", "size": 3})


@pytest.fixture
def income(households) -> pd.DataFrame:
    return pd.DataFrame(
        {"household_id": households["household_id"], "period_start": START, "months": 3, "source": "total",
         "amount": 9000.0, "recorded_on": dt.date(2023, 3, 31)}
    )  # fmt: skip


LINES = pd.DataFrame({"region_code": ["13"], "effective_from": [dt.date(2022, 1, 1)], "amount": [7000.0]})


def test_lateness_is_counted_from_the_date_or_the_end_of_the_period(tmp_path, households, income):
    income.loc[:9, "recorded_on"] = dt.date(2023, 4, 10)  # ten days after the end of the period
    income.loc[10:13, "recorded_on"] = dt.date(2023, 5, 2)  # 32 days after the end of the period
    income.loc[14:17, "recorded_on"] = None
    coverage = write(tmp_path, households=households, income=income, lines=LINES)
    assert coverage["households"] == 40
    assert coverage["tables"]["income"] == {
        "present": True,
        "rows": 40,
        "first": "2023-03",
        "last": "2023-03",
        "without_rows": 0.0,
        "lateness": {"dated": 0.9, "after": 14 / 36, "late": 4 / 36, "days": {"0.5": 0, "0.9": 32, "0.99": 32}},
    }


def test_thirty_one_days_are_not_late(tmp_path, households, income):
    income["recorded_on"] = dt.date(2023, 5, 1)
    coverage = write(tmp_path, households=households, income=income, lines=LINES)
    assert coverage["tables"]["income"]["lateness"]["late"] == 0.0
    assert coverage["tables"]["income"]["lateness"]["after"] == 1.0


def test_absent_empty_and_small_tables_are_distinguished(tmp_path, households, income):
    events = pd.DataFrame({"household_id": ["h00"] * 19, "occurred_on": START, "kind": "visit"})
    illness = pd.DataFrame({"household_id": ["h00"] * 20, "occurred_on": START, "kind": "inpatient"})
    coverage = write(
        tmp_path, households=households, income=income, lines=LINES, events=events, illness=illness,
        help=pd.DataFrame({"household_id": pd.Series([], dtype=str), "started_on": pd.Series([], dtype="datetime64[s]"),
                           "measure": pd.Series([], dtype=str)}),
    )["tables"]  # fmt: skip
    assert coverage["disaster"] == {"present": False}
    assert coverage["events"] == {"present": True, "few": True}
    assert coverage["help"]["rows"] == 0
    assert coverage["help"]["lateness"] is None
    assert coverage["illness"]["without_rows"] == 39 / 40
    assert coverage["illness"]["lateness"] is None  # the rows have no day of recording
    assert "lines" not in coverage


def test_a_later_version_of_a_monitored_household_is_not_a_late_record(tmp_path, households, income):
    codes = [f"h{i:02d}" for i in range(20)]
    first = pd.DataFrame(
        {"household_id": codes, "category": "borderline", "entered_on": START, "recorded_on": dt.date(2023, 1, 4)}
    )
    later = first.assign(recorded_on=dt.date(2023, 9, 1), cleared_on=dt.date(2023, 8, 31))
    monitoring = pd.concat([first.assign(cleared_on=None), later])
    coverage = write(tmp_path, households=households, income=income, lines=LINES, monitoring=monitoring)
    assert coverage["tables"]["monitoring"]["rows"] == 40
    assert coverage["tables"]["monitoring"]["lateness"]["days"] == {"0.5": 3, "0.9": 3, "0.99": 3}
