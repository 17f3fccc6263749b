"""Read one table of a records folder as a numbered view: its columns with their types, and each row's file and number.

Parquet files are not copied: the view reads them each time. Parts that have the same columns and types are read
together. CSV files are loaded once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb

from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import IDENTIFIERS, MAX_TEXT, SPOILT_CODE, Kind, Table
from riskml.records.reading.attributes import classify_attributes, read_attribute_types
from riskml.records.reading.cell_sql import (
    BLANK,
    FILE,
    Cell,
    convert_attribute,
    convert_cell,
    fetch_row,
    quote,
    quote_attribute,
    quote_raw,
    select_column,
)
from riskml.records.reading.columns import check_levels, check_names, report_wrong_type
from riskml.records.reading.files import Source
from riskml.records.reading.groups import Group, group_parquet, load_csv
from riskml.records.reading.rules import RULES
from riskml.text import shorten_list

_CODES = (Kind.REGION, Kind.CODE, Kind.CODES)
INDEX = re.compile(r"Unnamed: [0-9]+|__index_level_[0-9]+__|\.\.\.[0-9]+")
"""Names that pandas and R give to a column of row numbers."""
LIKELY_INDEX = re.compile(r"index|level_[0-9]+|row_?(id|no|num|number)|序号|编号|行号", re.IGNORECASE)
"""Names of columns that are ignored if they hold the numbers of the rows."""


@dataclass
class Layout:
    """How one table is laid out in its files.

    Parameters
    ----------
    source : Source
    query : str
        SQL for the numbered view with ``#file``, ``#row``, the declared columns, the attributes and the raw texts.
    present : set of str
        Declared columns that the files have, with a usable type.
    attributes : dict of str to str
        Kind of each attribute, ``number`` or ``text``, by name.
    wrong : set of str
        Declared columns that the files have, but with a type that cannot represent their kind.
    raw : set of str
        Columns for which the raw text of cells that could not be converted, or were changed, is kept.
    suspect : set of str
        Columns of codes in which at least one code looks as if a spreadsheet had changed it, or may be unusable.
    ragged : dict of int to list of str
        Maps the position of each CSV row of the wrong width, counted from 1, to the row's cells.
    """

    source: Source
    query: str = ""
    present: set[str] = field(default_factory=set)
    attributes: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    raw: set[str] = field(default_factory=set)
    suspect: set[str] = field(default_factory=set)
    ragged: dict[int, list[str]] = field(default_factory=dict)


def read_table(
    connection: duckdb.DuckDBPyConnection, table: Table, source: Source, faults: list[Fault], *, checked: bool = False
) -> Layout | None:
    """Build the SQL for a table's numbered view, and add faults in its files and columns to ``faults``.

    Columns that have been ``checked`` keep their types: a part of the rows alone could be judged differently.

    Returns
    -------
    Layout or None
        None if no file of the table can be read.
    """
    layout = Layout(source)
    if source.form == "csv":
        groups, layout.ragged = load_csv(connection, source, faults)
    else:
        groups = group_parquet(connection, source, faults)
    if not groups:
        return None
    if not checked:
        faults += [fault for group in groups if (fault := _pass_over_columns(connection, table, group))]
        faults += check_names(table, groups) + check_levels(table, source, groups)
        layout.attributes = classify_attributes(connection, table, groups, faults)
    else:
        layout.attributes = read_attribute_types(table, groups)
    kinds = {column.name: column.kind for column in table.columns}
    cells = [_convert_cells(connection, kinds, layout, group, checked=checked) for group in groups]
    wrong = _find_wrong_types(connection, groups, cells)
    faults += [report_wrong_type(table, name, holders) for name, holders in wrong.items()]
    layout.wrong = set(wrong)
    layout.present = {name for group in groups for name in group.types if name in kinds} - layout.wrong
    layout.raw = {name for group in cells for name, cell in group.items() if cell.raw}
    layout.query = " UNION ALL ".join(
        _select_sql(table, layout, group, own) for group, own in zip(groups, cells, strict=True)
    )
    if source.form == "csv":
        # Cells are parsed once here, rather than by every query on the view.
        typed = quote(f"#typed {table.name}")
        connection.execute(f"CREATE TEMP TABLE {typed} AS {layout.query}")
        connection.execute(f"DROP TABLE {groups[0].relation}")
        layout.query = f"SELECT * FROM {typed}"
    return layout


def _pass_over_columns(connection: duckdb.DuckDBPyConnection, table: Table, group: Group) -> Fault | None:
    """Ignore columns of row numbers, and columns with neither a name nor values, in one group of files."""
    passed = [name for name in group.types if INDEX.fullmatch(name)]
    for name in [name for name in group.unnamed if name in group.types]:
        cell = group.cells[name]
        whole = f"count(*) = count(DISTINCT {cell}) AND bool_and(regexp_full_match({cell}::VARCHAR, '[0-9]+'))"
        filled, index = fetch_row(connection, f"SELECT count({cell}), {whole} FROM {group.relation}")
        passed += [name] if table.attributes or index or not filled else []
    for name in [name for name in group.types if LIKELY_INDEX.fullmatch(name)]:
        cell = f"try_cast({group.cells[name]} AS BIGINT)"
        [numbered] = fetch_row(
            connection,
            f"SELECT bool_and(whole) AND min(first) IN (0, 1) FROM (SELECT min(i) AS first,"
            f" count(*) = count(DISTINCT i) AND max(i) - min(i) + 1 = count(*) AS whole"
            f" FROM (SELECT {group.position}, {cell} AS i FROM {group.relation}) GROUP BY {FILE})",
        )
        passed += [name] if numbered else []
    for name in passed:
        del group.types[name]
    if not passed:
        return None
    report, names = RULES["passed_over_column"].to_fault, shorten_list(passed)
    return report(table.name, passed[0], count=len(passed), file=group.name, names=names)


def _find_odd_codes(connection: duckdb.DuckDBPyConnection, group: Group, name: str) -> tuple[bool, bool]:
    """Return whether codes have blanks at an end, and whether any may be unusable or changed by a spreadsheet."""
    # Most codes occur in many rows, and finding the different ones first is faster; record numbers hardly ever do.
    distinct = "" if name == "record_id" else "DISTINCT"
    odd = rf"{SPOILT_CODE}|[0-9]{{15,}}0|\.{{1,2}}|(?s:.*[\x00-\x1f\x7f/].*)"
    blank, suspect = fetch_row(
        connection,
        f"SELECT bool_or(regexp_matches(code, '^{BLANK}|{BLANK}$')),"
        f" bool_or(regexp_full_match(code, '{odd}')) OR max(length(code)) > {MAX_TEXT} "
        f"FROM (SELECT {distinct} {group.cells[name]}::VARCHAR AS code FROM {group.relation} WHERE code IS NOT NULL)",
    )
    return bool(blank), bool(suspect)


def _convert_cells(
    connection: duckdb.DuckDBPyConnection, kinds: dict[str, Kind], layout: Layout, group: Group, *, checked: bool
) -> dict[str, Cell]:
    cells = {}
    for name, type_ in group.types.items():
        cell = group.cells[name]
        if name not in kinds:
            cells[name] = convert_attribute(cell, type_, layout.attributes[name], text=group.text)
            continue
        blank = False
        if not checked and group.family(name) in {"VARCHAR", "ENUM"} and (name in IDENTIFIERS or kinds[name] in _CODES):
            blank, suspect = _find_odd_codes(connection, group, name)
            layout.suspect |= {name} if suspect and kinds[name] not in (Kind.CODE, Kind.CODES) else set()
        cells[name] = convert_cell(cell, kinds[name], type_, text=group.text, blank=blank)
    return cells


def _find_wrong_types(
    connection: duckdb.DuckDBPyConnection, groups: list[Group], cells: list[dict[str, Cell]]
) -> dict[str, list[Group]]:
    """Find the columns that have values but a type that cannot hold their kind, and the groups that have them."""
    wrong: dict[str, list[Group]] = {}
    for group, own in zip(groups, cells, strict=True):
        for name in [name for name, cell in own.items() if cell.wrong]:
            if fetch_row(connection, f"SELECT count({group.cells[name]}) FROM {group.relation}")[0]:
                wrong.setdefault(name, []).append(group)
    return wrong


def _select_sql(table: Table, layout: Layout, group: Group, cells: dict[str, Cell]) -> str:
    columns = [group.position]
    for column in table.columns:
        cell = cells.get(column.name)
        columns.append(select_column(column, cell.value if cell else None))
    for name, kind in layout.attributes.items():
        cell = cells.get(name) or Cell("NULL::DOUBLE" if kind == "number" else "NULL::VARCHAR")
        columns.append(f"{cell.value} AS {quote_attribute(name)}")
    for name in sorted(layout.raw):
        cell = cells.get(name) or Cell("")
        columns.append(f"{cell.raw or 'NULL::VARCHAR'} AS {quote_raw(name)}")
    return f"SELECT {', '.join(columns)} FROM {group.relation}"
