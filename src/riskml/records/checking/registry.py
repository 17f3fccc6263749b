"""The registry of checks.

Each check is a function; its name is the code of its rule, whose title, finding and advice stand in ``rules.yaml`` of
`riskml.records.reading`. A check yields *probes*: conditions or queries that select the rows that break the rule. All
conditions on a table are evaluated by one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps

from riskml.records.contract.faults import Rule
from riskml.records.contract.schema import SPOILT_CODE, Column, Kind, Table
from riskml.records.reading.cell_sql import SQL_TYPES, quote, quote_raw
from riskml.records.reading.folder import Folder
from riskml.records.reading.rules import RULES


@dataclass(frozen=True)
class Probe:
    """A condition or a query that selects the rows that break a rule.

    Parameters
    ----------
    column : str
        Column that the rule is about; empty if it is about whole rows.
    where : str
        SQL condition on the numbered view that is true for the rows that break the rule; empty if ``rows`` is given.
    rows : str
        SQL query that selects the ``#file`` and ``#row`` of these rows, and ``#value`` if there is a value to show.
    others : str
        SQL query for the ``#file`` and ``#row`` of further rows that have a part in it. They are right, but a request
        that sends them is told.
    value : str
        SQL expression for the value to show in the message; used with ``where``.
    suggest : dict of str to str
        Maps each allowed code to its Chinese name; one of the codes may be suggested for a wrong value.
    values : dict of str to object
        Values for the message.
    message : str
        What is wrong with the rows, where the finding of the rule does not say it; a template for ``column`` and
        ``values``.
    """

    column: str
    where: str = ""
    rows: str = ""
    others: str = ""
    value: str = "NULL"
    suggest: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    message: str = ""


Check = Callable[[Folder, Table], Iterator[Probe]]

CHECKS: dict[Rule, Check] = {}
"""Maps each rule about rows to its check."""


def check(**needed: str) -> Callable[[Check], Check]:
    """Declare a check of rows.

    The decorated function yields the probes for a table of a folder, and its name is the code of the rule.

    Parameters
    ----------
    **needed
        The columns without which the check says nothing, by table. The check is about the rows of the first table; if
        none is stated, it is about every table.
    """

    def register(function: Check) -> Check:
        @wraps(function)
        def run(folder: Folder, table: Table) -> Iterator[Probe]:
            own = table.name == next(iter(needed), table.name)
            if own and all(has_columns(folder, name, *columns.split()) for name, columns in needed.items()):
                yield from function(folder, table)

        CHECKS[RULES[function.__name__]] = run
        return function

    return register


def has_columns(folder: Folder, table: str, *columns: str) -> bool:
    """Return whether the table is present and has all the columns, each with a type that can hold its kind."""
    return folder.has(table) and folder.layouts[table].present.issuperset(columns)


def list_columns(folder: Folder, table: Table, *kinds: Kind) -> Iterator[Column]:
    """List the declared columns of the given kinds that the table has."""
    return (column for column in table.columns if column.kind in kinds and has_columns(folder, table.name, column.name))


def list_unreadable(folder: Folder, table: Table, *kinds: Kind) -> Iterator[tuple[Column, str]]:
    """Yield each column of the given kinds that may have unreadable cells, with the SQL for their raw text."""
    for column in list_columns(folder, table, *kinds):
        if column.name in folder.layouts[table.name].raw:
            yield column, select_raw(folder, table, column.name)


def list_suspect(folder: Folder, table: Table) -> list[str]:
    """List the columns in which the reading found a code that a spreadsheet may have changed."""
    return sorted(folder.layouts[table.name].suspect - folder.layouts[table.name].wrong)


def build_spoilt_sql(name: str, pattern: str = SPOILT_CODE) -> str:
    """Build the SQL condition for a cell that is not the code of the source; it is false for an empty cell."""
    return f"coalesce(regexp_full_match({quote(name)}, '{pattern}'), false)"


def select_readable(folder: Folder, table: Table) -> str:
    """Build the SQL for the rows that can be compared with one another.

    All dates, numbers and flags of such a row could be read, no code is spoilt, and no required cell is
    empty.
    """
    texts = [column.name for column in table.columns if SQL_TYPES[column.kind] == "VARCHAR"]
    readable = [f"{quote_raw(name)} IS NULL" for name in folder.layouts[table.name].raw.difference(texts)]
    readable += [f"NOT {build_spoilt_sql(name)}" for name in list_suspect(folder, table)]
    required = [column.name for column in table.columns if column.required and not column.nullable]
    readable += [f"{quote(name)} IS NOT NULL" for name in required]
    return f"(SELECT * FROM {folder.get_numbered_view(table.name)} WHERE {' AND '.join(sorted(readable)) or 'true'})"


def select_raw(folder: Folder, table: Table, column: str) -> str:
    """Return the SQL for the raw text of a cell that could not be converted; for other cells, it gives null."""
    return quote_raw(column) if column in folder.layouts[table.name].raw else "NULL"
