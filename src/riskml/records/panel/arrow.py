"""Arrow tables of many households, such as those that a database returns, packed by the same SQL as a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from riskml.records.contract.arrow_types import cast_table
from riskml.records.contract.required import require_columns, require_tables
from riskml.records.contract.schema import TABLES
from riskml.records.panel.cells import format_texts, parse_floats
from riskml.records.reading.cell_sql import connect, quote, quote_attribute, select_column
from riskml.records.reading.views import TypedViews


class ArrowTables(TypedViews):
    """Arrow tables as typed DuckDB views, like an opened records folder.

    Parameters
    ----------
    tables : dict of str to pyarrow.Table
        Tables by their names in the contract. Columns of a type other than the declared one are cast: a date may be
        text, a flag may be an integer, and a column of nulls may have any type. Columns that the contract does not
        declare are attributes if the table may have attributes, and are ignored otherwise. An attribute is a number if
        its type is numeric or null, and text otherwise.

    Raises
    ------
    RecordsError
        If a table is unknown, a required table or column is missing, or a column's values cannot be cast.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        require_tables(tables)
        super().__init__(connect(), tables, {})
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
                if declared.find_column(attribute) is None:
                    number = _is_number(table[attribute].type)
                    self.attributes[attribute] = "number" if number else "text"
                    type_ = "DOUBLE" if number else "VARCHAR"
                    columns.append(f"{quote(attribute)}::{type_} AS {quote_attribute(attribute)}")
        self.connection.register(f"arrow_{name}", cast_table(name, table))
        query = f"SELECT {', '.join(columns)} FROM arrow_{name}"
        self.connection.execute(f"CREATE TEMP VIEW {self.get_view(name)} AS {query}")


_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)


def _is_number(type_: pa.DataType) -> bool:
    return any(is_kind(type_) for is_kind in _NUMBERS)


def build_attribute(values: Sequence[Any]) -> pa.Array:
    """Turn the cells of one attribute into text if any of them is text, a flag or a date; otherwise into numbers.

    >>> build_attribute([1, None, 2.5]).type, build_attribute([True, "x"]).to_pylist()
    (DataType(double), ['true', 'x'])
    """
    texts = format_texts(values)
    return pa.array(parse_floats(values), from_pandas=True) if texts is None else pa.array(texts, pa.string())
