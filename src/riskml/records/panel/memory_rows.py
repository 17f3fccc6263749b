"""Read rows from tables in memory, for the few households in a request or a test, without using a database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.errors import RecordsError
from riskml.records.contract.required import require_columns, require_tables
from riskml.records.contract.schema import KIND_WORDS, TABLES, Column, Kind, Table
from riskml.records.panel.cells import (
    count_null,
    encode_text,
    format_texts,
    is_null,
    list_keys,
    look_up,
    mark_stated,
    pack_cells,
    parse_floats,
)
from riskml.records.panel.packed_rows import Array, AttributeColumn, Rows, RowSource, build_lines, list_row_tables
from riskml.text import Joined, Text

Columns = pd.DataFrame | Mapping[str, Sequence[Any]]

_RECORDED = Column("recorded_on", Kind.DATE, "", "")


class _Table:
    """One table as lists; a declared column that is absent is read as nulls."""

    def __init__(self, declared: Table, columns: Columns) -> None:
        self.declared = declared
        cells = columns.to_dict("list") if isinstance(columns, pd.DataFrame) else columns
        self.columns: dict[str, Sequence[Any]] = {str(name): values for name, values in cells.items()}
        require_columns(declared.name, self.columns)
        lengths = set(map(len, self.columns.values()))
        if len(lengths) > 1:
            raise RecordsError(
                "The columns of table {table!r} have different lengths: {lengths}.",
                table=declared.name,
                lengths=sorted(lengths),
            )
        self.length = lengths.pop() if lengths else 0

    def __getitem__(self, name: str) -> Sequence[Any]:
        values = self.columns.get(name)
        return [None] * self.length if values is None else values

    def number_groups(self) -> NDArray[np.int64]:
        """Number the groups of rows that share a key or a `record_id`; a row without a key gets -1."""
        names = self.declared.identity
        if not self.declared.key and "record_id" not in self.columns:
            return np.full(self.length, -1, np.int64)
        numbers: dict[object, int] = {}
        keys = list_keys(self.declared, names, {name: self[name] for name in names})
        groups = [-1 if key[0] is None else numbers.setdefault(key, len(numbers)) for key in keys]
        return np.array(groups, np.int64)

    def pack_rows(self, positions: Mapping[str, int]) -> Rows:
        """Pack the rows of the households in ``positions``.

        Rows of other households are left out; all lines and all disasters that are recorded for a region are kept.
        """
        columns: dict[str, Array] = {}
        levels: dict[str, tuple[str, ...]] = {}
        if self.declared.name == "income":
            columns["person"] = mark_stated(self["member_id"])
        for column in self.declared.contents:
            if column.kind in (Kind.TEXT, Kind.REGION):
                columns[column.name], levels[column.name] = encode_text(self[column.name])
            else:
                columns[column.name] = self.pack_column(column)
        household = look_up(self["household_id"], positions)
        rows = Rows(
            household, columns, self.pack_column(_RECORDED), self.number_groups(), self._pack_attributes(), levels
        )
        keep = household >= 0
        if self.declared.name == "disaster":
            keep |= columns["region_code"] >= 0
        return rows if keep.all() or self.declared.name == "lines" else rows.where(keep)

    def pack_column(self, column: Column) -> Array:
        """Convert a column to its packed type.

        These rows may not have been checked before, so empty required cells, unreadable values, unknown single codes
        and counts below the minimum are refused here. An invalid code or count could overwrite other households' values
        in the packed arrays.
        """
        if column.name not in self.columns and not column.required:
            return np.repeat(pack_cells(column, [None]), self.length)
        values = self[column.name]
        where = Text("Table {table!r}, column {column!r}", table=self.declared.name, column=column.name)
        if column.required and not column.nullable and (empty := count_null(values)):
            raise RecordsError(
                "{where}: {empty} of {cells} cell(s) are empty.",
                "Fill them in.",
                where=where,
                empty=empty,
                cells=len(values),
            )
        try:
            packed = pack_cells(column, values)
        except (TypeError, ValueError, OverflowError) as error:
            hint = "Write dates as 2023-01-05, and amounts and counts as plain numbers."
            raise RecordsError(
                "{where}: cells must be {kind} ({reason}).",
                hint,
                where=where,
                kind=Text(KIND_WORDS[column.kind]),
                reason=error,
            ) from error
        except KeyError as unknown:
            hint = Text("Valid codes: {codes}.", codes=Joined(column.allowed or ()))
            raise RecordsError(
                "{where}: {unknown} is not a valid code for this column.", hint, where=where, unknown=unknown
            ) from unknown
        if column.kind is Kind.COUNT and (packed < (column.minimum or 0)).any():
            raise RecordsError(
                "{where}: {smallest} is too small.",
                "The smallest allowed value is {minimum}.",
                where=where,
                smallest=np.nanmin(packed),
                minimum=column.minimum,
            )
        return packed

    def _pack_attributes(self) -> dict[str, AttributeColumn]:
        if not self.declared.attributes:
            return {}
        out = {}
        for name in self.columns:
            if name in self.declared.names:
                continue
            values = self.columns[name]
            texts = format_texts(values)
            if texts is None:
                out[name] = AttributeColumn(parse_floats(values))
            else:
                positions, levels = encode_text(texts)
                out[name] = AttributeColumn(np.where(positions < 0, np.nan, positions), levels)
        return out


def read_memory(tables: Mapping[str, Columns]) -> RowSource:
    """Read the rows of tables in memory.

    Raises
    ------
    RecordsError
        If a required table or column is missing, a table is unknown, or a cell is invalid.
    """
    require_tables(tables)
    taken = {name: _Table(TABLES[name], columns) for name, columns in tables.items()}
    household_id = np.array(
        sorted({str(code) for code in taken["households"]["household_id"] if not is_null(code)}), dtype=np.str_
    )
    positions = {str(code): i for i, code in enumerate(household_id)}
    income = taken["income"].pack_rows(positions)
    start = income.columns["period_start"]
    months = (0, -1)
    if len(income):
        months = (int(start.min()), int((start + income.columns["months"]).max()) - 1)

    return RowSource(
        household_id=household_id,
        tables={
            table.name: taken[table.name].pack_rows(positions) for table in list_row_tables() if table.name in taken
        },
        months=months,
        income=iter([income]),
        lines=build_lines(taken["lines"].pack_rows(positions)),
        fingerprint=lambda: _fingerprint(taken),
    )


def _fingerprint(tables: Mapping[str, _Table]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tables):
        columns = sorted(tables[name].columns)
        rows = sorted(repr(row) for row in zip(*(tables[name].columns[column] for column in columns), strict=True))
        digest.update(repr((name, columns, rows)).encode())
    return digest.hexdigest()
