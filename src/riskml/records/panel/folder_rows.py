"""Rows of a records folder, read by DuckDB into packed types."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskml.records.contract.calendar import day_of
from riskml.records.contract.schema import TABLES, Column, Kind, Table
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.lines import LineRow
from riskml.records.panel.packed_rows import Array, AttributeColumn, Rows, RowSource

__all__ = ["PACKED", "TypedViews", "folder_rows"]

BATCH = 1_000_000

PACKED: dict[str, tuple[str, ...]] = {
    "households": ("region_code", "size", "kind", "exited_on"),
    "members": ("birth_year", "sex", "labour", "health", "schooling", "working", "left_on"),
    "income": ("period_start", "months", "source", "amount"),
    "illness": ("occurred_on", "kind", "visits", "cost", "self_paid", "withdrawn"),
    "disaster": ("region_code", "occurred_on", "kind", "loss", "withdrawn"),
    "events": ("occurred_on", "kind", "amount", "channel", "withdrawn"),
    "help": ("started_on", "ended_on", "measure", "emergency", "amount", "withdrawn"),
    "monitoring": ("category", "entered_on", "cleared_on", "causes"),
}
"""Columns of each table that are packed, besides the household, the day of recording and the key."""


class TypedViews(Protocol):
    """Tables as typed DuckDB views: an opened records folder, or Arrow tables."""

    connection: duckdb.DuckDBPyConnection

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the households: ``number`` or ``text`` by name."""

    def has(self, table: str) -> bool:
        """Whether the table is there; an absent table means unknown, an empty one known to be none."""

    def relation(self, table: str) -> str:
        """Name of the view of a table."""

    def repeated(self, table: str) -> str:
        """Name of a DuckDB table with the ``record_id`` that several rows of a table share."""

    def fingerprint(self) -> str:
        """Hash of all rows."""


def _list(values: object) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"  # type: ignore[attr-defined]


def _packed(column: Column) -> str:
    """SQL that turns a canonical column into its packed type."""
    name, allowed = f'r."{column.name}"', column.allowed or {}
    match column.kind:
        case Kind.DATE:
            return f"coalesce({name} - DATE '1970-01-01', {NO_DAY})::INTEGER"
        case Kind.MONTH_START:
            return f"((year({name}) - 1970) * 12 + month({name}) - 1)::INTEGER"
        case Kind.COUNT:
            return f"{name}::INTEGER"
        case Kind.YEAR | Kind.AMOUNT:
            return f"coalesce({name}::DOUBLE, 'nan'::DOUBLE)"
        case Kind.FLAG:
            return f"coalesce({name}, false)"
        case Kind.CODE:
            return f"(coalesce(list_position({_list(allowed)}, {name}), 0) - 1)::TINYINT"
        case Kind.CODES:
            stated = f"string_split(replace({name}, ' ', ''), ';')"
            bits = [
                f"CASE WHEN list_contains({stated}, '{code}') THEN {1 << i} ELSE 0 END"
                for i, code in enumerate(allowed)
            ]
            return f"({' + '.join(bits)})::INTEGER"
        case _:
            return name


