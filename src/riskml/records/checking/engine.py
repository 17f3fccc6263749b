"""Ask a table every probe: those that look at one row at a time together, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from riskml.records.checking import cell_checks as check_cells
from riskml.records.checking import duplicates as check_duplicates
from riskml.records.checking import links as check_links
from riskml.records.checking import row_checks as check_rows
from riskml.records.checking.registry import CHECKS, Check, Probe
from riskml.records.contract.faults import MOST_ROWS, Fault, RowName
from riskml.records.contract.schema import Table
from riskml.records.reading.cell_sql import first_row

if TYPE_CHECKING:
    from riskml.records.reading.folder import Folder

__all__ = ["Hit", "as_fault", "find_hits"]

# Importing them declares the checks, in the order in which findings are listed.
assert all((check_cells, check_rows, check_duplicates, check_links))

_SHOWN = 3


@dataclass(frozen=True)
class Hit:
    """A probe that found rows.

    Parameters
    ----------
    check : Check
    probe : Probe
    count : int
    rows : str
        SQL query of their ``#file``, ``#row`` and ``#value``.
    """

    check: Check
    probe: Probe
    count: int
    rows: str


def find_hits(folder: Folder, table: Table) -> list[Hit]:
    """Ask every probe of every check; in the order of the checks."""
    asked = [(check, probe) for check in CHECKS for probe in check.probes(folder, table)]
    simple = [probe for _, probe in asked if probe.where]
    counts: list[int] = []
    if simple:
        counted = ", ".join(f"count(*) FILTER (WHERE {probe.where})" for probe in simple)
        counts = list(first_row(folder.connection, f"SELECT {counted} FROM {folder.numbered(table.name)}"))
    found = dict(zip(map(id, simple), counts, strict=True))
    hits = []
    for place, (check, probe) in enumerate(asked):
        if probe.where:
            count = found[id(probe)]
            source = f"{folder.numbered(table.name)} WHERE {probe.where}"
            rows = f'SELECT "#file", "#row", ({probe.value})::VARCHAR AS "#value" FROM {source}'
        else:
            count, rows = _ask(folder, table, place, probe)
        if count:
            hits.append(Hit(check, probe, count, rows))
    return hits


def _ask(folder: Folder, table: Table, place: int, probe: Probe) -> tuple[int, str]:
    """Keep the answer of a probe that looks at many rows, so that it is asked once only."""
    name = f'"#found {table.name} {place}"'
    folder.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {probe.rows}")
    value = '"#value"::VARCHAR' if '"#value"' in probe.rows else "NULL::VARCHAR"
    count = int(first_row(folder.connection, f"SELECT count(*) FROM {name}")[0])
    return count, f'SELECT "#file", "#row", {value} AS "#value" FROM {name}'


def as_fault(folder: Folder, table: Table, hit: Hit) -> Fault:
    """Put a hit into words, with its first rows and its most frequent values."""
    sql = folder.connection
    first = sql.execute(f'SELECT DISTINCT "#file", "#row" FROM ({hit.rows}) ORDER BY ALL LIMIT {MOST_ROWS}').fetchall()
    rows: list[RowName] = [f"{file}:{row}" if file else int(row) for file, row in first]
    values = sql.execute(
        f'SELECT "#value", count(*) FROM ({hit.rows}) WHERE "#value" IS NOT NULL '
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_SHOWN + 1}"
    ).fetchall()
    message = f"{hit.count:,} row(s) {hit.probe.says}"
    if values:
        shown = [f"{value!r}" + (f" ({count:,}×)" if count > 1 else "") for value, count in values[:_SHOWN]]
        message += ": " + ", ".join(shown) + (", …" if len(values) > _SHOWN else "")
        message += _suggestion(str(values[0][0]), hit.probe)
    return hit.check.rule.found(table.name, hit.probe.column, message + ".", count=hit.count, rows=rows)


def _suggestion(value: str, probe: Probe) -> str:
    by_chinese = {chinese: code for code, chinese in probe.suggest.items()}
    close = get_close_matches(value.strip().lower(), list(probe.suggest), n=1) or [by_chinese.get(value.strip(), "")]
    return f"; did you mean {close[0]!r} for {value!r}?" if close[0] else ""
