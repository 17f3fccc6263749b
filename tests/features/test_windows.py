"""Nothing older than the window that a feature declares can change the feature."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from riskml.features import CATALOGUE, build
from riskml.records.contract.calendar import subtract_months, to_date, to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records

DATED = ("income", "illness", "disaster", "events", "help", "monitoring")
AS_OFS = [dt.date(2023, 12, 31), dt.date(2023, 8, 15), dt.date(2024, 2, 29)]


def find_last_day(name: str, row) -> dt.date:
    day = row[str(TABLES[name].day)]
    return (pd.Timestamp(day) + pd.offsets.MonthEnd(row["months"] or 1)).date() if name == "income" else day


def drop_recent(name: str, rows, edge: dt.date):
    """Drop rows about days or periods that ended by the edge of the window.

    All rows of a record are kept or dropped together, because a correction may change the record's day.
    """
    young = {row.get("record_id") for row in rows if find_last_day(name, row) > edge}
    return [row for row in rows if find_last_day(name, row) > edge or (row.get("record_id") in young - {None})]


@pytest.mark.parametrize("as_of", AS_OFS)
def test_rows_older_than_the_window_do_not_matter(as_of, random_records):
    drawn = random_records(5, 25)
    whole = build(Records.from_tables(drawn.frames()).panel(to_day(as_of)))
    windows = sorted({f.window for f in CATALOGUE.values()} - {0})
    assert windows == [1, 3, 6, 12, 15, 18, 24, 36]
    for window in windows:
        edge = to_date(subtract_months(to_day(as_of), window))
        kept = {name: drop_recent(name, drawn.tables[name], edge) for name in DATED}
        assert all(len(kept[name]) < len(drawn.tables[name]) for name in DATED), "every table must lose rows"
        cut = build(Records.from_tables(drawn.changed(**kept).frames()).panel(to_day(as_of)))
        for f in CATALOGUE.values():
            if f.window == window:
                same = cut.column(f.name).tobytes() == whole.column(f.name).tobytes()
                assert same, f"{f.name} uses rows from more than {window} months before {as_of}"
