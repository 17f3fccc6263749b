"""A column that is newly declared in the data contract is read from every kind of input, without other changes to the
code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from riskml.records.checking.check import check
from riskml.records.contract.calendar import to_day, to_month
from riskml.records.contract.schema import TABLES, Column, Kind
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

pytestmark = pytest.mark.integration  # reads records folders of every kind of column

AS_OF = to_day("2023-06-30")
DAY, NEXT_YEAR = dt.date(2023, 3, 1), dt.date(2024, 3, 1)
CODED = (Kind.CODE, Kind.CODES)
ALLOWED = {"first": "甲", "second": "乙", "third": "丙"}

CELLS: dict[Kind, tuple[Any, Any, Any]] = {
    # for each kind: a cell, its value in the panel, and the panel's value for an empty cell
    Kind.DATE: (DAY, to_day(DAY), NO_DAY),
    Kind.MONTH_START: (DAY, to_month(to_day(DAY)), NO_DAY),
    Kind.COUNT: (7, 7.0, np.nan),
    Kind.YEAR: (1987, 1987.0, np.nan),
    Kind.AMOUNT: (12.5, 12.5, np.nan),
    Kind.FLAG: (True, True, False),
    Kind.CODE: ("second", 1, -1),
    Kind.CODES: ("first;third", 0b101, 0),
    Kind.TEXT: ("砖木", "砖木", ""),
    Kind.REGION: ("130529", "130529", ""),
}

ROWS: dict[str, list[dict[str, Any]]] = {
    # Each table has two rows; the second is about household b or, in lines, takes effect on a later day.
    "households": [
        {"household_id": "a", "region_code": "130529101201", "size": 3},
        {"household_id": "b", "region_code": "130529101202", "size": 2},
    ],
    "members": [{"household_id": code, "member_id": f"{code}1"} for code in "ab"],
    "income": [
        {"household_id": code, "period_start": dt.date(2023, 2, 1), "source": "wage", "amount": 900.0} for code in "ab"
    ],
    "illness": [{"household_id": code, "occurred_on": DAY, "kind": "inpatient"} for code in "ab"],
    "disaster": [{"household_id": code, "occurred_on": DAY, "kind": "flood"} for code in "ab"],
    "events": [{"household_id": code, "occurred_on": DAY, "kind": "job_loss"} for code in "ab"],
    "help": [{"household_id": code, "started_on": DAY, "measure": "grant"} for code in "ab"],
    "monitoring": [{"household_id": code, "entered_on": DAY, "category": "borderline"} for code in "ab"],
    "lines": [{"region_code": "13", "effective_from": dt.date(year, 1, 1), "amount": 7300.0} for year in (2021, 2022)],
}

Cells = dict[str, Any]
Declare = Callable[..., None]


@pytest.fixture
def declare(monkeypatch) -> Declare:
    """Return a function that declares columns ``new_<kind>``, put between others because position must not matter."""

    def add(table: str, *kinds: Kind) -> None:
        new = [
            Column(f"new_{kind}", kind, "新列", "a new column", allowed=ALLOWED if kind in CODED else None)
            for kind in kinds
        ]
        old = TABLES[table]
        monkeypatch.setitem(TABLES, table, replace(old, columns=(*old.columns[:2], *new, *old.columns[2:])))

    return add


def make_tables(table: str, first: Cells, second: Cells) -> dict[str, list[Cells]]:
    rows = [row | cells for row, cells in zip(ROWS[table], (first, second), strict=True)]
    return ROWS | {table: rows}


def build_panels(make, rows: dict[str, list[dict[str, Any]]]) -> dict[str, Panel]:
    """Build panels from the same rows as Parquet, as CSV, in memory and as Arrow tables."""
    folders: dict[str, Path] = {form: make(form, **rows) for form in ("parquet", "csv")}
    for folder in folders.values():
        assert check(folder).ok, check(folder).faults
    columns = {name: {key: [row[key] for row in table] for key in table[0]} for name, table in rows.items()}
    records = {form: Records.load(folder) for form, folder in folders.items()}
    records["memory"] = Records.from_tables(columns)
    records["arrow"] = Records.from_arrow({name: pa.table(cells) for name, cells in columns.items()})
    return {way: one.panel(AS_OF) for way, one in records.items()}


def read_values(panel: Panel, table: str, kind: Kind) -> list[Any]:
    """Read the values of a new column as features see them, but with text as ordinary strings."""
    name = f"new_{kind}"
    if table == "lines":
        return [line.more[name] for line in panel.lines]
    if table == "households":
        values, levels = panel.get_latest(name), panel.levels.get(name)
    else:
        rows = panel.income_rows if table == "income" else getattr(panel, table)
        assert rows.household.tolist() == [0, 1]
        values, levels = rows[name], rows.levels.get(name)
    return values.tolist() if levels is None else ["" if i < 0 else levels[i] for i in values]


@pytest.mark.parametrize("table", TABLES)
def test_a_new_column_of_any_kind_reaches_the_panel_by_every_route(table, declare, make):
    assert set(CELLS) == set(Kind)
    declare(table, *Kind)
    filled = {f"new_{kind}": cell for kind, (cell, _, _) in CELLS.items()}
    for way, panel in build_panels(make, make_tables(table, filled, dict.fromkeys(filled))).items():
        for kind, (_, value, empty) in CELLS.items():
            np.testing.assert_equal(read_values(panel, table, kind), [value, empty], err_msg=f"{kind} by {way}")


@pytest.mark.parametrize("table", [name for name in TABLES if name != "lines"])
def test_a_future_date_in_a_new_column_is_unknown(table, declare, make):
    declare(table, Kind.DATE)
    for way, panel in build_panels(make, make_tables(table, {"new_date": DAY}, {"new_date": NEXT_YEAR})).items():
        assert read_values(panel, table, Kind.DATE) == [to_day(DAY), NO_DAY], way


def test_a_new_column_for_regional_disasters_reaches_the_affected_households(declare, make):
    declare("disaster", Kind.TEXT)
    struck = [{"region_code": "130529", "occurred_on": DAY, "kind": "flood", "new_text": "堤坝"}]
    for way, panel in build_panels(make, ROWS | {"disaster": struck}).items():
        rows = panel.exposure
        assert rows.household.tolist() == [0, 1], way
        assert [rows.levels["new_text"][i] for i in rows["new_text"]] == ["堤坝", "堤坝"], way


@pytest.mark.parametrize("table", TABLES)
def test_a_new_column_without_values_changes_nothing_else(table, declare, make):
    plain = Records.load(make(**ROWS)).panel(AS_OF)
    declare(table, Kind.AMOUNT)
    for panel in build_panels(make, ROWS).values():
        for name in ("sources", "size", "line"):
            np.testing.assert_equal(getattr(panel, name), getattr(plain, name))
        assert panel.illness["visits"].tolist() == plain.illness["visits"].tolist()


def test_income_rows_are_kept_only_if_a_new_column_is_declared(make):
    for panel in build_panels(make, ROWS).values():
        assert panel.income_rows is None


def test_a_corrected_or_withdrawn_income_row_does_not_count(declare, make):
    declare("income", Kind.COUNT)
    first = ROWS["income"][0] | {"record_id": "r", "recorded_on": DAY, "new_count": 1}
    other = ROWS["income"][1] | {"record_id": "s", "recorded_on": DAY, "new_count": 2}
    later = {"recorded_on": dt.date(2023, 4, 1)}
    rows = [first, other, first | later | {"new_count": 3}, other | later | {"amount": None}]
    for way, panel in build_panels(make, ROWS | {"income": rows}).items():
        assert panel.income_rows.household.tolist() == [0], way
        assert panel.income_rows["new_count"].tolist() == [3.0], way
