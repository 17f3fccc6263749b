"""Read one table of a records folder as a numbered view: its columns with their types, and each row's file and number.

Parquet files are not copied: the view reads them each time. Parts that have the same columns and types are read
together. CSV files are loaded once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading import file_rules as rules
from riskml.records.reading.cell_sql import (
    NUMBER_TYPES,
    Cell,
    convert_attribute,
    convert_cell,
    fetch_row,
    quote,
    quote_raw,
    select_column,
)
from riskml.records.reading.columns import check_names, report_wrong_type
from riskml.records.reading.files import Source
from riskml.records.reading.groups import Group, group_parquet, load_csv

__all__ = ["Layout", "read_table"]

# Matches text that is a number, but not a code such as 0012, nor a number too long for a double to hold exactly.
_NUMBER = r"[+-]?((0|[1-9][0-9]{0,14})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


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
        Columns for which the raw text of cells that could not be converted is kept.
    ragged : dict of int to list of str
        Maps the position of each CSV row of the wrong width, counted from 1, to the row's cells.
    """

    source: Source
    query: str = ""
    present: set[str] = field(default_factory=set)
    attributes: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    raw: set[str] = field(default_factory=set)
    ragged: dict[int, list[str]] = field(default_factory=dict)


def read_table(
    connection: duckdb.DuckDBPyConnection, table: Table, source: Source, faults: list[Fault]
) -> Layout | None:
    """Build the SQL for a table's numbered view, and add faults in its files and columns to ``faults``.

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
    faults += check_names(table, groups)
    layout.attributes = _classify_attributes(connection, table, groups, faults)
    kinds = {column.name: column.kind for column in table.columns}
    cells = [_convert_cells(kinds, layout.attributes, group) for group in groups]
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
        connection.execute(f"CREATE TABLE {typed} AS {layout.query}")
        connection.execute(f"DROP TABLE {groups[0].relation}")
        layout.query = f"SELECT * FROM {typed}"
    return layout


def _classify_attributes(
    connection: duckdb.DuckDBPyConnection, table: Table, groups: list[Group], faults: list[Fault]
) -> dict[str, str]:
    kinds_by_name: dict[str, set[str]] = {}
    for group in groups:
        names = [name for name in group.types if table.find_column(name) is None]
        numbers = _find_numbers_in_text(connection, group, names) if group.text else set()
        for name in names:
            family = group.types[name].split("(")[0]
            kinds = kinds_by_name.setdefault(name, set())
            if family != '"NULL"':
                kinds.add("number" if name in numbers or family in NUMBER_TYPES else "text")
    for name in [name for name, kinds in kinds_by_name.items() if len(kinds) > 1]:
        message = f"The attribute {name!r} is a number in some parts and text in others."
        faults.append(rules.MIXED_ATTRIBUTE.to_fault(table.name, name, message))
    return {name: "text" if "text" in kinds else "number" for name, kinds in kinds_by_name.items()}


def _find_numbers_in_text(connection: duckdb.DuckDBPyConnection, group: Group, names: list[str]) -> set[str]:
    if not names:
        return set()
    tests = ", ".join(f"bool_and(regexp_full_match(trim({quote(name)}), '{_NUMBER}'))" for name in names)
    answers = fetch_row(connection, f"SELECT {tests} FROM {group.relation}")
    return {name for name, number in zip(names, answers, strict=True) if number is not False}


def _convert_cells(kinds: dict[str, Kind], attributes: dict[str, str], group: Group) -> dict[str, Cell]:
    cells = {}
    for name, type_ in group.types.items():
        if name in kinds:
            cells[name] = convert_cell(name, kinds[name], type_, text=group.text)
        else:
            cells[name] = convert_attribute(name, type_, attributes[name])
    return cells


def _find_wrong_types(
    connection: duckdb.DuckDBPyConnection, groups: list[Group], cells: list[dict[str, Cell]]
) -> dict[str, list[Group]]:
    """Find the columns that have values but a type that cannot hold their kind, and the groups that have them."""
    wrong: dict[str, list[Group]] = {}
    for group, own in zip(groups, cells, strict=True):
        for name in [name for name, cell in own.items() if cell.wrong]:
            if fetch_row(connection, f"SELECT count({quote(name)}) FROM {group.relation}")[0]:
                wrong.setdefault(name, []).append(group)
    return wrong


def _select_sql(table: Table, layout: Layout, group: Group, cells: dict[str, Cell]) -> str:
    columns = [group.position]
    for column in table.columns:
        cell = cells.get(column.name)
        columns.append(select_column(column, cell.value if cell else None))
    for name, kind in layout.attributes.items():
        cell = cells.get(name) or Cell("NULL::DOUBLE" if kind == "number" else "NULL::VARCHAR")
        columns.append(f"{cell.value} AS {quote(name)}")
    for name in sorted(layout.raw):
        cell = cells.get(name) or Cell("")
        columns.append(f"{cell.raw or 'NULL::VARCHAR'} AS {quote_raw(name)}")
    return f"SELECT {', '.join(columns)} FROM {group.relation}"
