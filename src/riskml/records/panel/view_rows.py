"""Read rows from typed DuckDB views, of a records folder or of Arrow tables, into packed types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskml.records.contract.schema import TABLES, Column, Kind, Table
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.packed_rows import (
    INCOME_BLOCK,
    Array,
    AttributeColumn,
    Rows,
    RowSource,
    build_lines,
    list_row_tables,
)
from riskml.records.reading.cell_sql import quote, quote_attribute
from riskml.records.reading.views import TypedViews

BATCH = 1_000_000


def _pack_sql(column: Column) -> str:
    """Build the SQL that turns a column of a view into its packed type; see `riskml.records.panel.cells.pack_cells`."""
    name, allowed = f"r.{quote(column.name)}", column.allowed or {}
    match column.kind:
        case Kind.DATE:
            return f"coalesce({name} - DATE '1970-01-01', {NO_DAY})::INTEGER"
        case Kind.MONTH_START:
            return f"coalesce((year({name}) - 1970) * 12 + month({name}) - 1, {NO_DAY})::INTEGER"
        case Kind.COUNT if column.always_stated:
            return f"{name}::INTEGER"
        case Kind.COUNT | Kind.YEAR | Kind.AMOUNT:
            return f"coalesce({name}::DOUBLE, 'nan'::DOUBLE)"
        case Kind.FLAG:
            return f"coalesce({name}, false)"
        case Kind.CODE:
            return f"(coalesce(list_position({list(allowed)}, {name}), 0) - 1)::TINYINT"
        case Kind.CODES:
            stated = f"string_split(replace({name}, ' ', ''), ';')"
            bits = [
                f"CASE WHEN list_contains({stated}, '{code}') THEN {1 << i} ELSE 0 END"
                for i, code in enumerate(allowed)
            ]
            return f"({' + '.join(bits)})::INTEGER"
        case _:
            return name


def _to_numpy(values: pa.ChunkedArray | pa.Array) -> Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _encode_text(values: pa.ChunkedArray) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Encode texts as positions among the sorted distinct texts (-1 if null); return the positions and these texts."""
    encoded = pc.dictionary_encode(values.combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    texts = [str(value) for value in encoded.dictionary.to_pylist()]
    levels = tuple(sorted(texts))
    position = {level: i for i, level in enumerate(levels)}
    table = np.array([position[text] for text in texts] + [-1], np.int32)
    indices = _to_numpy(pc.fill_null(encoded.indices, len(texts))).astype(np.int64)
    return table[indices], levels


class _Reader:
    def __init__(self, views: TypedViews) -> None:
        self.views = views
        self.sql = views.connection
        self.run(
            "CREATE OR REPLACE TEMP TABLE riskml_ids AS SELECT household_id,"
            f" (row_number() OVER (ORDER BY household_id) - 1)::INTEGER AS i"
            f" FROM (SELECT DISTINCT household_id FROM {views.get_view('households')})"
        )

    def run(self, query: str) -> list[Any]:
        return self.sql.execute(query).fetchall()

    def fetch_arrow(self, query: str) -> pa.Table:
        return self.sql.sql(query).to_arrow_table()

    def read_household_ids(self) -> NDArray[np.str_]:
        codes = self.fetch_arrow("SELECT household_id FROM riskml_ids ORDER BY i")["household_id"].to_pylist()
        return np.array(codes, dtype=np.str_) if codes else np.empty(0, "U1")

    def build_group_sql(self, table: Table) -> tuple[str, str]:
        """Build the SQL for the number of a row's correction group, and the SQL for the join that this number needs."""
        if table.key:
            keys = ", ".join(["h.i", *(f"r.{quote(key)}" for key in table.key if key != "household_id")])
            return f"(dense_rank() OVER (ORDER BY {keys}) - 1)::BIGINT", ""
        if table.find_column("record_id") is None:
            return "-1::BIGINT", ""
        shared = self.views.find_repeated_records(table.name)
        if self.run(f"SELECT count(*) FROM {shared}") == [(0,)]:
            return "-1::BIGINT", ""
        numbered = f"SELECT record_id, row_number() OVER () - 1 AS g FROM {shared}"
        return "coalesce(c.g, -1)::BIGINT", f"LEFT JOIN ({numbered}) c ON c.record_id = r.record_id"

    def build_query(self, table: Table, columns: Sequence[Column], *more: str) -> str:
        group, corrected = self.build_group_sql(table)
        attributes = self.views.attributes if table.attributes else {}
        household, join, known = "-1", "", ""
        if table.find_column("household_id") is not None:
            household, join = "coalesce(h.i, -1)", "JOIN riskml_ids h ON h.household_id = r.household_id"
        if table.name == "disaster":
            join, known = f"LEFT {join}", "WHERE h.i IS NOT NULL OR r.region_code IS NOT NULL"
        recorded = "r.recorded_on - DATE '1970-01-01'" if table.find_column("recorded_on") is not None else "NULL"
        select = [
            f"{household}::INTEGER AS household",
            f"coalesce({recorded}, {NO_DAY})::INTEGER AS recorded",
            f"{group} AS grp",
            *(f"{_pack_sql(column)} AS {quote(column.name)}" for column in columns),
            *(f"r.{quote_attribute(name)}" for name in attributes),
            *more,
        ]
        return f"SELECT {', '.join(select)} FROM {self.views.get_view(table.name)} r {join} {corrected} {known}"

    def read_rows(self, table: Table) -> Rows:
        cells = self.fetch_arrow(self.build_query(table, table.contents))
        levels: dict[str, tuple[str, ...]] = {}
        columns: dict[str, Array] = {}
        for column in table.contents:
            if column.kind in (Kind.TEXT, Kind.REGION):
                columns[column.name], levels[column.name] = _encode_text(cells[column.name])
            else:
                columns[column.name] = _to_numpy(cells[column.name])
        kinds = self.views.attributes if table.attributes else {}
        return Rows(
            _to_numpy(cells["household"]),
            columns,
            _to_numpy(cells["recorded"]),
            _to_numpy(cells["grp"]),
            {name: _build_attribute(cells[f"attribute {name}"], kind) for name, kind in kinds.items()},
            levels,
        )

    def find_months(self) -> tuple[int, int]:
        [span] = self.run(
            f"SELECT min(m), max(m + r.months - 1) FROM (SELECT months, (year(period_start) - 1970) * 12"
            f" + month(period_start) - 1 AS m FROM {self.views.get_view('income')}) r"
        )
        return (0, -1) if span[0] is None else (int(span[0]), int(span[1]))

    def read_income(self) -> Iterator[Rows]:
        table = TABLES["income"]
        columns = [column for column in table.contents if column.name in INCOME_BLOCK]
        query = self.build_query(table, columns, "r.member_id IS NOT NULL AS person")
        reader: Any = self.sql.sql(query).to_arrow_reader(BATCH)
        # While one part is being packed, the next one is read.
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(next, reader, None)
            while (batch := ahead.result()) is not None:
                ahead = pool.submit(next, reader, None)
                cells = {name: _to_numpy(batch.column(name)) for name in batch.schema.names}
                block = {name: cells[name] for name in (*INCOME_BLOCK, "person")}
                yield Rows(cells["household"], block, cells["recorded"], cells["grp"])


def _build_attribute(values: pa.ChunkedArray, kind: str) -> AttributeColumn:
    if kind == "number":
        return AttributeColumn(_to_numpy(pc.fill_null(pc.cast(values, pa.float64()), np.nan)))
    positions, levels = _encode_text(values)
    return AttributeColumn(np.where(positions < 0, np.nan, positions), levels)


def read_views(views: TypedViews) -> RowSource:
    """Read the rows of a checked folder, or of Arrow tables."""
    reader = _Reader(views)
    return RowSource(
        household_id=reader.read_household_ids(),
        tables={table.name: reader.read_rows(table) for table in list_row_tables() if views.has(table.name)},
        months=reader.find_months(),
        income=reader.read_income(),
        lines=build_lines(reader.read_rows(TABLES["lines"])),
        fingerprint=views.fingerprint,
    )
