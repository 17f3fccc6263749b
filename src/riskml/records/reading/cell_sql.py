"""SQL that converts the cells of a file to their declared kinds.

A cell that cannot be converted does not stop the reading: its value becomes null, and its raw text is kept for the
check.
"""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.schema import Column, Kind, Table

_SQL = {"string": "VARCHAR", "date32[day]": "DATE", "int32": "INTEGER", "double": "DOUBLE", "bool": "BOOLEAN"}
SQL_TYPES: dict[Kind, str] = {kind: _SQL[str(type_)] for kind, type_ in ARROW_TYPES.items()}
"""The DuckDB type for each kind of column."""

FILE, ROW = '"#file"', '"#row"'
"""Columns that a table's *numbered view* adds to each row: the part's file name (empty for a single file) and the row's
number, counted from 1."""

NULL_FIRST = "coalesce(recorded_on, DATE '0001-01-01')"
"""Order of versions: an empty ``recorded_on`` comes before every date."""

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_REAL = ("FLOAT", "DOUBLE")
NUMBER_TYPES = frozenset({*_WHOLE, *_REAL, "DECIMAL"})
"""DuckDB types that hold numbers (DECIMAL stands for any width)."""

NUMBER_TEXT = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
"""Pattern for texts that are numbers; DuckDB alone would also accept 1_000, nan and inf."""

BLANK = r"[\s\pZ\pC]"
"""Pattern for one blank or invisible character, such as a tab, a full-width blank or a byte order mark."""

_DATE = r"\s*[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}\s*"
_PLAIN = r"[+-]?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_SEPARATED = r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?"
# A unit that multiplies, such as 万元, would change the number.
_UNIT = r"(?:[^\pN\pP\pS\pZ\pC十百千万亿几多余kKmMwW]\pL{0,2}|㎡|m²|m)?"

_FLAGS = {"true": ("true", "t", "1", "yes", "y"), "false": ("false", "f", "0", "no", "n")}


@dataclass(frozen=True)
class Cell:
    """SQL expressions for one column.

    Parameters
    ----------
    value : str
        Expression for the value in the declared type; null if the cell cannot be converted.
    raw : str, optional
        Expression for the text of a cell that cannot be converted, and null for any other cell. None if every cell can
        be converted.
    wrong : bool, default False
        Whether the column's type cannot hold the declared kind at all; every value is then null.
    """

    value: str
    raw: str | None = None
    wrong: bool = False


def strip_blanks(text: str) -> str:
    """Remove blanks and invisible characters from both ends of a text.

    >>> strip_blanks("\ufeff size\u3000")
    'size'
    """
    if text.isprintable():  # no character but an ordinary blank is of the categories Z and C
        return text.strip(" ")
    return text.strip("".join(character for character in text if unicodedata.category(character)[0] in "ZC"))


