"""Random records of a few households that use everything that the data contract allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import TABLES

Row = dict[str, object]

REGIONS = ("130529101201", "130529101202", "130529102", "130529", "130530101201", "411001101", "41")
SWITCHES = (dt.date(2019, 1, 1), dt.date(2022, 5, 1), dt.date(2030, 1, 1))
FIRST, LAST = dt.date(2020, 1, 1), dt.date(2024, 3, 31)


@dataclass
class RandomRecords:
    """Random tables as lists of rows, and the as-of dates for which tests build features from them."""

    tables: dict[str, list[Row]]
    as_ofs: list[dt.date]
    attributes: dict[str, pa.DataType] = field(default_factory=lambda: {"land": pa.float64(), "house": pa.string()})

    def arrow(self, name: str) -> pa.Table:
        """Build an Arrow table with only the columns that occur in at least one row."""
        declared = TABLES[name]
        fields = [pa.field(c.name, ARROW_TYPES[c.kind]) for c in declared.columns]
        fields += [pa.field(*item) for item in self.attributes.items()] if declared.attributes else []
        rows = self.tables[name]
        if rows:
            stated = set().union(*rows)
            fields = [f for f in fields if f.name in stated]
        return pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in fields})

    def write(self, folder: Path, parts: int = 1) -> Path:
        """Write each table as a single file or as a folder of parts."""
        for name in self.tables:
            table = self.arrow(name)
            if parts == 1:
                folder.mkdir(parents=True, exist_ok=True)
                pq.write_table(table, folder / f"{name}.parquet")
                continue
            (folder / name).mkdir(parents=True, exist_ok=True)
            edges = np.linspace(0, len(table), parts + 1).astype(int)
            for i, (low, high) in enumerate(pairwise(edges)):
                pq.write_table(table.slice(low, high - low), folder / name / f"part-{i}.parquet")
        return folder

    def frames(self) -> dict[str, dict[str, list[object]]]:
        """Return each table as columns of Python values, as a request contains them."""
        return {name: self.arrow(name).to_pydict() for name in self.tables}

    def changed(self, **tables: list[Row]) -> RandomRecords:
        return RandomRecords({**self.tables, **tables}, self.as_ofs, self.attributes)


class Generator:
    """Draws random rows for every table."""

    def __init__(self, seed: int, households: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.ids = [f"h{i:03d}" for i in range(households)]
        self.number = 0
        # the month from which a household reports by source; until then it reports ``total``, so no month has both
        self.switch = {code: self.pick(SWITCHES) for code in self.ids}

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def maybe(self, value, p: float = 0.3):
        return None if self.chance(p) else value

    def day(self, first: dt.date = FIRST, last: dt.date = LAST) -> dt.date:
        return first + dt.timedelta(days=int(self.rng.integers((last - first).days + 1)))

    def amount(self, scale: float) -> float:
        return round(float(self.rng.lognormal(0, 1) * scale), int(self.rng.integers(0, 3)))

    def recorded(self, day: dt.date) -> dt.date | None:
        late = self.pick([None, 0, 3, 40, 200, -5])
        return None if late is None else day + dt.timedelta(days=late)

    def record_id(self) -> str:
        self.number += 1
        return f"r{self.number}"

    def as_ofs(self, count: int) -> list[dt.date]:
        drawn = [self.day(dt.date(2021, 6, 1), LAST) for _ in range(count)]
        ends = [day.replace(day=1) - dt.timedelta(days=1) for day in drawn]
        return sorted({self.pick([day, end]) for day, end in zip(drawn, ends, strict=True)} | {dt.date(2024, 2, 29)})

    # -- tables -------------------------------------------------------------------------------------------------

    def versions(self, key: Row, most: int, draw: Callable[[], Row], null_first: float = 0.5) -> list[Row]:
        """Return versions of the row that ``key`` identifies, recorded on different days; the first may have no day."""
        number = int(self.rng.integers(1, most + 1))
        days = sorted({self.pick([self.day(dt.date(2019, 6, 1)), self.pick(EDGES)]) for _ in range(number)})
        recorded: list[dt.date | None] = list(days)
        if self.chance(null_first):
            recorded[0] = None
        return [{**key, "recorded_on": day, **draw()} for day in recorded]

    def households(self) -> list[Row]:
        def draw() -> Row:
            return {
                "region_code": self.pick(REGIONS),
                "size": int(self.rng.integers(1, 7)),
                "kind": self.pick(["exited", "ordinary", None]),
                "exited_on": self.maybe(self.day(dt.date(2015, 1, 1))),
                "land": self.maybe(round(float(self.rng.normal(5, 3)), 1)),
                "house": self.maybe(self.pick(["brick", "土坯", "frame"])),
            }

        return [row for code in self.ids for row in self.versions({"household_id": code}, 3, draw, 0.7)]

    def members(self) -> list[Row]:
        def draw() -> Row:
            return {
                "birth_year": self.maybe(int(self.rng.integers(1930, 2023))),
                "labour": self.maybe(self.pick(["full", "skilled", "weak", "none"])),
                "health": self.maybe(self.pick(["healthy", "chronic", "serious", "disabled"])),
                "schooling": self.maybe(self.pick(["none", "compulsory", "senior", "college"])),
                "working": self.maybe(self.pick(["local", "migrant", "none"])),
                "left_on": self.maybe(self.day(), 0.8),
            }

        return [
            row
            for code in self.ids
            for i in range(int(self.rng.integers(0, 5)))
            for row in self.versions({"household_id": code, "member_id": f"m{i}"}, 3, draw)
        ]

    def income(self) -> list[Row]:
        rows: list[Row] = []
        for code in self.ids:
            dense = self.pick([0.0, 0.2, 0.7, 1.0])
            switch = self.switch[code]
            for start in pd.date_range("2019-08-01", "2024-03-01", freq="MS").date:
                sources = ["total"] if start < switch else ["wage", "business", "property", "transfer"]
                for source in sources:
                    if self.chance(dense):
                        rows += self.report(code, start, source, switch)
        return self.corrected(rows, self.correct_income) + [dict(self.pick(rows), record_id=None) for _ in rows[:8]]

    def report(self, code: str, start: dt.date, source: str, switch: dt.date) -> Iterator[Row]:
        months = 1 if self.chance(0.9) else int(self.rng.integers(2, 14))
        if start < switch:
            months = min(months, (switch.year - start.year) * 12 + switch.month - start.month)
        end = (pd.Timestamp(start) + pd.offsets.MonthEnd(months)).date()
        sign = -1 if source == "business" and self.chance(0.4) else 1
        yield {
            "household_id": code,
            "period_start": start,
            "months": self.pick([None, 1]) if months == 1 else months,
            "source": source,
            "amount": sign * months * self.amount(600),
            "recorded_on": self.recorded(end),
            "record_id": self.maybe(self.record_id(), 0.8),
        }

    def correct_income(self, row: Row) -> Row:
        change = self.pick(["amount", "withdraw", "months", "sooner", "household"])
        if change == "amount":
            return {"amount": self.amount(500)}
        if change == "withdraw":
            return {"amount": None}
        if change == "household" and self.switch[str(row["household_id"])] == SWITCHES[0]:
            return {"household_id": self.pick([code for code in self.ids if self.switch[code] == SWITCHES[0]])}
        if change == "sooner" and row["source"] == "total":
            return {"period_start": (pd.Timestamp(row["period_start"]) - pd.DateOffset(months=1)).date()}
        return {"months": 1}

    def statements(self, income: list[Row]) -> list[Row]:
        """Return statements by most of the households, some of them corrected, and individual members' wages."""
        rows: list[Row] = []
        for code in [code for code in self.ids if self.chance(0.6)]:
            sources = self.pick([("wage", "business", "property", "transfer"), ("wage", "transfer"), ("total",)])
            for year in (2019, 2020, 2021, 2022):
                start = self.pick([dt.date(year, 10, 1), dt.date(year, 10, 1), dt.date(year, 7, 1)])
                months = self.pick([12, 12, 12, 6])
                end = (pd.Timestamp(start) + pd.offsets.MonthEnd(months)).date()
                recorded = self.pick([None, end + dt.timedelta(days=int(self.rng.integers(60, 400)))])
                for source in ("total",) if self.chance(0.1) else sources:
                    if self.chance(0.85):
                        yearly = self.pick([0.0, self.amount(7000), self.amount(7000), -self.amount(500)])
                        row = {"household_id": code, "period_start": start, "months": months, "source": source}
                        row |= {"amount": yearly, "statement": True, "recorded_on": recorded}
                        rows.append({**row, "record_id": self.maybe(self.record_id(), 0.6)})
        rows = self.corrected(rows, lambda row: self.pick([{"amount": self.amount(6000)}, {"amount": None}]))
        seen: dict[tuple[object, ...], Row] = {}
        for row in rows:  # a second statement recorded on the same day with the same source and start would be a fault
            seen.setdefault((*(row[k] for k in ("household_id", "source", "period_start")), row["recorded_on"]), row)
        wages = [row for row in income if row["source"] == "wage" and self.chance(0.2)]
        persons = [{**row, "member_id": self.pick(["m0", "m1"]), "record_id": None} for row in wages]
        parts = [{**row, "member_id": "m0", "record_id": None} for row in seen.values() if self.chance(0.1)]
        return [*seen.values(), *persons, *parts]

    def corrected(self, rows: list[Row], correct: Callable[[Row], Row]) -> list[Row]:
        """Add later rows with the same record_id for some rows, each recorded on a different day."""
        out = list(rows)
        for row in rows:
            taken: set[dt.date] = {row.get("recorded_on") or _default(row)}
            while row.get("record_id") is not None and self.chance(0.5):
                row = {**row, **correct(row)}
                later = min(taken) + dt.timedelta(days=int(self.rng.integers(1, 250)))
                row["recorded_on"] = self.pick([None, later])
                effective = row["recorded_on"] or _default(row)
                if effective in taken:
                    break
                taken.add(effective)
                out.append(row)
        return out

    def dated(self, table: str, most: int, draw: Callable[[], Row]) -> list[Row]:
        """Return rows about things that happened on one day; some rows are corrected or withdrawn."""
        column = str(TABLES[table].day)
        rows: list[Row] = []
        for code in self.ids:
            for _ in range(int(self.rng.integers(0, most + 1))):
                day = self.pick([self.day(), self.pick(EDGES)])
                row = {"household_id": code, column: day, "recorded_on": self.recorded(day), **draw()}
                rows.append({**row, "record_id": self.maybe(self.record_id(), 0.6)})

        def correct(row: Row) -> Row:
            if self.chance(0.2):
                return {"withdrawn": True}
            if self.chance(0.3):
                return {column: self.day(), "withdrawn": None}
            return {**draw(), "household_id": self.pick(self.ids), "withdrawn": self.pick([None, False])}

        plain = [dict(row) for row in rows if row["record_id"] is None]
        again = [dict(self.pick(plain)) for _ in range(2)] if plain else []
        return self.corrected(rows, correct) + again

    def illness(self) -> list[Row]:
        return self.dated(
            "illness",
            8,
            lambda: {
                "kind": self.pick(["inpatient", "outpatient", "chronic", "other"]),
                "visits": self.pick([None, 0, 1, 4]),
                "cost": self.maybe(self.pick([0.0, self.amount(4000)])),
                "self_paid": self.maybe(self.amount(2000)),
            },
        )

    def disaster(self) -> list[Row]:
        def draw() -> Row:
            return {"kind": self.pick(["flood", "fire", "pest", "animal_disease", "price_fall"])} | {
                "loss": self.maybe(self.amount(3000))
            }

        rows = self.dated("disaster", 3, draw)
        prefixes = ("13", "1305", "130529", "130529101", "130529101201", "411001101", "99", "4")
        for row in rows:
            if self.chance(0.4):
                row.update(household_id=None, region_code=self.pick(prefixes))
        return rows

    def events(self) -> list[Row]:
        kinds = ("job_loss", "dropout", "school_fee", "death", "accident", "disability", "venture_failure")
        kinds += ("housing_unsafe", "water_unsafe", "report", "report", "visit")
        return self.dated(
            "events",
            12,
            lambda: {
                "kind": self.pick(kinds),
                "amount": self.maybe(self.amount(3000)),
                "channel": self.pick(
                    ["hotline", "self_report", "visit", "department", "neighbour", "grid_worker", None]
                ),
            },
        )

    def help(self) -> list[Row]:
        return self.dated(
            "help",
            4,
            lambda: {
                "ended_on": self.maybe(self.day()),
                "measure": self.pick(["loan", "低保", "training"]),
                "emergency": self.pick([True, False, None]),
                "amount": self.maybe(self.amount(1000)),
                "per": self.pick(["once", "month", "year", None]),
            },
        )

    def monitoring(self) -> list[Row]:
        def draw() -> Row:
            return {"category": "borderline", "cleared_on": self.maybe(self.day()), "causes": "illness"}

        keys = {(code, self.day()) for code in self.ids for _ in range(int(self.rng.integers(0, 3)))}
        return [
            row
            for code, day in sorted(keys)
            for row in self.versions({"household_id": code, "entered_on": day}, 3, draw)
        ]

    def lines(self) -> list[Row]:
        everywhere = [(None, dt.date(2016, 1, 1))] if self.chance(0.7) else [("", dt.date(2021, 4, 10))]
        keys = {*everywhere, ("13", dt.date(2020, 7, 15)), ("1305", dt.date(2022, 4, 1)), (None, dt.date(2023, 1, 1))}
        keys |= {("130529101", dt.date(2023, 7, 1)), ("13", dt.date(2018, 1, 1)), ("13", dt.date(2023, 6, 30))}
        return [
            {
                "region_code": code,
                "effective_from": day,
                "amount": float(self.rng.integers(30, 110) * 100),
                "recorded_on": self.recorded(day),
            }
            for code, day in sorted(keys, key=str)
        ]