def _numpy(values: pa.ChunkedArray | pa.Array) -> Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _positions(values: pa.ChunkedArray) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Text as positions in its sorted levels; -1 where null."""
    encoded = pc.dictionary_encode(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    found = [str(value) for value in encoded.dictionary.to_pylist()]
    levels = tuple(sorted(found))
    place = {level: i for i, level in enumerate(levels)}
    table = np.array([place[level] for level in found] + [-1], np.int32)
    indices = _numpy(pc.fill_null(encoded.indices, len(found))).astype(np.int64)
    return table[indices], levels


class _Reader:
    def __init__(self, folder: TypedViews) -> None:
        self.folder = folder
        self.sql = folder.connection
        self.run(
            "CREATE OR REPLACE TEMP TABLE riskml_ids AS SELECT household_id,"
            f" (row_number() OVER (ORDER BY household_id) - 1)::INTEGER AS i"
            f" FROM (SELECT DISTINCT household_id FROM {folder.relation('households')})"
        )

    def run(self, query: str) -> list[Any]:
        return self.sql.execute(query).fetchall()

    def arrow(self, query: str) -> pa.Table:
        return self.sql.sql(query).to_arrow_table()

    def household_id(self) -> NDArray[np.str_]:
        found = self.arrow("SELECT household_id FROM riskml_ids ORDER BY i")["household_id"].to_pylist()
        return np.array(found, dtype=np.str_) if found else np.empty(0, "U1")

    def group(self, table: Table) -> tuple[str, str]:
        """SQL of the correction group, and the join it needs."""
        if table.key:
            return "", ""
        shared, name = self.folder.repeated(table.name), f"riskml_corrected_{table.name}"
        if self.run(f"SELECT count(*) FROM {shared}") == [(0,)]:
            return "-1::BIGINT", ""
        self.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT record_id, row_number() OVER () - 1 AS g FROM {shared}"
        )
        return "coalesce(c.g, -1)::BIGINT", f"LEFT JOIN {name} c ON c.record_id = r.record_id"

    def query(self, name: str) -> str:
        table = TABLES[name]
        group, join = self.group(table)
        if table.key:
            keys = ", ".join(["h.i", *(f'r."{key}"' for key in table.key if key != "household_id")])
            group = f"(dense_rank() OVER (ORDER BY {keys}) - 1)::BIGINT"
        columns = [column for column in table.columns if column.name in PACKED[name]]
        attributes = self.folder.attributes if table.attributes else {}
        select = [
            "coalesce(h.i, -1)::INTEGER AS household",
            f"coalesce(r.recorded_on - DATE '1970-01-01', {NO_DAY})::INTEGER AS recorded",
            f"{group} AS grp",
            *(f'{_packed(column)} AS "{column.name}"' for column in columns),
            *(f'r."{attribute}" AS "attribute {attribute}"' for attribute in attributes),
        ]
        how = "LEFT JOIN" if name == "disaster" else "JOIN"
        known = "WHERE h.i IS NOT NULL OR r.region_code IS NOT NULL" if name == "disaster" else ""
        return (
            f"SELECT {', '.join(select)} FROM {self.folder.relation(name)} r {how} riskml_ids h"
            f" ON h.household_id = r.household_id {join} {known}"
        )

    def rows(self, name: str) -> Rows:
        found = self.arrow(self.query(name))
        levels: dict[str, tuple[str, ...]] = {}
        columns: dict[str, Array] = {}
        for column in PACKED[name]:
            if pa.types.is_string(found[column].type):
                columns[column], levels[column] = _positions(found[column])
            else:
                columns[column] = _numpy(found[column])
        attributes = {}
        for attribute, kind in (self.folder.attributes if TABLES[name].attributes else {}).items():
            attributes[attribute] = _attribute(found[f"attribute {attribute}"], kind)
        return Rows(
            _numpy(found["household"]).astype(np.int32),
            columns,
            _numpy(found["recorded"]).astype(np.int32),
            _numpy(found["grp"]).astype(np.int64),
            attributes,
            levels,
        )

    def months(self) -> tuple[int, int]:
        [span] = self.run(
            f"SELECT min(m), max(m + r.months - 1) FROM (SELECT months, (year(period_start) - 1970) * 12"
            f" + month(period_start) - 1 AS m FROM {self.folder.relation('income')}) r"
        )
        return (0, -1) if span[0] is None else (int(span[0]), int(span[1]))

    def income(self) -> Iterator[Rows]:
        reader: Any = self.sql.sql(self.query("income")).to_arrow_reader(BATCH)
        # The next part is read while the last one is packed.
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(next, reader, None)
            while (batch := ahead.result()) is not None:
                ahead = pool.submit(next, reader, None)
                get = {name: _numpy(batch.column(name)) for name in batch.schema.names}
                columns = {name: get[name] for name in PACKED["income"]}
                yield Rows(get["household"], columns, get["recorded"], get["grp"])

    def lines(self) -> list[LineRow]:
        found = self.run(
            "SELECT coalesce(region_code, ''), effective_from, amount, coalesce(source, '')"
            f" FROM {self.folder.relation('lines')} ORDER BY ALL"
        )
        return [LineRow(region, day_of(day), float(amount), source) for region, day, amount, source in found]


def _attribute(values: pa.ChunkedArray, kind: str) -> AttributeColumn:
    if kind == "number":
        return AttributeColumn(_numpy(pc.fill_null(pc.cast(values, pa.float64()), np.nan)).astype(np.float64))
    positions, levels = _positions(values)
    return AttributeColumn(np.where(positions < 0, np.nan, positions), levels)


def folder_rows(folder: TypedViews) -> RowSource:
    """Deliver the rows of a checked folder, or of Arrow tables."""
    reader = _Reader(folder)
    tables = [name for name in TABLES if name not in ("income", "lines") and folder.has(name)]
    return RowSource(
        household_id=reader.household_id(),
        tables={name: reader.rows(name) for name in tables},
        months=reader.months(),
        income=reader.income,
        lines=reader.lines(),
        fingerprint=folder.fingerprint,
    )
