"""Write the tables of a records folder part by part; the same rows always give exactly the same files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import TABLES
from riskml.records.contract.versions import NO_DAY

_TRUTH = pa.schema(
    [("household_id", pa.string()), ("as_of", pa.date32()), ("probability", pa.float64()), ("cause", pa.string())]
)


def _to_array(values: Any, kind: Any) -> Any:
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
    """The tables of a records folder, open for writing.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for writer in self._writers.values():
            writer.close()

    def add(self, table: str, columns: Mapping[str, Any], order: NDArray[np.intp] | None = None) -> None:
        """Append rows to a table, in ``order`` if it is passed; the first call for a table determines its columns.

        Days are int32 day numbers since 1970, with `NO_DAY` for a missing day; missing amounts are NaN.
        """
        if order is not None:
            columns = {name: values[order] for name, values in columns.items()}
        schema = self._writers[table].schema if table in self._writers else _make_schema(table, columns)
        part = pa.table([_to_array(columns[field.name], field.type) for field in schema], schema=schema)
        if table not in self._writers:
            # The Arrow schema is not stored, so that every reader gets dictionary columns as ordinary text.
            self._writers[table] = pq.ParquetWriter(
                self._folder / f"{table}.parquet", schema, compression="zstd", store_schema=False
            )
        self._writers[table].write_table(part)
        self.rows[table] = self.rows.get(table, 0) + part.num_rows


def _make_schema(table: str, columns: Mapping[str, Any]) -> Any:
    """Make a schema: first the columns that riskml declares for the table, then the attributes as text or numbers."""
    if table == "truth":
        return _TRUTH
    contract = TABLES[table]
    types = {column.name: ARROW_TYPES[column.kind] for column in contract.columns if column.name in columns}
    types |= {name: pa.array(values[:0]).type for name, values in columns.items() if name not in types}
    return pa.schema(list(types.items()))
