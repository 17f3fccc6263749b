"""Load CSV files as text: detect their encoding, read their header, and leave out rows of the wrong width.

DuckDB reads a well-formed file at full speed. Only a file that it rejects is read again row by row, so that its
malformed rows can be reported and left out.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from riskml.records.reading.cell_sql import ROW, quote

__all__ = ["CsvError", "load_text", "open_as_utf8", "read_header"]

_CHUNK = 1 << 22
_BATCH = 50_000


class CsvError(Exception):
    """A CSV file that cannot be read at all."""


@contextlib.contextmanager
def open_as_utf8(path: Path) -> Iterator[Path]:
    """Yield the path of a UTF-8 file: the file itself, or a converted copy of a GB18030 file.

    The copy is removed afterwards.

    Raises
    ------
    UnicodeDecodeError
        If the file is neither UTF-8 nor GB18030.
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
    """Read the column names of a UTF-8 file, with or without BOM; return an empty list if the file is empty.

    Raises
    ------
    CsvError
        If the first line cannot be parsed as CSV.
    """
    with path.open(encoding="utf-8-sig", newline="") as source:
        try:
            return [name.strip() for name in next((row for row in csv.reader(source) if row), [])]
        except csv.Error as error:
            raise CsvError(str(error)) from error


def load_text(connection: duckdb.DuckDBPyConnection, path: Path, table: str, names: list[str]) -> dict[int, list[str]]:
    """Load a UTF-8 CSV file into a table whose columns are text, with each row's position in ``#row``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    path : Path
    table : str
        Quoted name of the table to create.
    names : list of str
        Column names, all of them different, in the order of the file.

    Returns
    -------
    dict of int to list of str
        Maps the position of each row that was left out, because it has more or fewer cells than the header, to the
        row's cells. Positions are counted from 1, and blank lines are not counted.

    Raises
    ------
    CsvError
        If the file cannot be parsed as CSV.
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
    return {}


def _load_row_by_row(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, names: list[str]
) -> dict[int, list[str]]:
    columns = ", ".join(f"{quote(name)} VARCHAR" for name in names)
    connection.execute(f"CREATE TABLE {table} ({ROW} BIGINT, {columns})")
    ragged: dict[int, list[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as source:
        numbered = enumerate(row for row in csv.reader(source) if row)
        try:
            next(numbered, None)
            while batch := dict(itertools.islice(numbered, _BATCH)):
                ragged |= {number: cells for number, cells in batch.items() if len(cells) != len(names)}
                _insert(connection, table, {n: cells for n, cells in batch.items() if n not in ragged})
        except csv.Error as error:
            connection.execute(f"DROP TABLE {table}")
            raise CsvError(str(error)) from error
    return ragged


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: dict[int, list[str]]) -> None:
    if rows:
        columns = zip(*rows.values(), strict=True)
        texts = [pa.array([cell or None for cell in column], pa.string()) for column in columns]
        arrays = [pa.array(list(rows), pa.int64()), *texts]
        connection.register("csv_batch", pa.Table.from_arrays(arrays, names=[str(i) for i in range(len(arrays))]))
        connection.execute(f"INSERT INTO {table} SELECT * FROM csv_batch")
        connection.unregister("csv_batch")
