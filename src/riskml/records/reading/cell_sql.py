"""SQL that converts the cells of a file to their declared kinds.

A cell that cannot be converted never stops reading: its value is null and its raw text is kept for the check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from riskml.records.contract.schema import Column, Kind

__all__ = [
    "FILE",
    "NUMBER_TYPES",
    "ROW",
    "SQL_TYPES",
    "Cell",
    "connect",
    "convert_attribute",
    "convert_cell",
    "fetch_row",
    "quote",
    "quote_raw",
    "select_column",
]

SQL_TYPES: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.REGION: "VARCHAR",
    Kind.CODE: "VARCHAR",
    Kind.CODES: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.MONTH_START: "DATE",
    Kind.COUNT: "INTEGER",
    Kind.YEAR: "INTEGER",
    Kind.AMOUNT: "DOUBLE",
    Kind.FLAG: "BOOLEAN",
}
"""Type of every kind of column in DuckDB."""

FILE, ROW = '"#file"', '"#row"'
"""Columns of a numbered view: name of the part (empty for a single file) and row from 1."""

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_REAL = ("FLOAT", "DOUBLE")
NUMBER_TYPES = frozenset({*_WHOLE, *_REAL, "DECIMAL"})
"""DuckDB types that are numbers (a DECIMAL without its width)."""

NUMBER_TEXT = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
"""Texts that are numbers: DuckDB alone would also take 1_000, nan and inf."""

_DATE = r"\s*[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}\s*"
_FLAGS = {"true": ("true", "t", "1", "yes", "y"), "false": ("false", "f", "0", "no", "n")}


@dataclass(frozen=True)
class Cell:
    """SQL of one column.

    Parameters
    ----------
    value : str
        Expression of the declared type; null where the cell cannot be converted.
    raw : str, optional
        Expression of the cell's text where it cannot be converted, else null. None where that cannot happen.
    wrong : bool, default False
        Whether the column's type cannot hold the kind at all: the value is null throughout.
    """

    value: str
    raw: str | None = None
    wrong: bool = False


def quote(name: str) -> str:
    """Quote an SQL identifier.

    >>> quote('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def fetch_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Run a query that returns one row, and fetch all of it: an unfinished result blocks the connection."""
    rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return rows[0]


def select_column(column: Column, value: str | None) -> str:
    """SQL of a declared column under its name: its value, or null where there is none, with its default."""
    value = value or f"NULL::{SQL_TYPES[column.kind]}"
    if column.default is not None:
        value = f"coalesce({value}, {column.default})"
    return f"{value} AS {quote(column.name)}"


def connect(**config: str) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that never fetches extensions: it works offline, and the same everywhere."""
    return duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", **config}
    )


def quote_raw(column: str) -> str:
    """Name of the column of a numbered view that holds the raw text of cells that could not be converted."""
    return quote(f"#raw {column}")


def convert_cell(column: str, kind: Kind, sql_type: str, *, text: bool = False) -> Cell:
    """Convert a column of a file to its declared kind.

    Parameters
    ----------
    column : str
        Name in the file.
    kind : Kind
    sql_type : str
        Type that DuckDB gives it; ``"NULL"`` for a column without values.
    text : bool, default False
        Whether every cell of the file is text (CSV), so that numbers and flags are parsed.

    Returns
    -------
    Cell

    Examples
    --------
    >>> convert_cell("amount", Kind.AMOUNT, "DOUBLE")
    Cell(value='"amount"', raw=None, wrong=False)
    >>> convert_cell("household_id", Kind.TEXT, "BIGINT").wrong
    True
    """
    name, family, target = quote(column), sql_type.split("(")[0].strip('"'), SQL_TYPES[kind]
    if family == "NULL":
        return Cell(f"NULL::{target}")
    value = {"VARCHAR": _as_text, "DATE": _as_date, "INTEGER": _as_count, "DOUBLE": _as_amount, "BOOLEAN": _as_flag}[
        target
    ](name, family, text)
    if value is None:
        return Cell(f"NULL::{target}", wrong=True)
    if value == name or target == "VARCHAR" or family == "DATE":
        return Cell(value)
    filled = f"nullif({name}, '')" if family == "VARCHAR" else name
    return Cell(value, f"CASE WHEN ({value}) IS NULL THEN {filled}::VARCHAR END")


def _as_text(name: str, family: str, text: bool) -> str | None:
    del text
    if family == "VARCHAR":
        return f"nullif({name}, '')"
    return f"{name}::VARCHAR" if family in {"ENUM", "UUID"} else None


def _as_date(name: str, family: str, text: bool) -> str | None:
    del text
    if family == "DATE":
        return name
    if family == "TIMESTAMP WITH TIME ZONE":
        return f"({name} AT TIME ZONE 'Asia/Shanghai')::DATE"
    if family.startswith("TIMESTAMP"):
        return f"{name}::DATE"
    if family == "VARCHAR":
        return f"CASE WHEN regexp_full_match({name}, '{_DATE}') THEN try_cast(trim({name}) AS DATE) END"
    return None


def _as_count(name: str, family: str, text: bool) -> str | None:
    if family == "INTEGER":
        return name
    if family in _WHOLE:
        return f"try_cast({name} AS INTEGER)"
    number = _as_amount(name, family, text)
    if number is None:
        return None
    return f"CASE WHEN ({number}) = floor({number}) THEN try_cast(({number}) AS INTEGER) END"


def _as_amount(name: str, family: str, text: bool) -> str | None:
    if family == "DOUBLE":
        return name
    if family in NUMBER_TYPES:
        return f"{name}::DOUBLE"
    if family == "VARCHAR" and text:
        return f"CASE WHEN regexp_full_match({name}, '{NUMBER_TEXT}') THEN try_cast({name} AS DOUBLE) END"
    return None


def _as_flag(name: str, family: str, text: bool) -> str | None:
    if family == "BOOLEAN":
        return name
    if family in NUMBER_TYPES:
        return f"CASE {name} WHEN 1 THEN true WHEN 0 THEN false END"
    if family == "VARCHAR" and text:
        cases = " ".join(f"WHEN lower(trim({name})) IN {words} THEN {value}" for value, words in _FLAGS.items())
        return f"CASE {cases} END"
    return None


def convert_attribute(column: str, sql_type: str, kind: str) -> Cell:
    """Convert an attribute of a household to a number or to text.

    Parameters
    ----------
    column : str
    sql_type : str
        Type that DuckDB gives the column.
    kind : str
        ``number`` or ``text``.

    Returns
    -------
    Cell
        Wrong for nested and binary types. Not-a-number means null.
    """
    name, family = quote(column), sql_type.split("(")[0].strip('"')
    if kind == "number":
        number = f"try_cast({name} AS DOUBLE)"
        return Cell(f"CASE WHEN NOT isnan({number}) THEN {number} END")
    if sql_type.endswith("]") or family in {"STRUCT", "MAP", "UNION", "LIST", "BLOB"}:
        return Cell("NULL::VARCHAR", wrong=True)
    return Cell(f"nullif({name}::VARCHAR, '')")
