"""CSV files: encoding, header, rows of the wrong width, and loading as text.

DuckDB reads a well-formed file at full speed. Only a file that it refuses is read again row by row, to name the wrong
rows and to go on without them.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from riskml.records.reading.cell_sql import ROW, quote

__all__ = ["CsvError", "RaggedRow", "load_text", "open_as_utf8", "read_header"]

_CHUNK = 1 << 22
_BATCH = 50_000


class CsvError(Exception):
    """A CSV file that cannot be read at all."""


@dataclass(frozen=True)
class RaggedRow:
    """A row with more or fewer cells than the header.

    Parameters
    ----------
    row : int
        Position from 1, blank lines not counted.
    cells : tuple of str
    """

    row: int
    cells: tuple[str, ...]


@contextlib.contextmanager
def open_as_utf8(path: Path) -> Iterator[Path]:
    """Yield a path at which the text is UTF-8: the file itself, or for GB18030 a copy that is removed afterwards.

    Raises
    ------
    UnicodeDecodeError
        If the file is neither.
    """
    try:
        for _ in _decode(path, "utf-8"):
            pass
    except UnicodeDecodeError:
        with tempfile.TemporaryDirectory(prefix="riskml-") as folder:
            copy = Path(folder) / "utf8.csv"
            with copy.open("w", encoding="utf-8", newline="") as target:
                target.writelines(_decode(path, "gb18030"))
            yield copy
    else:
        yield path


def _decode(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def read_header(path: Path) -> list[str]:
    """Read the column names of a UTF-8 file, with or without BOM; empty if the file is.

    Raises
    ------
    CsvError
        If the first line is no CSV header.
    """
    with path.open(encoding="utf-8-sig", newline="") as source:
        try:
            return [name.strip() for name in next((row for row in csv.reader(source) if row), [])]
        except csv.Error as error:
            raise CsvError(str(error)) from error


def load_text(connection: duckdb.DuckDBPyConnection, path: Path, table: str, names: list[str]) -> list[RaggedRow]:
    """Load a UTF-8 CSV file as a table of text, with the row's position in ``#row``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    path : Path
    table : str
        Quoted name of the table to create.
    names : list of str
        Column names, all different, in the order of the file.

    Returns
    -------
    list of RaggedRow
        Rows that were left out since their width is wrong.

    Raises
    ------
    CsvError
        If the file is no CSV.
    """
    columns = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}': 'VARCHAR'" for name in names)
    query = f"""
        CREATE TABLE {table} AS SELECT row_number() OVER () AS {ROW}, * FROM read_csv(?, columns = {{{columns}}},
        auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', encoding = 'utf-8')"""
    try:
        connection.execute(query, [str(path)])
    except duckdb.Error:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        return _load_row_by_row(connection, path, table, names)
    return []


def _load_row_by_row(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, names: list[str]
) -> list[RaggedRow]:
    columns = ", ".join(f"{quote(name)} VARCHAR" for name in names)
    connection.execute(f"CREATE TABLE {table} ({ROW} BIGINT, {columns})")
    ragged: list[RaggedRow] = []
    rows: list[tuple[int, list[str]]] = []
    with path.open(encoding="utf-8-sig", newline="") as source:
        reader = (row for row in csv.reader(source) if row)
        try:
            next(reader, None)
            for number, cells in enumerate(reader, start=1):
                if len(cells) == len(names):
                    rows.append((number, cells))
                else:
                    ragged.append(RaggedRow(number, tuple(cells)))
                if len(rows) == _BATCH:
                    _insert(connection, table, rows)
                    rows = []
        except csv.Error as error:
            connection.execute(f"DROP TABLE {table}")
            raise CsvError(str(error)) from error
    if rows:
        _insert(connection, table, rows)
    return ragged


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[int, list[str]]]) -> None:
    numbers = pa.array([number for number, _ in rows], pa.int64())
    cells = [
        pa.array([cell or None for cell in column], pa.string()) for column in zip(*(c for _, c in rows), strict=True)
    ]
    batch = pa.Table.from_arrays([numbers, *cells], names=[str(i) for i in range(len(cells) + 1)])
    connection.register("csv_batch", batch)
    connection.execute(f"INSERT INTO {table} SELECT * FROM csv_batch")
    connection.unregister("csv_batch")
