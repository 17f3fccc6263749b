"""Group a table's files by their columns and types, so that one DuckDB expression can read each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import TABLES
from riskml.records.reading.cell_sql import FILE, ROW, get_family, quote, read_parquet_sql, strip_blanks
from riskml.records.reading.csv_files import CsvError, load_text, open_as_utf8, read_header
from riskml.records.reading.files import Source
from riskml.records.reading.rules import RULES
from riskml.text import Text, shorten_list


@dataclass
class Group:
    """Files with the same columns and types.

    Parameters
    ----------
    name : str
        Name of the first file, for messages.
    types : dict of str to str
        DuckDB types by column name.
    cells : dict of str to str
        SQL for a cell of each column, by column name.
    relation : str
        SQL that reads the files.
    position : str
        SQL that selects the columns ``#file`` and ``#row``.
    text : bool, default False
        Whether all cells are text (CSV).
    files : int, default 1
        Number of files.
    unnamed : list of str
        Names that stand for columns without one.
    """

    name: str
    types: dict[str, str]
    cells: dict[str, str]
    relation: str
    position: str
    text: bool = False
    files: int = 1
    unnamed: list[str] = field(default_factory=list)

    def family(self, name: str) -> str:
        """Return the DuckDB type of a column without its parameters, such as ``DECIMAL``."""
        return get_family(self.types[name])


def _build_group(
    table: str, file: str, columns: Sequence[tuple[str, str, str]], faults: list[Fault], relation: str, position: str
) -> Group:
    """Build a group from the name, SQL and type of each column; names are cleaned and repeated ones left out."""
    group = Group(file, {}, {}, relation, position)
    seen: set[str] = set()
    repeated, blank = [], []
    for number, (original, cell, type_) in enumerate(columns, start=1):
        name = strip_blanks(original)
        blank += [original] if name != original.strip(" ") and name else []
        if not name:
            name = Text("column {number} without a name", number=number)
            group.unnamed.append(name)
        if name.lower() in seen:
            repeated.append(name)
            continue
        seen.add(name.lower())
        group.types[name], group.cells[name] = type_, cell
    if repeated:
        names = shorten_list(repeated)
        faults.append(RULES["duplicate_column"].to_fault(table, repeated[0], count=len(repeated), names=names))
    if blank:
        report, names = RULES["blank_in_name"].to_fault, shorten_list(map(repr, blank))
        faults.append(report(table, strip_blanks(blank[0]), count=len(blank), file=file, names=names))
    return group


def load_csv(
    connection: duckdb.DuckDBPyConnection, source: Source, faults: list[Fault]
) -> tuple[list[Group], dict[int, list[str]]]:
    """Load a table's CSV file; return its group, if it can be read, and the cells of rows that have the wrong width."""
    path, relation = source.path, quote(f"#csv {source.table}")
    try:
        with open_as_utf8(path) as copy:
            header = read_header(copy, TABLES[source.table].names)
            loaded = load_text(connection, copy, relation, len(header))
    except (CsvError, OSError) as error:
        faults.append(_report_damage(source.table, path, error))
        return [], {}
    for rule, rows in ((RULES["ragged_row"], [*loaded.ragged]), (RULES["empty_row"], loaded.empty)):
        if rows:
            report, count = rule.to_fault, len(rows)
            faults.append(report(source.table, "", count=count, rows=rows, file=path.name, width=len(header)))
    columns = [(name, f"c{number}", "VARCHAR") for number, name in enumerate(header, start=1)]
    group = _build_group(source.table, path.name, columns, faults, relation, f"'' AS {FILE}, {ROW}")
    group.text = True
    return [group], loaded.ragged


def group_parquet(connection: duckdb.DuckDBPyConnection, source: Source, faults: list[Fault]) -> list[Group]:
    """Group the Parquet files of a table by columns and types; damaged files are reported and left out."""
    by_types: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for path in source.files:
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {read_parquet_sql([path])}").fetchall()
        except duckdb.Error as error:
            faults.append(_report_damage(source.table, path, error))
        else:
            by_types.setdefault(tuple((str(row[0]), str(row[1])) for row in described), []).append(path)
    groups = []
    for types, paths in by_types.items():
        columns = [(name, quote(name), type_) for name, type_ in types]
        taken = {name.lower() for name, _ in types}
        whole, number = _avoid("#path", taken), _avoid("#number", taken)
        relation, position = read_parquet_sql(paths, whole), "file_row_number + 1"
        if "file_row_number" in taken:
            # The column hides DuckDB's own numbers, so the rows of each file are counted.
            numbered = f"SELECT *, row_number() OVER () AS {quote(number)} FROM"
            relation = f"({' UNION ALL '.join(f'{numbered} {read_parquet_sql([file], whole)}' for file in paths)})"
            position = quote(number)
        # Parts in different folders may have the same name, so the path below the table's folder identifies them.
        part = f"substr({quote(whole)}, {len(str(source.path)) + 2})" if source.form == "parts" else "''"
        position = f"{part} AS {FILE}, {position} AS {ROW}"
        group = _build_group(source.table, paths[0].name, columns, faults, relation, position)
        group.files = len(paths)
        groups.append(group)
    return groups


def _avoid(name: str, taken: set[str]) -> str:
    """Return a name that no column has, by adding underscores to the given one."""
    return name if name not in taken else _avoid(f"{name}_", taken)


def find_damage(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Fault]:
    """Read every Parquet file of a table in full and report the damaged ones.

    A file may be intact at its end, where the columns are listed, and damaged elsewhere.
    """
    faults = []
    for path in source.files if source.form != "csv" else ():
        try:
            connection.execute(f"SELECT sum(hash(COLUMNS(*))) FROM {read_parquet_sql([path])}").fetchall()
        except duckdb.Error as error:
            faults.append(_report_damage(source.table, path, error))
    return faults


def _report_damage(table: str, path: Path, error: Exception) -> Fault:
    """Report a file that cannot be read, with the first line of the error."""
    if not isinstance(error, CsvError):
        error = CsvError("damaged_file", reason=str(error).splitlines()[0])
    return RULES[error.code].to_fault(table, "", file=path.name, **error.values)
