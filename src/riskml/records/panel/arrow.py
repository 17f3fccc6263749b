"""Arrow tables: many households as a database delivers them, packed by the same SQL as a records folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import pyarrow as pa

from riskml.errors import RecordsError
from riskml.records.contract.arrow_types import cast_table
from riskml.records.contract.schema import TABLES
from riskml.records.panel.cells import format_text, is_textual
from riskml.records.panel.required import require_columns, require_tables
from riskml.records.reading.cell_sql import connect, quote, select_column
from riskml.records.reading.repeats import create_repeated_texts

__all__ = ["ArrowTables", "build_attribute"]


class ArrowTables:
    """Arrow tables as typed DuckDB views, like an opened records folder.

    Parameters
    ----------
    tables : dict of str to pyarrow.Table
        By the contract's name. Columns of other types are cast: a date may be text, a flag an integer, a column
        without values anything. Columns that the contract does not declare are attributes where the table may have
        some, else ignored. Attributes are numbers where their type is numeric (or null), else text.

    Raises
    ------
    RecordsError
        If a required table or column is missing, or a column's values cannot be cast.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        require_tables(tables)
        self.connection = connect()
        self.attributes: dict[str, str] = {}
        self._tables = dict(tables)
        for name, table in tables.items():
            self._create_view(name, table)

    def _create_view(self, name: str, table: pa.Table) -> None:
        require_columns(name, table.column_names)
        declared = TABLES[name]
        columns = [
            select_column(column, quote(column.name) if column.name in table.column_names else None)
            for column in declared.columns
        ]
        if declared.attributes:
            for attribute in table.column_names:
                if declared.column(attribute) is None:
                    number = _is_number(table[attribute].type)
                    self.attributes[attribute] = "number" if number else "text"
                    columns.append(f"{quote(attribute)}::{'DOUBLE' if number else 'VARCHAR'} AS {quote(attribute)}")
        self.connection.register(f"arrow_{name}", cast_table(name, table))
        self.connection.execute(f"CREATE VIEW {self.relation(name)} AS SELECT {', '.join(columns)} FROM arrow_{name}")

    def has(self, table: str) -> bool:
        """Whether the table is there; an absent table means unknown, an empty one known to be none."""
        return table in self._tables

    def relation(self, table: str) -> str:
        """Name of the view of a table."""
        return f"records_{table}"

    def repeated(self, table: str) -> str:
        """Name of a DuckDB table with the ``record_id`` that several rows of a table share."""
        name = f"repeated_{table}"
        create_repeated_texts(self.connection, self.relation(table), "record_id", name)
        return name

    def fingerprint(self) -> str:
        """Raise an error: a part of a county has no fingerprint of its own.

        Raises
        ------
        RecordsError
        """
        raise RecordsError("Arrow tables have no fingerprint.", "Fingerprint the records folder.")

    def __enter__(self) -> ArrowTables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()


_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)


def _is_number(type_: pa.DataType) -> bool:
    return any(is_kind(type_) for is_kind in _NUMBERS)


def build_attribute(values: Sequence[Any]) -> pa.Array:
    """Turn the cells of one attribute into text where any is text, a flag or a day, else into numbers.

    >>> build_attribute([1, None, 2.5]).type, build_attribute([True, "x"]).to_pylist()
    (DataType(double), ['true', 'x'])
    """
    if any(is_textual(value) for value in values):
        return pa.array([None if value is None else format_text(value) for value in values], pa.string())
    return pa.array(values, pa.float64())
