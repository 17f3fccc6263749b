"""Load CSV files as text: detect their encoding, read their header, and leave out rows that are empty or too wide.

DuckDB reads a well-formed file at full speed. Only a file that it rejects is read again row by row, so that its
malformed rows can be reported and left out.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import duckdb
import pyarrow as pa

from riskml.records.reading.cell_sql import BLANK, ROW, fetch_row, strip_blanks
from riskml.text import Text

_CHUNK = 1 << 22
_BATCH = 50_000
_MOST_TITLE_ROWS = 20
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MOST_BY_CHANCE = 0.005
"""Share of the lines of a GB18030 file that may also be Chinese in UTF-8."""

_SEPARATORS = {
    ";": Text("semicolons"),
    "\t": Text("tabs"),
    "|": Text("vertical bars"),
    "；": Text("full-width semicolons"),
    "，": Text("full-width commas"),
}

_LIMIT = "field limit"
"""Part of Python's message about a cell of more than 131,072 characters: no cell of a table is that long."""


class CsvError(Exception):
    """A CSV file that cannot be read: the code of the rule that it breaks, and the values of its finding.

    The name of the file, the value ``file``, is left to the caller.
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass
class Loaded:
    """Rows of a CSV file that were left out.

    Parameters
    ----------
    empty : list of int
        Positions of rows without any value.
    ragged : dict of int to list of str
        Maps the position of each row that has more or fewer cells than the header to the row's cells.
    """

    empty: list[int] = field(default_factory=list)
    ragged: dict[int, list[str]] = field(default_factory=dict)


@contextlib.contextmanager
def open_as_utf8(path: Path) -> Iterator[Path]:
    """Yield the path of a UTF-8 file: the file itself, or a converted copy of a GB18030 file.

    The copy is removed afterwards.

    Raises
    ------
    CsvError
        If the file is neither UTF-8 nor GB18030, or has lines in both.
    """
    try:
        for _ in _decode(path, "utf-8"):
            pass
    except UnicodeDecodeError:
        _require_one_encoding(path)
        with tempfile.TemporaryDirectory(prefix="riskml-") as folder:
            copy = Path(folder) / "utf8.csv"
            try:
                with copy.open("w", encoding="utf-8", newline="") as target:
                    target.writelines(_decode(path, "gb18030"))
            except UnicodeDecodeError as error:
                raise CsvError("unreadable_text") from error
            yield copy
    else:
        yield path


def _require_one_encoding(path: Path) -> None:
    """Refuse a file that is not UTF-8 as a whole if lines with Chinese are: as GB18030, these would be garbled.

    A line of GB18030 is hardly ever Chinese in UTF-8 as well.
    """
    first, counts = dict[bool, int](), Counter[bool]()
    with path.open("rb") as source:
        for number, line in enumerate(source, start=1):
            if not line.isascii():
                chinese = bool(_CHINESE.search(_try_decode(line, "utf-8")))
                if not chinese and not _try_decode(line, "gb18030"):
                    return  # it is neither
                counts[chinese] += 1
                first.setdefault(chinese, number)
    if counts[True] > _MOST_BY_CHANCE * counts[False] > 0:
        raise CsvError("mixed_encoding", utf8=first[True], other=first[False])


def _try_decode(line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _decode(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def read_header(path: Path, declared: Collection[str] = ()) -> list[str]:
    """Read the column names of a UTF-8 file, with or without BOM.

    Raises
    ------
    CsvError
        If the file is empty; if a quote that opens in the header is not closed there; if the first row has none of the
        declared names, and a row soon after it has two or more; if a character other than a comma separates two or more
        of the declared names in one of these rows; if the first line cannot be parsed as CSV; if a name holds a null
        character, as in UTF-16.
    """
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = read_cells(source)
        names = next((row for _, row in rows if row), [])
        below = [] if _count_names(names, declared) else itertools.islice(rows, _MOST_TITLE_ROWS)
        for number, row in itertools.chain([(1, names)], below):
            if separator := find_separator(row, declared):
                raise CsvError("wrong_separator", separator=separator)
            if number > 1 and _count_names(row, declared) > 1:
                raise CsvError("late_header", row=number)
    if not names:
        raise CsvError("damaged_file", reason=Text("it is empty and has no header"))
    if any("\n" in name and "," in name for name in names):
        raise CsvError("unclosed_quote", line=1)
    if any("\0" in name for name in names):  # UTF-16 without BOM
        raise CsvError("unreadable_text")
    return names


def _count_names(row: list[str], declared: Collection[str]) -> int:
    return len({strip_blanks(cell).lower() for cell in row}.intersection(declared))


def find_separator(row: list[str], declared: Collection[str]) -> Text | None:
    """Find the character that separates two or more declared names in a row that has none between commas.

    >>> find_separator(['code;"name"'], ("code", "name")), find_separator(["code", "name;note"], ("code", "name"))
    ('semicolons', None)
    """
    if _count_names(row, declared):
        return None
    text = ",".join(row).replace('"', "")
    return next((name for mark, name in _SEPARATORS.items() if _count_names(text.split(mark), declared) > 1), None)


def load_text(connection: duckdb.DuckDBPyConnection, path: Path, table: str, width: int) -> Loaded:
    """Load a UTF-8 CSV file into a table of texts with the columns ``c1``, ``c2`` and so on, and ``#row``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    path : Path
    table : str
        Quoted name of the table to create.
    width : int
        Number of columns in the header.

    Returns
    -------
    Loaded
        The rows that were left out. Positions are counted from 1, and blank lines are not counted.

    Raises
    ------
    CsvError
        If one cell holds several lines of the file that look like rows, or the file cannot be parsed as CSV.
    """
    names = [f"c{i}" for i in range(1, width + 1)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    # The header is read as a row and left out, because DuckDB loses rows after a header with a line break.
    query = f"""
        CREATE TEMP TABLE {table} AS SELECT * FROM (
            SELECT row_number() OVER () - 1 AS {ROW}, * FROM read_csv(?, columns = {{{columns}}},
            auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', encoding = 'utf-8'))
        WHERE {ROW} > 0"""
    try:
        connection.execute(query, [str(path)])
    except duckdb.Error:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        return _load_row_by_row(connection, path, table, names)
    broken = " OR ".join(f"contains({name}, chr(10))" for name in names)
    if width > 1 and fetch_row(connection, f"SELECT count(*) FROM {table} WHERE {broken}") != (0,):
        _require_closed_quotes(path)
    first = f"coalesce({', '.join(names)})"
    # Only a row whose first text does not begin with a visible ASCII character is looked at more closely.
    blank = f"regexp_full_match(concat({', '.join(names)}), '{BLANK}*')"
    empty = f"{first} IS NULL OR (NOT {first} BETWEEN '!' AND '~' AND {blank})"
    rows = connection.execute(f"DELETE FROM {table} WHERE {empty} RETURNING {ROW}").fetchall()
    return Loaded(empty=sorted(row for (row,) in rows))


def read_cells(source: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of every row of a CSV file, those of its header and of blank lines included.

    Raises
    ------
    CsvError
        If one cell holds several lines of the file that look like rows, or the file cannot be parsed as CSV.

    Notes
    -----
    A quote that is never closed turns several lines into one cell, which has as many commas as these lines would have
    as rows of the table. A note with line breaks does not have so many.
    """
    reader, before, width = csv.reader(source), 0, 0
    try:
        for number, row in enumerate(reader, start=1):
            if width > 1 and reader.line_num - before > 1:
                _require_one_row(row, width, before + 1)
            yield number, row
            before, width = reader.line_num, width or len(row)
    except csv.Error as error:
        if _LIMIT in str(error):
            raise CsvError("unclosed_quote", line=before + 1) from error
        raise CsvError("damaged_file", reason=str(error)) from error


def _read_rows(source: TextIO) -> Iterator[list[str]]:
    """Yield the rows of a CSV file, without its header and without blank lines."""
    return itertools.islice((row for _, row in read_cells(source) if row), 1, None)


def _require_one_row(row: list[str], width: int, line: int) -> None:
    """Raise `CsvError` if a cell of a row that begins on ``line`` holds lines that look like rows."""
    for cell in row:
        text = cell.rstrip()
        breaks = text.count("\n")
        if breaks and text.count(",") >= max(1, breaks * (width - 1) + width - len(row)):
            raise CsvError("unclosed_quote", line=line)
        line += cell.count("\n")


def _require_closed_quotes(path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as source:
        for _ in read_cells(source):
            pass


def _load_row_by_row(connection: duckdb.DuckDBPyConnection, path: Path, table: str, names: list[str]) -> Loaded:
    columns = ", ".join(f"{name} VARCHAR" for name in names)
    connection.execute(f"CREATE TEMP TABLE {table} ({ROW} BIGINT, {columns})")
    loaded = Loaded()
    with path.open(encoding="utf-8-sig", newline="") as source:
        numbered = enumerate(_read_rows(source), start=1)
        while batch := dict(itertools.islice(numbered, _BATCH)):
            filled = {number: cells for number, cells in batch.items() if any(map(strip_blanks, cells))}
            loaded.empty += sorted(batch.keys() - filled.keys())
            loaded.ragged |= {number: cells for number, cells in filled.items() if len(cells) != len(names)}
            _insert(connection, table, {n: cells for n, cells in filled.items() if n not in loaded.ragged})
    return loaded


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: dict[int, list[str]]) -> None:
    if rows:
        columns = zip(*rows.values(), strict=True)
        texts = [pa.array([cell or None for cell in column], pa.string()) for column in columns]
        arrays = [pa.array(list(rows), pa.int64()), *texts]
        connection.register("csv_batch", pa.Table.from_arrays(arrays, names=[str(i) for i in range(len(arrays))]))
        connection.execute(f"INSERT INTO {table} SELECT * FROM csv_batch")
        connection.unregister("csv_batch")
