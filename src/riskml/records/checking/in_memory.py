"""Check rows in memory, such as those of a request, by the checks of a folder."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskml.records.checking.cell_checks import LONG_CODE_CUT
from riskml.records.checking.engine import Hit, find_hits
from riskml.records.checking.registry import CHECKS
from riskml.records.checking.suspicion import Columns, list_suspected
from riskml.records.contract.arrow_types import ARROW_TYPES
from riskml.records.contract.faults import Severity
from riskml.records.contract.schema import IDENTIFIERS, TABLES
from riskml.records.reading.cell_sql import FILE, ROW, connect, quote, quote_attribute, select_column
from riskml.records.reading.files import Source
from riskml.records.reading.folder import Folder, UsualLines
from riskml.records.reading.tables import Layout

PARTNERS = {
    "size_against_members": ("members", "household_id"),
    "much_income": ("income", "amount"),
    "little_income": ("income", "amount"),
}
"""Checks that find rows of ``households``; if these are stored, the first row of the household in another table of the
request is reported."""

COMPARED = {
    "households": ("members", "income", "lines"),
    "members": ("households",),
    "income": ("households", "lines"),
    "illness": ("members", "lines"),
    "events": ("lines",),
    "help": ("lines",),
}
"""Other tables with which the rows of a table are compared."""

Finding = tuple[str, int, str, str]
"""Table, position of the row among those of the request, column and code of the rule."""


def plan_search(
    tables: Mapping[str, Columns],
    stored: Mapping[str, Columns],
    severity: Severity,
    today: dt.date,
    usual_lines: UsualLines = (),
) -> Callable[[], list[Finding]] | None:
    """Return a function that searches the rows of a request by queries, or None if there is nothing to find.

    Parameters
    ----------
    tables : dict of str to columns
        Rows of the request.
    stored : dict of str to columns
        Rows with which they are compared; what is wrong with these is not reported.
    severity : Severity
        Whether to look for faults or for warnings; the types of a request refuse most of the faults already.
    today : date
    usual_lines : UsualLines
        Lines of a policy table.

    Returns
    -------
    callable or None
        Returns the findings in the order of the tables, then of the checks, then of the rows. It takes milliseconds,
        so an event loop calls it in a thread.
    """
    every = {name: _join(stored.get(name, {}), tables.get(name, {})) for name in {**stored, **tables}}
    filled = [name for name in TABLES if name in tables and any(map(len, tables[name].values()))]
    codes = list_suspected(every, filled, severity, today, usual_lines)
    rules = [rule for rule in CHECKS if rule.code in codes]
    lengths = {name: max(map(len, columns.values()), default=0) for name, columns in stored.items()}

    def search() -> list[Finding]:
        with _open(every, lengths) as folder:
            folder.today, folder.usual_lines = today, usual_lines
            both = codes & PARTNERS.keys() and folder.has("households")
            looked = dict.fromkeys(["households", *filled] if both else filled)
            hits = ((name, hit) for name in looked for hit in find_hits(folder, TABLES[name], rules))
            return [finding for name, hit in hits for finding in _list_findings(folder, name, hit, filled)]

    return search if rules else None


def _join(stored: Columns, sent: Columns) -> Columns:
    """Put the columns of two tables together; a column that only one of them has is filled with nulls."""
    if not stored or not sent:
        return stored or sent
    rows = [max(map(len, columns.values()), default=0) for columns in (stored, sent)]
    return {
        name: [*stored.get(name, [None] * rows[0]), *sent.get(name, [None] * rows[1])] for name in {**stored, **sent}
    }


def _open(tables: Mapping[str, Columns], stored: Mapping[str, int]) -> Folder:
    """Open tables like a folder: rows of the request are numbered from 1, and the stored ones before from 0 down."""
    connection, layouts = connect(), {}
    for name in [name for name in TABLES if tables.get(name)]:
        columns, table = tables[name], TABLES[name]
        rows = max(map(len, columns.values()))
        arrays = {"#row": pa.array(range(1 - stored.get(name, 0), rows + 1 - stored.get(name, 0)), pa.int64())}
        layout = Layout(Source(name, "rows", Path(), ()))
        cells = []
        for column in table.columns:
            values = columns.get(column.name)
            if values is not None:
                if column.name == "record_id":
                    values = _tell_records_apart(columns.get("household_id", ()), values)
                if column.name in IDENTIFIERS and any(re.fullmatch(LONG_CODE_CUT, code or "") for code in {*values}):
                    layout.suspect.add(column.name)
                arrays[column.name] = pa.array(values, ARROW_TYPES[column.kind])
                layout.present.add(column.name)
            cells.append(select_column(column, None if values is None else quote(column.name)))
        for attribute in columns.keys() - arrays.keys() if table.attributes else ():
            if all(value is None or isinstance(value, int | float) for value in columns[attribute]):
                arrays[attribute] = pa.array(columns[attribute], pa.float64())
                cells.append(f"{quote(attribute)} AS {quote_attribute(attribute)}")
                layout.attributes[attribute] = "number"
        connection.register(f"#rows {name}", pa.table(arrays))
        # A table of its own is read faster than Arrow's.
        typed = quote(f"#typed {name}")
        source = f"SELECT '' AS {FILE}, {ROW}, {', '.join(cells)} FROM {quote(f'#rows {name}')}"
        connection.execute(f"CREATE TEMP TABLE {typed} AS {source}")
        layout.query = f"SELECT * FROM {typed}"
        layouts[name] = layout
    return Folder(Path(), connection, layouts, [])


def _tell_records_apart(households: Sequence[Any], records: Sequence[Any]) -> Sequence[Any]:
    """Make record numbers differ between households, since a number need be unique only within one."""
    homes: defaultdict[Any, set[Any]] = defaultdict(set)
    for household, record in zip(households, records, strict=False):
        homes[record].add(household)
    if all(len(own) == 1 for record, own in homes.items() if record is not None):
        return records
    return [None if r is None else f"{h}\t{r}" for h, r in zip(households, records, strict=False)]


def _list_findings(folder: Folder, name: str, hit: Hit, filled: Collection[str]) -> Iterator[Finding]:
    """List the rows of the request in a hit, or those that made a stored row wrong."""
    sql, column, code = folder.connection, hit.probe.column, hit.rule.code
    both = f"{hit.rows} UNION ALL (SELECT *, NULL FROM ({hit.probe.others}))" if hit.probe.others else hit.rows
    rows = sql.execute(f'SELECT DISTINCT "#row" FROM ({both}) WHERE "#row" > 0 ORDER BY 1').fetchall()
    yield from ((name, row - 1, column, code) for (row,) in rows)
    partner, column = PARTNERS.get(code, ("", ""))
    if partner in filled:
        homes = f'SELECT household_id FROM {folder.get_numbered_view(name)} JOIN ({hit.rows}) USING ("#row")'
        query = f"""
            SELECT min("#row") AS first FROM {folder.get_numbered_view(partner)}
            WHERE "#row" > 0 AND household_id IN ({homes} WHERE "#row" <= 0) GROUP BY household_id ORDER BY 1"""
        yield from ((partner, row - 1, column, code) for (row,) in sql.execute(query).fetchall())
