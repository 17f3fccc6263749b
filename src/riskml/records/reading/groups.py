"""Group a table's files by their columns and types, so that one DuckDB expression can read each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from riskml.errors import shorten_list
from riskml.records.contract.faults import Fault
from riskml.records.reading import file_rules as rules
from riskml.records.reading.cell_sql import FILE, ROW, quote
from riskml.records.reading.csv_files import CsvError, load_text, open_as_utf8, read_header
from riskml.records.reading.files import Source

__all__ = ["Group", "group_parquet", "load_csv", "quote_path", "report_damage"]


@dataclass
class Group:
    """Files with the same columns and types.

    Parameters
    ----------
    name : str
        Name of the first file, for messages.
    types : dict of str to str
        DuckDB types by column name.
    relation : str
        SQL that reads the files.
    position : str
        SQL that selects the columns ``#file`` and ``#row``.
    text : bool, default False
        Whether all cells are text (CSV).
    files : int, default 1
        Number of files.
    """

    name: str
    types: dict[str, str]
    relation: str
    position: str
    text: bool = False
    files: int = 1


def load_csv(
    connection: duckdb.DuckDBPyConnection, source: Source, faults: list[Fault]
) -> tuple[list[Group], dict[int, list[str]]]:
    """Load a table's CSV file; return its group, if it can be read, and the cells of rows that have the wrong width."""
    path, loaded = source.files[0], quote(f"#csv {source.table}")
    try:
        with open_as_utf8(path) as copy:
            header = read_header(copy)
            if not header:
                faults.append(rules.DAMAGED_FILE.to_fault(source.table, "", f"{path.name} is empty: it has no header."))
                return [], {}
            names = _rename_repeated(source.table, header, faults)
            ragged = load_text(connection, copy, loaded, names)
    except UnicodeDecodeError:
        faults.append(rules.UNREADABLE_TEXT.to_fault(source.table, "", f"{path.name} is neither UTF-8 nor GB18030."))
        return [], {}
    except (CsvError, OSError) as error:
        faults.append(report_damage(source.table, path, error))
        return [], {}
    if ragged:
        message = f"{len(ragged)} row(s) of {path.name} have more or fewer than the {len(names)} cells of the header."
        faults.append(rules.RAGGED_ROW.to_fault(source.table, "", message, count=len(ragged), rows=list(ragged)))
    types = {name: "VARCHAR" for name in names if not name.startswith("#")}
    return [Group(path.name, types, loaded, f"'' AS {FILE}, {ROW}", text=True)], ragged


def _rename_repeated(table: str, header: Sequence[str], faults: list[Fault]) -> list[str]:
    """Rename each column that repeats an earlier name to ``#<position>``; these are reported, and skipped later."""
    seen: set[str] = set()
    names: list[str] = []
    for position, name in enumerate(header, start=1):
        name = name or f"column {position} without a name"
        names.append(f"#{position}" if name.lower() in seen else name)
        seen.add(name.lower())
    if repeated := [name for name, kept in zip(header, names, strict=True) if kept.startswith("#")]:
        message = f"{len(repeated)} column name(s) appear more than once: {shorten_list(repeated)}."
        faults.append(rules.DUPLICATE_COLUMN.to_fault(table, repeated[0], message, count=len(repeated)))
    return names


def group_parquet(connection: duckdb.DuckDBPyConnection, source: Source, faults: list[Fault]) -> list[Group]:
    """Group the Parquet files of a table by columns and types; damaged files are reported and left out."""
    by_types: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for path in source.files:
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote_path(path)})").fetchall()
        except duckdb.Error as error:
            faults.append(report_damage(source.table, path, error))
        else:
            by_types.setdefault(tuple((str(row[0]), str(row[1])) for row in described), []).append(path)
    part = "parse_filename(filename)" if source.form == "parts" else "''"
    position = f"{part} AS {FILE}, file_row_number + 1 AS {ROW}"
    groups = []
    for types, paths in by_types.items():
        relation = f"read_parquet([{', '.join(map(quote_path, paths))}])"
        groups.append(Group(paths[0].name, dict(types), relation, position, files=len(paths)))
    return groups


def report_damage(table: str, path: Path, error: Exception) -> Fault:
    """Report a file that cannot be read, with the first line of the error."""
    return rules.DAMAGED_FILE.to_fault(table, "", f"{path.name} cannot be read: {str(error).splitlines()[0]}.")


def quote_path(path: Path) -> str:
    """Quote a path as an SQL string, and escape the characters that have a meaning in glob patterns."""
    name = str(path).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    return "'" + name.replace("'", "''") + "'"
