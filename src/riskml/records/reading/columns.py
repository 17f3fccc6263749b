"""Faults in a table's columns: columns that are missing, unknown, or of the wrong type."""

from __future__ import annotations

from difflib import get_close_matches

from riskml.errors import shorten_list
from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import KIND_WORDS, Table
from riskml.records.reading import file_rules as rules
from riskml.records.reading.cell_sql import SQL_TYPES
from riskml.records.reading.groups import Group

__all__ = ["check_names", "report_wrong_type"]


def check_names(table: Table, groups: list[Group]) -> list[Fault]:
    """Report missing and unknown columns, one fault per column, and drop the unknown ones from the groups."""
    faults = []
    for column in table.columns:
        without = [group for group in groups if column.required and column.name not in group.types]
        if without:
            message = f"{_name_files(without)} lacks the required column {column.name!r}."
            message += _suggest(column.name, [name for name in without[0].types if name not in table.names])
            message += f" It has {shorten_list(without[0].types, most=12)}."
            faults.append(rules.MISSING_COLUMN.to_fault(table.name, column.name, message, count=len(without)))
    declared = {name.lower() for name in table.names}
    for name in dict.fromkeys(name for group in groups for name in group.types):
        # An attribute may have any name, except one that differs from a declared column's name only in its case.
        if name in table.names or (table.attributes and name.lower() not in declared):
            continue
        holders = [group for group in groups if name in group.types]
        message = f"{_name_files(holders)} has a column {name!r} that is not declared."
        message += f"{_suggest(name, list(table.names))} The declared columns are {', '.join(table.names)}."
        faults.append(rules.UNKNOWN_COLUMN.to_fault(table.name, name, message, count=len(holders)))
        for group in holders:
            del group.types[name]
    return faults


def report_wrong_type(table: Table, name: str, groups: list[Group]) -> Fault:
    """Report a column whose type cannot hold its declared kind."""
    column = table.find_column(name)
    wanted = f"{SQL_TYPES[column.kind]} ({KIND_WORDS[column.kind]})" if column else "a number or text"
    message = f"In {_name_files(groups)} {name} is {groups[0].types[name]}; it must be {wanted}."
    return rules.WRONG_TYPE.to_fault(table.name, name, message, count=len(groups))


def _name_files(groups: list[Group]) -> str:
    more = sum(group.files for group in groups) - 1
    return f"{groups[0].name} (and {more} more)" if more else groups[0].name


def _suggest(name: str, names: list[str]) -> str:
    close = get_close_matches(name.lower(), names, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
