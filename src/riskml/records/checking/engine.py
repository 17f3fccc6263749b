"""Run every check on a table; the conditions on individual rows are all evaluated by one query."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from riskml.records.checking import (  # noqa: F401  imports declare the checks
    cell_checks,
    comparisons,
    duplicates,
    incomes,
    links,
    plausibility,
    poverty_lines,
    row_checks,
)
from riskml.records.checking.registry import CHECKS, Probe, build_spoilt_sql, list_suspect
from riskml.records.contract.faults import MOST_ROWS, Fault, RowName, Rule
from riskml.records.contract.schema import Table
from riskml.records.reading.cell_sql import fetch_row
from riskml.records.reading.folder import Folder
from riskml.text import Joined, Text, join_sentences

_MANY, _VALUES_SHOWN = 1_000_000, 3


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


def find_hits(folder: Folder, table: Table, only: Collection[Rule] | None = None) -> list[Hit]:
    """Run every probe of every check, or of ``only`` some, in the order of the checks."""
    checks = [(rule, check) for rule, check in CHECKS.items() if only is None or rule in only]
    probes = [(rule, probe) for rule, check in checks for probe in check(folder, table)]
    conditions = [probe.where for _, probe in probes if probe.where]
    counts: Iterator[int] = iter(())
    if conditions:
        view, count_sql = folder.get_numbered_view(table.name), "count(*) FILTER (WHERE {})"
        if folder.count_rows(table.name) > _MANY:
            # A scan for each condition reads its columns alone, and skips blocks whose bounds exclude it.
            count_sql = f"(SELECT count(*) FROM {view} WHERE {{}})"
        counted = ", ".join(map(count_sql.format, conditions))
        counts = iter(fetch_row(folder.connection, f"SELECT {counted} FROM {view} LIMIT 1"))
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
    """Run a probe's query once and keep the rows in a table; return their count, and the SQL that reads them.

    Rows whose household, member or region has a spoilt code are left out: they match the wrong rows.
    """
    name, spoilt = f'"#hits {table.name} {number}"', [c for c in list_suspect(folder, table) if c != "record_id"]
    folder.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {probe.rows}")
    count = int(fetch_row(folder.connection, f"SELECT count(*) FROM {name}")[0])
    if count and spoilt:
        where = " OR ".join(map(build_spoilt_sql, spoilt))
        bad = f'SELECT "#file", "#row" FROM {folder.get_numbered_view(table.name)} WHERE {where}'
        deleted = f'DELETE FROM {name} WHERE ("#file", "#row") IN ({bad})'
        count -= int(fetch_row(folder.connection, deleted)[0])
    value = '"#value"::VARCHAR' if '"#value"' in probe.rows else "NULL::VARCHAR"
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
    what = Text(hit.probe.message or hit.rule.finding, column=hit.probe.column, **hit.probe.values)
    message = Text("{count:,} row(s) {what}", count=hit.count, what=what)
    if values:
        shown = [f"{value!r}" + (f" ({count:,}×)" if count > 1 else "") for value, count in values[:_VALUES_SHOWN]]
        more = ["…"] if len(values) > _VALUES_SHOWN else []
        message += Text(": {values}", values=Joined([*shown, *more]))
    advice = {
        text: None
        for pattern, text in hit.rule.advice.items()
        if any(re.fullmatch(pattern, str(value).strip()) for value, _ in values)
    }
    suggested = next(filter(None, (_suggest_code(str(value), hit.probe) for value, _ in values)), "")
    text = join_sentences(message + Text("."), suggested, *map(Text, advice))
    return hit.rule.to_fault(table.name, hit.probe.column, text, count=hit.count, rows=rows)


def _suggest_code(value: str, probe: Probe) -> str:
    by_chinese = {chinese: code for code, chinese in probe.suggest.items()}
    close = get_close_matches(value.strip().lower(), list(probe.suggest), n=1) or [by_chinese.get(value.strip(), "")]
    return Text("Did you mean {known!r} for {name!r}?", known=close[0], name=value) if close[0] else ""