def quote(name: str) -> str:
    """Quote an SQL identifier.

    >>> quote('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: object) -> str:
    """Quote a text, or the path of a file to write, as an SQL string.

    >>> quote_text("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def read_parquet_sql(files: Sequence[Path], path: str = "") -> str:
    """Build the SQL that reads Parquet files; folders named ``key=value`` above them add no columns.

    ``path`` is the name of a further column with the path of each row's file.
    """
    # These characters have a meaning in glob patterns.
    escaped = [str(file).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]") for file in files]
    names, more = ", ".join(map(quote_text, escaped)), f", filename = {quote_text(path)}" if path else ""
    return f"read_parquet([{names}], hive_partitioning = false{more})"


def fetch_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Run a query that returns one row, and fetch the whole result, since an unfinished one blocks the connection."""
    rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return rows[0]


def select_column(column: Column, value: str | None) -> str:
    """Build the SQL that selects a declared column under its name; nulls are replaced by its default."""
    value = value or f"NULL::{SQL_TYPES[column.kind]}"
    if column.default is not None:
        value = f"coalesce({value}, {column.default})"
    return f"{value} AS {quote(column.name)}"


def build_day_sql(table: Table) -> str:
    """Build the SQL for the day that a row is about; for income, this is the last day of the period.

    >>> from riskml.records.contract.schema import TABLES
    >>> build_day_sql(TABLES["events"])
    'occurred_on'
    """
    if table.day == "period_start":
        # Absurdly long periods are shortened here, so that they are reported and do not overflow the calendar.
        return "last_day((period_start + to_months(least(greatest(months, 1), 12000) - 1))::DATE)"
    return table.day or "NULL::DATE"


def connect() -> duckdb.DuckDBPyConnection:
    """Connect to the process's in-memory DuckDB, since starting one takes longer than most of the queries.

    Connections do not see each other's temporary tables and views, and closing one frees them; create no others.
    """
    process = os.getpid()
    try:
        connection = _start(process).cursor()
        connection.execute("SELECT 1").fetchall()
    except duckdb.Error:  # an internal error in any earlier query makes a DuckDB unusable
        _start.cache_clear()
        connection = _start(process).cursor()
    return connection


@cache
def _start(process: int) -> duckdb.DuckDBPyConnection:
    """Start a DuckDB that never fetches extensions, so that it works the same everywhere, even offline."""
    spilled = str(Path(tempfile.gettempdir()) / f"riskml-duckdb-{process}")
    off = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(config={**off, "temp_directory": spilled})


def limit_resources(memory: int, threads: int) -> None:
    """Limit the process's DuckDB to bytes of memory (0 for no limit of its own) and threads; it spills the rest."""
    if memory:
        _start(os.getpid()).execute(f"SET memory_limit = '{memory}B'")
    _start(os.getpid()).execute(f"SET threads = {threads}")


def quote_attribute(name: str) -> str:
    """Return the quoted name of an attribute's column in a view, which no name in a query can equal."""
    return quote(f"attribute {name}")


def quote_raw(column: str) -> str:
    """Return the quoted name of the column in the numbered view that holds the raw text of unreadable cells."""
    return quote(f"#raw {column}")


def get_family(sql_type: str) -> str:
    """Return a DuckDB type without its parameters.

    >>> get_family("DECIMAL(18,3)"), get_family('"NULL"')
    ('DECIMAL', 'NULL')
    """
    return sql_type.split("(")[0].strip('"')


def convert_cell(cell: str, kind: Kind, sql_type: str, *, text: bool = False, blank: bool = False) -> Cell:
    """Convert a column of a file to its declared kind.

    Parameters
    ----------
    cell : str
        SQL for the cell as it is in the file.
    kind : Kind
    sql_type : str
        Type that DuckDB reports for the column; ``"NULL"`` if the column has no values.
    text : bool, default False
        Whether every cell of the file is text (CSV), so that numbers and flags must be parsed.
    blank : bool, default False
        Whether some cells of a text column begin or end with blanks or invisible characters, which are removed.

    Returns
    -------
    Cell

    Examples
    --------
    >>> convert_cell("amount", Kind.AMOUNT, "DOUBLE")
    Cell(value='amount', raw=None, wrong=False)
    >>> convert_cell("household_id", Kind.TEXT, "BIGINT").wrong
    True
    """
    family, target = get_family(sql_type), SQL_TYPES[kind]
    if family == "NULL":
        return Cell(f"NULL::{target}")
    value = _convert_sql(cell, family, target, text=text)
    if value is None:
        return Cell(f"NULL::{target}", wrong=True)
    if target == "VARCHAR" and blank:
        stripped = f"regexp_replace({cell}::VARCHAR, '^{BLANK}+|{BLANK}+$', '', 'g')"
        return Cell(f"nullif({stripped}, '')", f"CASE WHEN {stripped} <> {cell}::VARCHAR THEN {cell}::VARCHAR END")
    if value == cell or target == "VARCHAR" or family == "DATE":
        return Cell(value)
    filled = f"nullif({cell}, '')" if family == "VARCHAR" else cell
    return Cell(value, f"CASE WHEN ({value}) IS NULL THEN {filled}::VARCHAR END")


def _convert_sql(name: str, family: str, target: str, *, text: bool) -> str | None:
    """Build the SQL that converts a column, with null for unreadable cells; return None if no cell can be converted."""
    if target == "VARCHAR":
        plain = f"{name}::VARCHAR" if family in {"ENUM", "UUID"} else None
        return f"nullif({name}, '')" if family == "VARCHAR" else plain
    if family == target:
        return name
    parsed = family == "VARCHAR" and text
    match target:
        case "DATE" if family == "TIMESTAMP WITH TIME ZONE":
            return f"({name} AT TIME ZONE 'Asia/Shanghai')::DATE"
        case "DATE" if family.startswith("TIMESTAMP"):
            return f"{name}::DATE"
        case "DATE" if family == "VARCHAR":
            return f"CASE WHEN regexp_full_match({name}, '{_DATE}') THEN try_cast(trim({name}) AS DATE) END"
        case "INTEGER" if family in _WHOLE:
            return f"try_cast({name} AS INTEGER)"
        case "INTEGER" if number := _convert_sql(name, family, "DOUBLE", text=text):
            return f"CASE WHEN ({number}) = floor({number}) THEN try_cast(({number}) AS INTEGER) END"
        case "DOUBLE" if family in NUMBER_TYPES:
            return f"{name}::DOUBLE"
        case "DOUBLE" if parsed:
            return f"CASE WHEN regexp_full_match({name}, '{NUMBER_TEXT}') THEN try_cast({name} AS DOUBLE) END"
        case "BOOLEAN" if family in NUMBER_TYPES:
            return f"CASE {name} WHEN 1 THEN true WHEN 0 THEN false END"
        case "BOOLEAN" if parsed:
            cases = " ".join(f"WHEN lower(trim({name})) IN {words} THEN {value}" for value, words in _FLAGS.items())
            return f"CASE {cases} END"
    return None


def is_plain_number(cell: str) -> str:
    """Build the SQL that tests whether a text is a number, but not a code such as 0012 nor too long for a double."""
    return f"regexp_full_match(trim({cell}), '{_PLAIN}')"


def read_number_sql(cell: str, *, unit: bool = True) -> str:
    """Build the SQL that reads a text with full-width digits, thousands separators or a unit as a number, or null."""
    plain = f"translate({cell}, '０１２３４５６７８９．，－−＋　', '0123456789.,--+ ')"
    pattern = rf"^\s*[¥￥]?({_SEPARATED}|{_PLAIN})\s*{_UNIT if unit else ''}\s*$"
    return f"try_cast(replace(nullif(regexp_extract({plain}, '{pattern}', 1), ''), ',', '') AS DOUBLE)"


def convert_attribute(cell: str, sql_type: str, kind: str, *, text: bool = False) -> Cell:
    """Convert an attribute of a household to a number or to text.

    Parameters
    ----------
    cell : str
        SQL for the cell as it is in the file.
    sql_type : str
        Type that DuckDB reports for the column.
    kind : str
        ``number`` or ``text``.
    text : bool, default False
        Whether every cell of the file is text (CSV). A number is then also read if it has full-width digits, thousands
        separators or a unit; any other text is missing. The raw text is kept in both cases.

    Returns
    -------
    Cell
        The SQL for the column, with NaN converted to null; ``wrong`` is true if the type is nested or binary.
    """
    family = get_family(sql_type)
    if kind == "number" and text:
        number = f"try_cast(trim({cell}) AS DOUBLE)"
        return Cell(
            f"CASE WHEN {is_plain_number(cell)} THEN {number} ELSE {read_number_sql(cell)} END",
            f"CASE WHEN NOT {is_plain_number(cell)} THEN nullif({cell}, '') END",
        )
    if kind == "number":
        number = f"try_cast({cell} AS DOUBLE)"
        return Cell(f"CASE WHEN NOT isnan({number}) THEN {number} END")
    if sql_type.endswith("]") or family in {"STRUCT", "MAP", "UNION", "LIST", "BLOB"}:
        return Cell("NULL::VARCHAR", wrong=True)
    return Cell(f"nullif({cell}::VARCHAR, '')")
