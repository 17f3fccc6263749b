"""Run every check on a table; the conditions on individual rows are all evaluated in one pass over the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from riskml.records.checking import cell_checks, duplicates, links, row_checks  # noqa: F401  imports declare the checks
from riskml.records.checking.registry import CHECKS, Probe
from riskml.records.contract.faults import MOST_ROWS, Fault, RowName, Rule
from riskml.records.contract.schema import Table
from riskml.records.reading.cell_sql import fetch_row
from riskml.records.reading.folder import Folder

__all__ = ["Hit", "build_fault", "find_hits"]

_VALUES_SHOWN = 3


@dataclass(frozen=True)
class Hit:
    """A check's probe (a condition or query that selects bad rows) and the rows that match it.

    Parameters
    ----------
    rule : Rule
    probe : Probe
    count : int
    rows : str
        SQL query that selects the ``#file``, ``#row`` and ``#value`` of the matching rows.
    """

    rule: Rule
    probe: Probe
    count: int
    rows: str


def find_hits(folder: Folder, table: Table) -> list[Hit]:
    """Run every probe of every check, in the order of the checks."""
    probes = [(rule, probe) for rule, check in CHECKS.items() for probe in check(folder, table)]
    conditions = [probe.where for _, probe in probes if probe.where]
    counts: Iterator[int] = iter(())
    if conditions:
        counted = ", ".join(f"count(*) FILTER (WHERE {where})" for where in conditions)
        counts = iter(fetch_row(folder.connection, f"SELECT {counted} FROM {folder.get_numbered_view(table.name)}"))
    hits = []
    for number, (rule, probe) in enumerate(probes):
        if probe.where:
            count = next(counts)
            source = f"{folder.get_numbered_view(table.name)} WHERE {probe.where}"
            rows = f'SELECT "#file", "#row", ({probe.value})::VARCHAR AS "#value" FROM {source}'
        else:
            count, rows = _run_query(folder, table, number, probe)
        if count:
            hits.append(Hit(rule, probe, count, rows))
    return hits


def _run_query(folder: Folder, table: Table, number: int, probe: Probe) -> tuple[int, str]:
    """Run a probe's query once and keep the rows in a table; return their count, and the SQL that reads them."""
    name = f'"#hits {table.name} {number}"'
    folder.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {probe.rows}")
    value = '"#value"::VARCHAR' if '"#value"' in probe.rows else "NULL::VARCHAR"
    count = int(fetch_row(folder.connection, f"SELECT count(*) FROM {name}")[0])
    return count, f'SELECT "#file", "#row", {value} AS "#value" FROM {name}'


def build_fault(folder: Folder, table: Table, hit: Hit) -> Fault:
    """Build the fault that describes a hit, with its first rows and its most frequent values."""
    sql = folder.connection
    first = sql.execute(f'SELECT DISTINCT "#file", "#row" FROM ({hit.rows}) ORDER BY ALL LIMIT {MOST_ROWS}').fetchall()
    rows: list[RowName] = [f"{file}:{row}" if file else int(row) for file, row in first]
    values = sql.execute(
        f'SELECT "#value", count(*) FROM ({hit.rows}) WHERE "#value" IS NOT NULL '
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_VALUES_SHOWN + 1}"
    ).fetchall()
    message = f"{hit.count:,} row(s) {hit.probe.message}"
    if values:
        shown = [f"{value!r}" + (f" ({count:,}×)" if count > 1 else "") for value, count in values[:_VALUES_SHOWN]]
        message += ": " + ", ".join(shown) + (", …" if len(values) > _VALUES_SHOWN else "")
        message += _suggest_code(str(values[0][0]), hit.probe)
    return hit.rule.to_fault(table.name, hit.probe.column, message + ".", count=hit.count, rows=rows)


def _suggest_code(value: str, probe: Probe) -> str:
    by_chinese = {chinese: code for code, chinese in probe.suggest.items()}
    close = get_close_matches(value.strip().lower(), list(probe.suggest), n=1) or [by_chinese.get(value.strip(), "")]
    return f"; did you mean {close[0]!r} for {value!r}?" if close[0] else ""
