"""Rows of tables in memory: a few households of a request or a test, without a database."""

from __future__ import annotations

import datetime as dt
import hashlib
import numbers
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.errors import RecordsError
from riskml.records.calendar import month_of
from riskml.records.folder_rows import PACKED
from riskml.records.lines import LineRow
from riskml.records.rows import Array, AttributeColumn, Rows, RowSource
from riskml.records.schema import TABLES, Column, Kind, Table
from riskml.records.versions import NO_DAY

__all__ = ["Columns", "memory_rows", "text_of", "textual"]

Columns = pd.DataFrame | Mapping[str, Sequence[Any]]

_EPOCH = dt.date(1970, 1, 1).toordinal()
_LINE_COLUMNS = [column for column in TABLES["lines"].columns if column.name in ("effective_from", "amount")]


def _null(value: Any) -> bool:
    """Whether a cell is empty: none, not a number, not a time, or text without characters (as in a file)."""
    if isinstance(value, str):
        return not value
    return value is None or value is pd.NA or bool(value != value)  # only NaN and NaT


@lru_cache(maxsize=1 << 16)
def _day(value: Any) -> int:
    """Day number of a cell; kept, since the rows of a request share few days."""
    if _null(value):
        return int(NO_DAY)
    if not isinstance(value, dt.date):
        # Text may lack leading zeros, 2023/1/5, and have a time behind the day.
        year, month, day = str(value).strip().replace("/", "-").replace("T", " ").split(" ")[0].split("-")
        value = dt.date(int(year), int(month), int(day))
    return int(value.toordinal()) - _EPOCH


@lru_cache(maxsize=1 << 12)
def _month(value: Any) -> int:
    return month_of(_day(value))


def _same_key(column: Column | None, values: Sequence[Any]) -> list[Any]:
    """Cells of a key, equal where they mean the same; None where null."""
    as_day = column is not None and column.kind is Kind.DATE
    return [None if _null(value) else _day(value) if as_day else str(value) for value in values]


def _positions(values: Sequence[Any]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    levels = tuple(sorted({str(value) for value in values if not _null(value)}))
    place = {level: i for i, level in enumerate(levels)}
    return np.array([-1 if _null(v) else place[str(v)] for v in values], np.int32), levels


def textual(value: Any) -> bool:
    """Whether an attribute's cell is text, as a file would hold it: words, flags and days, not numbers."""
    return not _null(value) and (isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real))


def text_of(value: Any) -> str:
    """Text of an attribute's cell, as a file would hold it."""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _bits(value: Any, allowed: Mapping[str, str]) -> int:
    found = set() if _null(value) else set(str(value).replace(" ", "").split(";"))
    return sum(1 << i for i, code in enumerate(allowed) if code in found)


def _numbers(values: Sequence[Any]) -> Array:
    try:
        return np.array(values, np.float64)  # nulls become NaN
    except (TypeError, ValueError):
        return np.array([np.nan if _null(value) else float(value) for value in values], np.float64)


def _pack(column: Column, values: Sequence[Any]) -> Array:
    """Turn a column of Python values into its packed type."""
    match column.kind:
        case Kind.DATE:
            return np.array([_day(value) for value in values], np.int32)
        case Kind.MONTH_START:
            return np.array([_month(value) for value in values], np.int32)
        case Kind.COUNT:
            return np.array([column.default if _null(value) else int(value) for value in values], np.int32)
        case Kind.YEAR | Kind.AMOUNT:
            return _numbers(values)
        case Kind.FLAG:
            return np.array([not _null(value) and bool(value) for value in values], bool)
        case Kind.CODE:
            place = {code: i for i, code in enumerate(column.allowed or ())}
            found = [place[v] if v in place else -1 if _null(v) else place[v] for v in values]
            return np.array(found, np.int8)
        case _:
            return np.array([_bits(value, column.allowed or {}) for value in values], np.int32)


def _place(code: Any, place: Mapping[str, int]) -> int:
    return -1 if _null(code) else place.get(str(code), -1)


