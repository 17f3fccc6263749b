"""Faults in a table's columns: columns that are missing, unknown, or of the wrong type."""

from __future__ import annotations

from difflib import get_close_matches

from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import KIND_WORDS, Table
from riskml.records.reading.cell_sql import SQL_TYPES
from riskml.records.reading.files import Source
from riskml.records.reading.groups import Group
from riskml.records.reading.rules import RULES
from riskml.text import Joined, Text, join_sentences, shorten_list


def check_names(table: Table, groups: list[Group]) -> list[Fault]:
    """Report missing and unknown columns, one fault per column, and drop the unknown ones from the groups."""
    faults = []
    for column in table.columns:
        without = [group for group in groups if column.required and column.name not in group.types]
        if without:
            message = join_sentences(
                Text("{files} lacks the required column {column!r}.", files=_name_files(without), column=column.name),
                _suggest(column.name, [name for name in without[0].types if name not in table.names]),
                Text("It has {columns}.", columns=shorten_list(without[0].types, most=12)),
            )
            faults.append(RULES["missing_column"].to_fault(table.name, column.name, message, count=len(without)))
    declared = {name.lower() for name in table.names}
    for name in dict.fromkeys(name for group in groups for name in group.types):
        # An attribute may have any name, except one that differs from a declared column's name only in its case.
        if name in table.names or (table.attributes and name.lower() not in declared):
            continue
        holders = [group for group in groups if name in group.types]
        message = join_sentences(
            Text("{files} has a column {column!r} that is not declared.", files=_name_files(holders), column=name),
            _suggest(name, list(table.names)),
            Text("The declared columns are {columns}.", columns=Joined(table.names)),
        )
        faults.append(RULES["unknown_column"].to_fault(table.name, name, message, count=len(holders)))
        for group in holders:
            del group.types[name]
    return faults


def check_levels(table: Table, source: Source, groups: list[Group]) -> list[Fault]:
    """Report declared columns that occur only in the names of folders, such as ``kind=flood``, which are not read."""
    folders = {part for path in source.files for part in path.parent.relative_to(source.path.parent).parts}
    levels = {part.split("=")[0] for part in folders if "=" in part}
    message = "The column {column!r} occurs only in the names of folders ({column}=…), which are not read."
    return [
        RULES["missing_column"].to_fault(table.name, name, message)
        for name in table.names
        if name in levels and not any(name in group.types for group in groups)
    ]


def report_wrong_type(table: Table, name: str, groups: list[Group]) -> Fault:
    """Report a column whose type cannot hold its declared kind."""
    column = table.find_column(name)
    wanted = Text("a number or text")
    if column:
        wanted = Text("{type} ({kind})", type=SQL_TYPES[column.kind], kind=Text(KIND_WORDS[column.kind]))
    values = {"files": _name_files(groups), "found": groups[0].types[name], "wanted": wanted}
    return RULES["wrong_type"].to_fault(table.name, name, count=len(groups), **values)


def _name_files(groups: list[Group]) -> str:
    more = sum(group.files for group in groups) - 1
    return Text("{file} (and {more} more)", file=groups[0].name, more=more) if more else groups[0].name


def _suggest(name: str, names: list[str]) -> str:
    close = get_close_matches(name.lower(), names, n=1)
    return Text("Did you mean {name!r}?", name=close[0]) if close else ""
