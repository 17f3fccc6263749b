"""One table of a records folder as a numbered view: every declared column, typed, with file and row.

Parquet stays where it is: the view reads it anew each time, so nothing is copied. Parts that share their columns and
types are read together. CSV is loaded once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading import file_rules as rules
from riskml.records.reading.cell_sql import (
    NUMBER_TYPES,
    SQL_TYPES,
    Cell,
    attribute_cell,
    first_row,
    quoted,
    raw_name,
    typed_cell,
)
from riskml.records.reading.columns import check_names, wrong_type
from riskml.records.reading.csv_files import RaggedRow
from riskml.records.reading.files import Source
from riskml.records.reading.groups import Group, csv_group, parquet_groups

__all__ = ["Layout", "read_table"]

# Text that is a number, but neither a code such as 0012 nor too long for a double to hold.
_NUMBER = r"[+-]?((0|[1-9][0-9]{0,14})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


@dataclass
class Layout:
    """What reading found out about one table.

    Parameters
    ----------
    source : Source
    query : str
        SQL of the numbered view: ``#file``, ``#row``, the declared columns, attributes, and raw texts.
    present : set of str
        Declared columns that are there with a usable type.
    attributes : dict of str to str
        ``number`` or ``text`` by name.
    wrong : set of str
        Declared columns that are there with a type that cannot hold them.
    raw : set of str
        Columns that have a raw text.
    ragged : list of RaggedRow
    """

    source: Source
    query: str = ""
    present: set[str] = field(default_factory=set)
    attributes: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    raw: set[str] = field(default_factory=set)
    ragged: list[RaggedRow] = field(default_factory=list)


def read_table(
    connection: duckdb.DuckDBPyConnection, table: Table, source: Source, faults: list[Fault]
) -> Layout | None:
    """Build the numbered view's SQL of a table; add what is wrong with its files and columns to ``faults``.

    Returns
    -------
    Layout or None
        None if no file of the table can be read.
    """
    layout = Layout(source)
    if source.form == "csv":
        groups, layout.ragged = csv_group(connection, source, faults)
    else:
        groups = parquet_groups(connection, source, faults)
    if not groups:
        return None
    faults += check_names(table, groups)
    layout.attributes = _attributes(connection, table, groups, faults)
    kinds = {column.name: column.kind for column in table.columns}
    cells = [_cells(kinds, layout.attributes, group) for group in groups]
    wrong = _wrong(connection, groups, cells)
    faults += [wrong_type(table, name, found) for name, found in wrong.items()]
    layout.wrong = set(wrong)
    layout.present = {name for group in groups for name in group.types if name in kinds} - layout.wrong
    layout.raw = {name for group in cells for name, cell in group.items() if cell.raw}
    layout.query = " UNION ALL ".join(
        _select(table, layout, group, found) for group, found in zip(groups, cells, strict=True)
    )
    if source.form == "csv":
        # Cells are parsed once, not by every query on the view.
        typed = quoted(f"#typed {table.name}")
        connection.execute(f"CREATE TABLE {typed} AS {layout.query}")
        connection.execute(f"DROP TABLE {groups[0].relation}")
        layout.query = f"SELECT * FROM {typed}"
    return layout


def _attributes(
    connection: duckdb.DuckDBPyConnection, table: Table, groups: list[Group], faults: list[Fault]
) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for group in groups:
        names = [name for name in group.types if table.column(name) is None]
        numbers = _numbers_in_text(connection, group, names) if group.text else set()
        for name in names:
            family = group.types[name].split("(")[0]
            kinds = found.setdefault(name, set())
            if family != '"NULL"':
                kinds.add("number" if name in numbers or family in NUMBER_TYPES else "text")
    for name in [name for name, kinds in found.items() if len(kinds) > 1]:
        message = f"The attribute {name!r} is a number in some parts and text in others."
        faults.append(rules.MIXED_ATTRIBUTE.found(table.name, name, message))
    return {name: "text" if "text" in kinds else "number" for name, kinds in found.items()}


def _numbers_in_text(connection: duckdb.DuckDBPyConnection, group: Group, names: list[str]) -> set[str]:
    if not names:
        return set()
    tests = ", ".join(f"bool_and(regexp_full_match(trim({quoted(name)}), '{_NUMBER}'))" for name in names)
    answers = first_row(connection, f"SELECT {tests} FROM {group.relation}")
    return {name for name, number in zip(names, answers, strict=True) if number is not False}


def _cells(kinds: dict[str, Kind], attributes: dict[str, str], group: Group) -> dict[str, Cell]:
    cells = {}
    for name, type_ in group.types.items():
        if name in kinds:
            cells[name] = typed_cell(name, kinds[name], type_, text=group.text)
        else:
            cells[name] = attribute_cell(name, type_, attributes[name])
    return cells


def _wrong(
    connection: duckdb.DuckDBPyConnection, groups: list[Group], cells: list[dict[str, Cell]]
) -> dict[str, list[Group]]:
    """Columns whose type cannot hold their kind, unless they hold no value at all, and where they are so."""
    wrong: dict[str, list[Group]] = {}
    for group, found in zip(groups, cells, strict=True):
        for name in [name for name, cell in found.items() if cell.wrong]:
            if first_row(connection, f"SELECT count({quoted(name)}) FROM {group.relation}")[0]:
                wrong.setdefault(name, []).append(group)
    return wrong


def _select(table: Table, layout: Layout, group: Group, cells: dict[str, Cell]) -> str:
    columns = [group.position]
    for column in table.columns:
        cell = cells.get(column.name) or Cell(f"NULL::{SQL_TYPES[column.kind]}")
        value = cell.value if column.default is None else f"coalesce({cell.value}, {column.default})"
        columns.append(f"{value} AS {quoted(column.name)}")
    for name, kind in layout.attributes.items():
        cell = cells.get(name) or Cell("NULL::DOUBLE" if kind == "number" else "NULL::VARCHAR")
        columns.append(f"{cell.value} AS {quoted(name)}")
    for name in sorted(layout.raw):
        cell = cells.get(name) or Cell("")
        columns.append(f"{cell.raw or 'NULL::VARCHAR'} AS {raw_name(name)}")
    return f"SELECT {', '.join(columns)} FROM {group.relation}"
