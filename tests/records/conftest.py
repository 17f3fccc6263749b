"""Fixtures for a small valid records folder in any file format; each test then breaks one thing in it."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.records.checking.check import check
from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import TABLES

Row = dict[str, Any]


def _sound() -> dict[str, list[Row]]:
    day = dt.date
    return {
        "households": [
            {"household_id": "0012", "region_code": "130529101001", "size": 3, "kind": "exited"},
            {"household_id": "0013", "region_code": "130529101001", "size": 2, "kind": "ordinary"},
        ],
        "income": [
            {"household_id": "0012", "period_start": day(2023, 1, 1), "source": "wage", "amount": 900.0},
            {"household_id": "0013", "period_start": day(2023, 1, 1), "source": "total", "amount": 700.5},
        ],
        "lines": [{"region_code": "13", "effective_from": day(2022, 4, 1), "amount": 7300.0}],
    }


def to_arrow(name: str, rows: list[Row], columns: list[str] | None = None) -> pa.Table:
    """Make an Arrow table with the declared types; the types of undeclared columns follow from their values."""
    names = columns or list(dict.fromkeys(key for row in rows for key in row)) or list(TABLES[name].names)
    arrays = []
    for column in names:
        declared = TABLES[name].find_column(column)
        kind = ARROW_TYPES[declared.kind] if declared else None
        arrays.append(pa.array([row.get(column) for row in rows], kind))
    return pa.Table.from_arrays(arrays, names=names)


def write_table(folder: Path, name: str, rows: list[Row], form: str = "parquet", parts: int = 2) -> None:
    """Write a table as ``parquet``, ``csv`` or ``parts`` (a folder of Parquet files)."""
    table = to_arrow(name, rows)
    if form == "parquet":
        pq.write_table(table, folder / f"{name}.parquet")
    elif form == "csv":
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(table.column_names)
            writer.writerows([["" if v is None else v for v in row.values()] for row in table.to_pylist()])
    else:
        (folder / name).mkdir()
        for part in range(parts):
            pq.write_table(
                table.take(pa.array(range(part, len(rows), parts), pa.int64())), folder / name / f"part-{part}.parquet"
            )


class Maker:
    """Writes valid records folders, in which a test can replace some tables."""

    write_table = staticmethod(write_table)
    to_arrow = staticmethod(to_arrow)

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made = 0

    def __call__(self, form: str = "parquet", **tables: list[Row]) -> Path:
        """Write a folder; each keyword argument replaces the rows of the table that it names."""
        self.made += 1
        folder = self.root / f"records-{self.made}"
        folder.mkdir()
        for name, rows in (_sound() | tables).items():
            write_table(folder, name, rows, form)
        return folder

    def csv(self, **texts: str) -> Path:
        """Write a folder in which the tables passed are CSV files with exactly these texts."""
        folder = self()
        for name, text in texts.items():
            (folder / f"{name}.parquet").unlink(missing_ok=True)
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
        return folder

    @staticmethod
    def rows(table: str, **changes: Any) -> list[Row]:
        """Return valid rows for a table; ``changes`` are made to the first row."""
        rows = _sound()[table]
        rows[0] |= changes
        return rows


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture
def only_fault() -> Callable[[Path], Fault]:
    """Return a function that checks a folder and returns its only finding."""

    def find(folder: Path) -> Fault:
        faults = check(folder).faults
        assert len(faults) == 1, faults
        return faults[0]

    return find
