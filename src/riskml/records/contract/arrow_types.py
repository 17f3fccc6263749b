"""The Arrow types of the contract's columns, and functions that cast tables to them."""

from __future__ import annotations

import pyarrow as pa

from riskml.errors import RecordsError
from riskml.records.contract.schema import KIND_WORDS, TABLES, Kind
from riskml.text import Text

ARROW_TYPES: dict[Kind, pa.DataType] = {
    **dict.fromkeys((Kind.TEXT, Kind.REGION, Kind.CODE, Kind.CODES), pa.string()),
    **dict.fromkeys((Kind.DATE, Kind.MONTH_START), pa.date32()),
    **dict.fromkeys((Kind.COUNT, Kind.YEAR), pa.int32()),
    Kind.AMOUNT: pa.float64(),
    Kind.FLAG: pa.bool_(),
}
"""The Arrow type for each kind of column."""


def cast_values(values: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    """Cast the values of a column to a type; a column that contains only nulls can be cast to any type.

    Raises
    ------
    pyarrow.ArrowException
        If the type cannot hold the values.
    """
    return pa.chunked_array([pa.nulls(len(values), type_)]) if values.null_count == len(values) else values.cast(type_)


def cast_table(name: str, table: pa.Table) -> pa.Table:
    """Cast the declared columns of a table to the contract's types.

    A database driver infers types from the values that it sees: from SQLite, dates arrive as text, flags as integers,
    and a column of nulls as integers, whatever its declared type.

    Parameters
    ----------
    name : str
        Name of the table in the contract.
    table : pyarrow.Table
        The table; columns that the contract does not declare, such as attributes, are left as they are.

    Raises
    ------
    RecordsError
        If a column holds values that its type cannot hold.

    Examples
    --------
    >>> empty = pa.table({"household_id": pa.array([], pa.int64()), "started_on": pa.array([], pa.int64())})
    >>> cast_table("help", empty).schema.types
    [DataType(string), DataType(date32[day])]
    """
    for i, column_name in enumerate(table.column_names):
        column = TABLES[name].find_column(column_name)
        if column is None or table[i].type == ARROW_TYPES[column.kind]:
            continue
        values, type_ = table[i], ARROW_TYPES[column.kind]
        try:
            cast = cast_values(values, type_)
        except pa.ArrowException as error:
            raise RecordsError(
                "Table {name!r}, column {column!r}: cells must be {kind}, not {given}.",
                "Write dates as 2023-01-05, and amounts and counts as plain numbers.",
                name=name,
                column=column_name,
                kind=Text(KIND_WORDS[column.kind]),
                given=values.type,
            ) from error
        table = table.set_column(i, column_name, cast)
    return table
