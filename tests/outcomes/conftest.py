"""Random counties with incomes near the line, in which every outcome and every status occurs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskml.records.contract.calendar import to_date, to_month_end
from riskml.records.panel.store import Records

HOUSEHOLDS, START = 120, 12 * 51  # from January 2021
Row = tuple[Any, ...]
Tables = dict[str, pd.DataFrame]

COLUMNS = {
    "households": "household_id recorded_on region_code size",
    "income": "household_id period_start months source amount statement member_id recorded_on record_id",
    "illness": "household_id occurred_on kind self_paid recorded_on record_id withdrawn",
    "events": "household_id occurred_on kind amount recorded_on record_id withdrawn",
    "monitoring": "household_id category entered_on cleared_on recorded_on",
    "help": "household_id started_on measure emergency recorded_on record_id withdrawn",
    "lines": "region_code effective_from amount recorded_on",
    "members": "household_id member_id recorded_on left_on",
}
LINES = [
    ("13", dt.date(2020, 1, 1), 6000.0, None),
    ("", dt.date(2021, 6, 1), 6300.0, dt.date(2021, 5, 1)),
    ("130529", dt.date(2022, 6, 16), 6600.0, dt.date(2022, 9, 3)),
]
REGIONS = ["130529", "130530", "430101"]


class County:
    """Draws the rows of a county; ``register`` is the share of households with yearly statements."""

    def __init__(self, seed: int, months: int, register: float) -> None:
        self.rng, self.months, self.register = np.random.default_rng(seed), months, register
        self.rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self.rows["lines"] = list(LINES)

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def day(self, months: float | None = None) -> dt.date:
        return to_date(to_month_end(START - 1) + 1 + int(self.rng.integers(0, int(30 * (months or self.months)))))

    def later(self, day: dt.date, least: int, most: int) -> dt.date:
        return day + dt.timedelta(days=int(self.rng.integers(least, most)))

    def draw(self) -> Tables:
        for i in range(HOUSEHOLDS):
            name, size, level = f"h{i:03d}", int(self.rng.integers(1, 5)), self.rng.normal(580, 100)
            self.add_household(name, size)
            if self.chance(self.register):
                self.add_statements(name, size, level)
            else:
                self.add_reports(name, size, level)
            self.add_monitoring(name, self.add_spending(name, size))
            self.add_help(name)
            self.add_members(name, size)
        out = {
            name: pd.DataFrame(self.rows[name], columns=columns.split()).astype(object)
            for name, columns in COLUMNS.items()
        }
        out["monitoring"] = out["monitoring"].drop_duplicates(["household_id", "entered_on", "recorded_on"])
        for table, column, kind in (
            ("income", "months", "int64"),
            ("households", "size", "int64"),
            ("income", "amount", "float64"),
            ("illness", "self_paid", "float64"),
            ("events", "amount", "float64"),
            ("lines", "amount", "float64"),
        ):
            out[table][column] = out[table][column].astype(kind)
        return out

    def add_household(self, name: str, size: int) -> None:
        first = None if self.chance(0.8) else self.day(12)
        self.rows["households"].append((name, first, self.rng.choice(REGIONS), size))
        if self.chance(0.4):
            moved = self.later(first or dt.date(2021, 1, 1), 30, 700)
            other = max(1, size + self.rng.integers(-1, 2))
            self.rows["households"].append((name, moved, self.rng.choice(REGIONS), other))

    def add_members(self, name: str, size: int) -> None:
        """Add a roster, which may be partial; some members leave, in some households all of them."""
        rng = np.random.default_rng(int(name[1:]))
        leaving = rng.choice([0.0, 0.3, 1.0], p=[0.8, 0.1, 0.1])
        for member in range(size if rng.random() < 0.8 else 1):
            self.rows["members"].append((name, f"m{member}", None, None))
            if rng.random() < leaving:
                left = dt.date(2021, 1, 1) + dt.timedelta(days=int(rng.integers(0, 1400)))
                known = left + dt.timedelta(days=int(rng.integers(0, 90)))
                self.rows["members"].append((name, f"m{member}", known, left))

    def add_income(self, name: str, start: int, months: int, source: str, amount: float | None, **more: Any) -> str:
        rows = self.rows["income"]
        record = str(more.get("record_id", f"r{len(rows)}"))
        first = to_date(to_month_end(start - 1) + 1)
        marks = (more.get("statement"), more.get("member_id"), more.get("recorded_on"))
        rows.append((name, first, months, source, amount, *marks, record))
        return record

    def add_reports(self, name: str, size: int, level: float) -> None:
        """Add monthly reports; some households have gaps and late rows, and some stop early."""
        whole, careless = self.chance(0.3), self.chance(0.5)  # whole: the household reports only totals
        gap = (int(self.rng.integers(0, self.months)), int(self.rng.integers(0, 9)))
        # Some households report one month per quarter, some report quarterly totals.
        every, length = ((1, 1), (1, 1), (3, 1), (3, 3))[self.rng.integers(0, 4)] if careless else (1, 1)
        last = int(self.rng.integers(6, self.months)) if self.chance(0.3) else self.months
        for month in range(0, last, every):
            if careless and (self.chance(0.1) or gap[0] <= month < gap[0] + gap[1]):
                continue
            amounts = self.rng.normal(level * size * length / (1 if whole else 2), 60 * length, 1 if whole else 2)
            for source, amount in zip(("total",) if whole else ("wage", "business"), amounts, strict=True):
                end = to_date(to_month_end(START + month + length - 1))
                late = self.later(end, -20, 200) if careless and self.chance(0.4) else None
                record = self.add_income(name, START + month, length, source, amount, recorded_on=late)
                if self.chance(0.15 if careless else 0.02):
                    other = None if self.chance(0.3) else amount * self.rng.uniform(0.6, 1.4)
                    again = self.later(late or end, 1, 200)
                    row = (name, START + month, length, source, other)
                    self.add_income(*row, recorded_on=again, record_id=record)

    def add_statements(self, name: str, size: int, level: float) -> None:
        """Add yearly statements (October to September) for most years, and what some households report in addition."""
        sources, beside = (
            (("total",), ""),
            (("wage", "transfer"), "person"),
            (("wage", "business"), "every source"),
            (("total",), "total"),
        )[self.rng.integers(0, 4)]
        for year in range(START // 12 - 2, START // 12 + 2):
            start = 12 * year + 9
            end = to_date(to_month_end(start + 11))
            late = None if self.chance(0.5) else self.later(end, 60, 250)
            for source in sources if self.chance(0.85) else ():
                amount = self.rng.normal(12 * level * size / len(sources), 700)
                amount = 0.0 if source == "transfer" and self.chance(0.3) else amount
                marks = {"statement": True, "recorded_on": late}
                record = self.add_income(name, start, 12, source, amount, **marks)
                if self.chance(0.2):
                    other = None if self.chance(0.3) else amount * self.rng.uniform(0.7, 1.2)
                    marks["recorded_on"] = self.later(late or to_date(to_month_end(start + 16)), 1, 200)
                    self.add_income(name, start, 12, source, other, record_id=record, **marks)
        for month in range(self.months):
            for source in {"": (), "person": ("wage",), "total": ("total",)}.get(beside, sources):
                if self.chance({"person": 0.8, "total": 0.3}.get(beside, 0.9)):
                    amount = self.rng.normal(level * size / len(sources), 60)
                    member = "m0" if beside == "person" else None
                    self.add_income(name, START + month, 1, source, amount, member_id=member)

    def add_spending(self, name: str, size: int) -> list[dt.date]:
        """Add bills and other events, some with unknown amounts, recorded late, corrected or withdrawn; return their
        days."""
        days = []
        for _ in range(int(self.rng.integers(1, 5)) if self.chance(0.5) else 0):
            table, kind = (
                ("illness", "inpatient"),
                ("illness", "chronic"),
                ("events", "school_fee"),
                ("events", "housing_unsafe"),
                ("events", "job_loss"),
            )[self.rng.integers(0, 5)]
            for row in self.list_bills(name, kind, size, f"r{len(self.rows[table])}"):
                self.rows[table].append(row)
                days.append(row[1])
        return days

    def list_bills(self, name: str, kind: str, size: int, record: str) -> Iterator[Row]:
        def amount() -> float | None:
            return None if self.chance(0.2) else size * self.rng.uniform(100, 1200)

        day = self.day()
        late = None if self.chance(0.5) else self.later(day, -5, 200)
        yield name, day, kind, amount(), late, record, None
        if self.chance(0.3):
            moved = self.later(day, -60, 60) if self.chance(0.4) else day
            yield name, moved, kind, amount(), self.later(late or day, 61, 250), record, self.chance(0.3)

    def add_monitoring(self, name: str, bills: list[dt.date]) -> None:
        """Add entries into monitoring, some of them on the day of a bill."""
        for _ in range(int(self.chance(0.6 if bills else 0.25)) + int(self.chance(0.15))):
            entered = bills[0] if bills and self.chance(0.8) else self.day()
            recorded = None if self.chance(0.5) else self.later(entered, -5, 250)
            cleared = self.later(entered, 20, 400) if self.chance(0.6) else None
            row = (name, "borderline", entered)
            self.rows["monitoring"].append((*row, cleared if self.chance(0.4) else None, recorded))
            if cleared is not None:
                self.rows["monitoring"].append((*row, cleared, max(cleared, recorded or cleared)))

    def add_help(self, name: str) -> None:
        rows = self.rows["help"]
        for _ in range(int(self.rng.integers(0, 3))):
            started = self.day()
            recorded = None if self.chance(0.6) else self.later(started, 0, 200)
            record, emergency = f"r{len(rows)}", self.chance(0.5)
            rows.append((name, started, "aid", emergency, recorded, record, None))
            if self.chance(0.3):
                again = self.later(recorded or started, 1, 200)
                rows.append((name, started, "aid", emergency, again, record, self.chance(0.5)))


def open_county(tables: Tables) -> tuple[Records, duckdb.DuckDBPyConnection]:
    """Build records from the tables of a county, and copy the tables to a database for the SQL that checks labels."""
    con = duckdb.connect(config={"threads": 1})
    kinds = {"recorded_on": "DATE", "cleared_on": "DATE", "withdrawn": "BOOLEAN", "emergency": "BOOLEAN"}
    kinds |= {"statement": "BOOLEAN", "member_id": "VARCHAR", "self_paid": "DOUBLE", "amount": "DOUBLE"}
    for name, frame in tables.items():
        con.register(f"{name}_frame", frame)
        cast = ", ".join(f'"{c}"::{kinds[c]} AS "{c}"' if c in kinds else f'"{c}"' for c in frame)
        con.execute(f"CREATE TABLE {name} AS SELECT {cast} FROM {name}_frame")
    return Records.from_tables(tables), con


@pytest.fixture(scope="package", params=[14, 15])
def county(request):
    """Draw a county with monthly incomes."""
    records, con = open_county(County(request.param, 30, 0.0).draw())
    with con:
        yield records, con


@pytest.fixture(scope="package", params=[21, 24])
def register(request):
    """Draw a county in which most households have yearly statements."""
    records, con = open_county(County(request.param, 42, 0.6).draw())
    with con:
        yield records, con
