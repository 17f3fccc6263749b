"""Writing the tables of a records folder part by part, always the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import TABLES

__all__ = ["Tables"]

_TRUTH = pa.schema(
    [("household_id", pa.string()), ("as_of", pa.date32()), ("probability", pa.float64()), ("cause", pa.string())]
)
NO_DAY = np.iinfo(np.int32).min
"""Stands for no date in an array of days."""


def _field(table: str, name: str) -> Any:
    declared = TABLES[table].column(name)
    return pa.field(name, ARROW_TYPES[declared.kind] if declared else pa.float64())


def _array(values: Any, kind: Any) -> Any:
    if isinstance(values, pa.Array | pa.DictionaryArray):
        return values.cast(kind)
    if pa.types.is_date(kind):
        days = np.asarray(values, np.int32)
        return pa.array(days, pa.int32(), mask=days == NO_DAY).view(pa.date32())
    if pa.types.is_floating(kind):
        amounts = np.asarray(values, np.float64)
        return pa.array(amounts, kind, mask=np.isnan(amounts))
    return pa.array(values, kind)


class Tables:
    """Open tables of a folder; a table takes the columns of its first part, in the order of the contract.

    Parameters
    ----------
    folder : Path
    text : frozenset of str
        Attribute columns of ``households`` that hold text.
    """

    def __init__(self, folder: Path, text: frozenset[str] = frozenset()) -> None:
        self._folder = folder
        self._text = text
        self._writers: dict[str, Any] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for writer in self._writers.values():
            writer.close()

    def add(self, table: str, columns: Mapping[str, Any]) -> None:
        """Append rows; days are int32 days since 1970 with `NO_DAY` for none, missing money is NaN."""
        schema = self._writers[table].schema if table in self._writers else self._schema(table, list(columns))
        part = pa.table([_array(columns[field.name], field.type) for field in schema], schema=schema)
        if table not in self._writers:
            # The Arrow schema is left out: dictionary columns must come back as plain text in every reader.
            self._writers[table] = pq.ParquetWriter(
                self._folder / f"{table}.parquet", schema, compression="zstd", store_schema=False
            )
        self._writers[table].write_table(part)
        self.rows[table] = self.rows.get(table, 0) + part.num_rows

    def _schema(self, table: str, names: list[str]) -> Any:
        if table == "truth":
            return _TRUTH
        declared = [name for name in TABLES[table].names if name in names]
        fields = [_field(table, name) for name in declared]
        rest = [name for name in names if name not in declared]
        fields += [pa.field(name, pa.string() if name in self._text else pa.float64()) for name in rest]
        return pa.schema(fields)