class _Table:
    """One table as lists, with every declared column there."""

    def __init__(self, declared: Table, columns: Columns) -> None:
        self.declared = declared
        found = columns.to_dict("list") if isinstance(columns, pd.DataFrame) else dict(columns)
        missing = [column.name for column in declared.columns if column.required and column.name not in found]
        if missing:
            raise RecordsError.missing_columns(declared.name, missing, [str(name) for name in found])
        lengths = {len(values) for values in found.values()}
        if len(lengths) > 1:
            raise RecordsError(f"The columns of table {declared.name!r} have different lengths: {sorted(lengths)}.")
        self.length = lengths.pop() if lengths else 0
        self.columns: dict[str, Sequence[Any]] = {str(name): values for name, values in found.items()}

    def __getitem__(self, name: str) -> Sequence[Any]:
        values = self.columns.get(name)
        return [None] * self.length if values is None else values

    def group(self) -> NDArray[np.int64]:
        """Number the keys of versions, or the record numbers; -1 where null."""
        names = self.declared.key or ("record_id",)
        if not self.declared.key and "record_id" not in self.columns:
            return np.full(self.length, -1, np.int64)
        found: dict[object, int] = {}
        keys = zip(*(_same_key(self.declared.column(name), self[name]) for name in names), strict=True)
        out = [-1 if key[0] is None else found.setdefault(key, len(found)) for key in keys]
        return np.array(out, np.int64)

    def rows(self, place: Mapping[str, int]) -> Rows:
        name = self.declared.name
        regional = name == "disaster"
        codes = self["household_id"]
        household = np.array([place[c] if c in place else _place(c, place) for c in codes], np.int32)
        columns: dict[str, Array] = {}
        levels: dict[str, tuple[str, ...]] = {}
        for column in self.declared.columns:
            if column.name not in PACKED[name]:
                continue
            if column.kind in (Kind.TEXT, Kind.REGION):
                columns[column.name], levels[column.name] = _positions(self[column.name])
            else:
                columns[column.name] = self.pack(column)
        recorded = self.pack(Column("recorded_on", Kind.DATE, "", ""))
        rows = Rows(household, columns, recorded, self.group(), self._attributes(), levels)
        keep = household >= 0
        if regional:
            keep |= columns["region_code"] >= 0
        return rows if keep.all() else _kept(rows, keep)

    def pack(self, column: Column) -> Array:
        """Turn a column into its packed type.

        Nothing checked these rows before, and a wrong code or count would spoil the cells of another household.
        """
        if column.name not in self.columns and not column.required:
            return np.repeat(_pack(column, [None]), self.length)
        values, where = self[column.name], f"Table {self.declared.name!r}, column {column.name!r}"
        if column.required and not column.nullable and (empty := sum(map(_null, values))):
            raise RecordsError(f"{where}: {empty} of {len(values)} cell(s) are empty.", "Fill them in.")
        try:
            packed = _pack(column, values)
        except (TypeError, ValueError, OverflowError) as odd:
            hint = "Dates are written 2023-01-05, amounts and counts are numbers."
            raise RecordsError(f"{where}: a cell is not a {column.kind} ({odd}).", hint) from odd
        except KeyError as unknown:
            hint = f"Codes are: {', '.join(column.allowed or ())}."
            raise RecordsError(f"{where}: {unknown} is not a code of this column.", hint) from unknown
        if column.kind is Kind.COUNT and (packed < (column.minimum or 0)).any():
            raise RecordsError(f"{where}: {packed.min()} is too small.", f"The smallest value is {column.minimum}.")
        return packed

    def _attributes(self) -> dict[str, AttributeColumn]:
        if not self.declared.attributes:
            return {}
        out = {}
        for name in self.columns:
            if name in self.declared.names:
                continue
            values = self.columns[name]
            if any(textual(value) for value in values):
                positions, levels = _positions([v if _null(v) else text_of(v) for v in values])
                out[name] = AttributeColumn(np.where(positions < 0, np.nan, positions), levels)
            else:
                out[name] = AttributeColumn(np.array([np.nan if _null(v) else float(v) for v in values], np.float64))
        return out


def _kept(rows: Rows, keep: NDArray[np.bool_]) -> Rows:
    columns = {name: values[keep] for name, values in rows.columns.items()}
    attributes = {name: AttributeColumn(a.values[keep], a.levels) for name, a in rows.attributes.items()}
    return Rows(rows.household[keep], columns, rows.recorded[keep], rows.group[keep], attributes, rows.levels)


def memory_rows(tables: Mapping[str, Columns]) -> RowSource:
    """Deliver the rows of tables in memory.

    Raises
    ------
    RecordsError
        If a required table or column is missing, or a table is unknown.
    """
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise RecordsError(f"Unknown table(s): {', '.join(unknown)}.", f"Tables are: {', '.join(TABLES)}.")
    missing = [name for name, table in TABLES.items() if table.required and name not in tables]
    if missing:
        raise RecordsError(f"Required table(s) missing: {', '.join(missing)}.", "See data/README.md for the tables.")
    found = {name: _Table(TABLES[name], columns) for name, columns in tables.items()}
    household_id = np.array(
        sorted({str(code) for code in found["households"]["household_id"] if not _null(code)}), dtype=np.str_
    )
    place = {str(code): i for i, code in enumerate(household_id)}
    income = found["income"].rows(place)
    start = income.columns["period_start"]
    months = (0, -1)
    if len(income):
        months = (int(start.min()), int((start + income.columns["months"]).max()) - 1)
    lines = found["lines"]
    regions, sources = (["" if _null(v) else str(v) for v in lines[name]] for name in ("region_code", "source"))
    days, amounts = (lines.pack(column).tolist() for column in _LINE_COLUMNS)

    def parts() -> Iterator[Rows]:
        yield income

    return RowSource(
        household_id=household_id,
        tables={name: table.rows(place) for name, table in found.items() if name not in ("income", "lines")},
        months=months,
        income=parts,
        lines=[LineRow(*row) for row in zip(regions, days, amounts, sources, strict=True)],
        fingerprint=lambda: _fingerprint(found),
    )


def _fingerprint(tables: Mapping[str, _Table]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tables):
        columns = sorted(tables[name].columns)
        rows = sorted(repr(row) for row in zip(*(tables[name].columns[column] for column in columns), strict=True))
        digest.update(repr((name, columns, rows)).encode())
    return digest.hexdigest()
