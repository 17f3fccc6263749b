"""Rows of tables in memory: a few households of a request or a test, without a database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.errors import RecordsError
from riskml.records.contract.schema import TABLES, Column, Kind, Table
from riskml.records.panel.cells import (
    cell_day,
    count_null,
    float_cells,
    is_null,
    levels_of,
    pack_cells,
    places,
    text_of,
    textual,
)
from riskml.records.panel.folder_rows import PACKED
from riskml.records.panel.lines import LineRow
from riskml.records.panel.packed_rows import Array, AttributeColumn, Rows, RowSource

__all__ = ["Columns", "memory_rows"]

Columns = pd.DataFrame | Mapping[str, Sequence[Any]]

_RECORDED = Column("recorded_on", Kind.DATE, "", "")
_LINE_COLUMNS = [column for column in TABLES["lines"].columns if column.name in ("effective_from", "amount")]


def _same_key(column: Column | None, values: Sequence[Any]) -> list[Any]:
    """Cells of a key, equal where they mean the same; None where null."""
    as_day = column is not None and column.kind is Kind.DATE
    return [None if is_null(value) else cell_day(value) if as_day else str(value) for value in values]


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
        household = places(self["household_id"], place)
        columns: dict[str, Array] = {}
        levels: dict[str, tuple[str, ...]] = {}
        for column in self.declared.columns:
            if column.name not in PACKED[name]:
                continue
            if column.kind in (Kind.TEXT, Kind.REGION):
                columns[column.name], levels[column.name] = levels_of(self[column.name])
            else:
                columns[column.name] = self.pack(column)
        recorded = self.pack(_RECORDED)
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
            return np.repeat(pack_cells(column, [None]), self.length)
        values, where = self[column.name], f"Table {self.declared.name!r}, column {column.name!r}"
        if column.required and not column.nullable and (empty := count_null(values)):
            raise RecordsError(f"{where}: {empty} of {len(values)} cell(s) are empty.", "Fill them in.")
        try:
            packed = pack_cells(column, values)
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
                positions, levels = levels_of([v if is_null(v) else text_of(v) for v in values])
                out[name] = AttributeColumn(np.where(positions < 0, np.nan, positions), levels)
            else:
                out[name] = AttributeColumn(float_cells(values))
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
        sorted({str(code) for code in found["households"]["household_id"] if not is_null(code)}), dtype=np.str_
    )
    place = {str(code): i for i, code in enumerate(household_id)}
    income = found["income"].rows(place)
    start = income.columns["period_start"]
    months = (0, -1)
    if len(income):
        months = (int(start.min()), int((start + income.columns["months"]).max()) - 1)
    lines = found["lines"]
    regions, sources = (["" if is_null(v) else str(v) for v in lines[name]] for name in ("region_code", "source"))
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