EDGES = tuple(dt.date(y, m, d) for y in (2021, 2022, 2023) for m, d in ((2, 28), (3, 31), (8, 31), (9, 1), (12, 31)))


def _default(row: Row) -> dt.date:
    if row.get("statement"):
        return (pd.Timestamp(row["period_start"]) + pd.offsets.MonthEnd(int(row["months"]) + 5)).date()
    if "period_start" in row:
        return (pd.Timestamp(row["period_start"]) + pd.offsets.MonthEnd(int(row["months"] or 1))).date()
    return next(row[name] for name in ("occurred_on", "started_on") if name in row)


def _random_records(
    seed: int,
    households: int = 16,
    absent: tuple[str, ...] = (),
    empty: tuple[str, ...] = (),
    *,
    statements: bool = False,
) -> RandomRecords:
    draw = Generator(seed, households)
    tables: dict[str, list[Row]] = {}
    for name in TABLES:
        rows = getattr(draw, name)()
        if name == "income" and statements:
            rows += draw.statements(rows)
        order = draw.rng.permutation(len(rows))
        if name not in absent:
            tables[name] = [] if name in empty else [rows[i] for i in order]
    return RandomRecords(tables, draw.as_ofs(3))


@pytest.fixture(scope="session")
def random_records() -> Callable[..., RandomRecords]:
    """Return a function that builds random records.

    Call it as ``random_records(seed, households=16, absent=(), empty=(), statements=False)``."""
    return _random_records
