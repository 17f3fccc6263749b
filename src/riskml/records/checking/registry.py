"""The registry of checks: a check is one function with its code, title and advice, declared in one place.

A check yields *probes*: questions to a table whose answer is the rows that break the rule. Probes that look at one row
at a time are asked together in one pass over the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskml.records.contract.faults import Rule, Severity
from riskml.records.contract.schema import Column, Kind, Table
from riskml.records.reading.cell_sql import raw_name

if TYPE_CHECKING:
    from riskml.records.reading.folder import Folder

__all__ = ["CHECKS", "Check", "Probe", "check", "present", "raw", "usable"]


@dataclass(frozen=True)
class Probe:
    """One question to a table.

    Parameters
    ----------
    column : str
        Column concerned; empty for whole rows.
    says : str
        What is wrong with the rows, as the end of the sentence "3 rows ...".
    where : str
        SQL condition on the numbered view that holds for the rows that break the rule; or else
    rows : str
        SQL query that delivers their ``#file`` and ``#row``, and ``#value`` if there is a value to show.
    value : str
        SQL expression of the value to show in the message, with ``where``.
    suggest : dict of str to str
        Allowed codes and their Chinese names, to suggest one for a wrong value.
    """

    column: str
    says: str
    where: str = ""
    rows: str = ""
    value: str = "NULL"
    suggest: Mapping[str, str] = field(default_factory=dict)


Probes = Callable[["Folder", Table], Iterator[Probe]]


@dataclass(frozen=True)
class Check:
    """A rule and how the rows that break it are found."""

    rule: Rule
    probes: Probes


CHECKS: list[Check] = []
"""Every check of rows, in the order in which findings are listed."""


def check(code: str, title: str, zh: str, what_to_do: str, *, warning: bool = False) -> Callable[[Probes], Probes]:
    """Declare a check of rows; the function yields its probes for a table of a folder."""
    severity = Severity.WARNING if warning else Severity.FAULT

    def register(probes: Probes) -> Probes:
        CHECKS.append(Check(Rule(code, title, zh, what_to_do, severity, by_row=True), probes))
        return probes

    return register


def usable(folder: Folder, table: str, *columns: str) -> bool:
    """Whether the table is there with all these columns, each of a usable type."""
    return folder.has(table) and folder.layouts[table].present.issuperset(columns)


def present(folder: Folder, table: Table, *kinds: Kind) -> Iterator[Column]:
    """Declared columns of these kinds that the table really has."""
    return (column for column in table.columns if column.kind in kinds and usable(folder, table.name, column.name))


def raw(folder: Folder, table: Table, column: str) -> str:
    """SQL of the raw text of a cell that could not be converted; null otherwise."""
    return raw_name(column) if column in folder.layouts[table.name].raw else "NULL"
