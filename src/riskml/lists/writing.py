"""Collects the records from lists, writes them as a records folder, and reads them back for the audit file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskml.lists.outcomes import DECISIONS, RowOutcome
from riskml.lists.reading.sheets import Column, Sheet
from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import TABLES
from riskml.workbook import write_csv

Key = tuple[Any, ...]


class Book:
    """Rows of a records folder, by table and key.

    The key of a row consists of its ``record_id``, or the columns that all its versions share, and the day of
    recording. Rows with equal keys are one row, in which later values replace earlier ones. ``persons`` holds the
    person of each record about one, by ``record_id``, because not every table has a column for it.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, dict[str, Any]]] = {}
        self.persons: dict[str, str] = {}
        self._latest: dict[Key, dict[str, Any]] = {}

    def add_record(
        self,
        table: str,
        record_id: str,
        household: Mapping[str, str],
        recorded_on: date | None,
        values: Mapping[str, Any],
    ) -> Key:
        """Add a row of a table whose rows are added up; return its key."""
        key = (record_id, recorded_on)
        row = self.tables.setdefault(table, {}).setdefault(key, {"record_id": record_id, "recorded_on": recorded_on})
        row.update(household)
        row.update((name, value) for name, value in values.items() if value is not None)
        return key

    def add_version(self, table: str, recorded_on: date | None, values: Mapping[str, Any]) -> Key:
        """Add a version, in which missing ``values`` are copied from the version before; return its key."""
        shared = tuple(values[name] for name in TABLES[table].key)
        row = self._latest.get((table, *shared), {}) | {
            name: value for name, value in values.items() if value is not None
        }
        row["recorded_on"] = recorded_on
        self._latest[table, *shared] = row
        key = (*shared, recorded_on)
        self.tables.setdefault(table, {})[key] = row
        return key

    def restore(self, table: str, row: dict[str, Any]) -> Key:
        """Add a row from an earlier delivery, older versions first; return its key."""
        shared = tuple(row[name] for name in TABLES[table].key)
        if shared:
            self._latest[table, *shared] = row
        key = (*(shared or (row["record_id"],)), row["recorded_on"])
        self.tables.setdefault(table, {})[key] = row
        return key

    def find_latest(self, table: str, *shared: str) -> Mapping[str, Any] | None:
        """Return the latest version of a row, or None."""
        return self._latest.get((table, *shared))

    def write(self, folder: Path, lines: pa.Table | None) -> None:
        """Write every table that has rows, and the tables that a records folder must have."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in TABLES.items():
            rows = _sort_rows(name, self.tables.get(name, {}).values())
            if name == "lines":
                pq.write_table(lines if lines is not None else make_table(name, []), folder / "lines.parquet")
            elif rows or table.required:
                pq.write_table(make_table(name, rows), folder / f"{name}.parquet")


def make_statement_id(household_id: str, source: str, start: date) -> str:
    """Return the record number of a household's statement of one source for one period."""
    return f"income-{hashlib.sha256(f'{household_id}|{source}|{start}'.encode()).hexdigest()[:20]}"


def make_table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Make a table of the columns that have values or are required."""
    columns = [c for c in TABLES[name].columns if c.required or any(row.get(c.name) is not None for row in rows)]
    return pa.table({c.name: pa.array([row.get(c.name) for row in rows], ARROW_TYPES[c.kind]) for c in columns})


def _sort_rows(name: str, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort the rows of a table in an order that does not depend on the order of the lists."""
    return sorted(rows, key=lambda row: [str(row.get(column.name, "")) for column in TABLES[name].columns])


def read_back(folder: Path, rows: Iterable[RowOutcome]) -> pa.Table:
    """Read back the records, and list for each row of a list which of them come from it.

    Returns
    -------
    pyarrow.Table
        One line for each record from a row, or one line for a row without records; all columns are text. The values are
        those in the folder, in the columns that the row contributed. The last row about a withdrawn record says that it
        was withdrawn.
    """
    stored = {
        name: _index(folder, name) for name in TABLES if (folder / f"{name}.parquet").exists() and name != "lines"
    }
    rows = list(rows)
    last = {(piece.table, piece.key): row for row in rows for piece in row.pieces}
    lines: list[dict[str, str]] = []
    for row in rows:
        line = {
            "file": row.file,
            "sheet": row.sheet,
            "row": str(row.row),
            "decision": DECISIONS[row.outcome],
            "reason": row.reason,
            "person_id": row.person_id or "",
            "household_id": row.household_id or "",
            "record_id": row.record_id or "",
            "candidates": ";".join(row.candidates),
        }
        for piece in row.pieces:
            record = stored[piece.table][piece.key]
            ends = last[piece.table, piece.key] is row and record.get("withdrawn")
            lines.append(line | _describe(record, (*piece.columns, *(("withdrawn",) if ends else ())), piece.table))
        if not row.pieces:
            lines.append(line)
    names = list(dict.fromkeys(name for line in lines for name in line))
    return pa.table({name: pa.array([line.get(name, "") for line in lines], pa.string()) for name in names})


def write_columns(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write how each column was interpreted: file, sheet, column (from 1), header, field and how it was decided.

    If a sheet has several tables, the first one that recognises a column determines its field. Columns with facts about
    property are ``other``, since nothing in them becomes a record.
    """
    columns: dict[tuple[str, str, int], Column] = {}
    for sheet in sheets:
        for column in sheet.columns:
            key = (sheet.file, sheet.name, column.index)
            if key not in columns or columns[key].field == "other" != column.field:
                columns[key] = column
    rows: list[tuple[Any, ...]] = [("file", "sheet", "column", "header", "field", "how")]
    for key, column in columns.items():
        field = "other" if column.field.startswith("fact.") else column.field
        rows.append((*key, column.header, field, column.how))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        write_csv(file, rows)


def _index(folder: Path, name: str) -> dict[Key, dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return {(*(row[part] for part in TABLES[name].identity), row.get("recorded_on")): row for row in rows}


def _describe(row: Mapping[str, Any], columns: Iterable[str], table: str) -> dict[str, str]:
    """Return the cells of a stored row as text: the owner, the day of recording, and the columns from the list."""
    always = ("household_id", "region_code") if table == "disaster" else ("household_id",)
    names = [*always, "record_id", "recorded_on", *columns]
    return {"table": table, **{name: _to_text(row[name]) for name in names if row.get(name) is not None}}


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)
