"""Checks the rows of a request for what ``riskml check`` reports in a folder, by the same checks.

What is a fault in a folder is refused; what is a warning there is accepted and reported in the response.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from riskml.records.checking.in_memory import Finding, plan_search
from riskml.records.contract.faults import Severity
from riskml.records.contract.schema import TABLES
from riskml.records.reading.folder import UsualLines
from riskml_serving.base.problems import MOST_ERRORS, FieldError
from riskml_serving.checks.findings import describe_finding
from riskml_serving.store.records.columns import Columns


def list_faults(tables: Mapping[str, Columns], today: dt.date) -> list[FieldError]:
    """List the faults of rows that the types of the fields do not refuse already."""
    search = plan_search(tables, {}, Severity.FAULT, today)
    return [describe_finding(*finding) for finding in search()] if search else []


def plan_warnings(
    tables: Mapping[str, Columns],
    stored: Mapping[str, Columns],
    today: dt.date,
    usual_lines: UsualLines,
    sent: Mapping[str, Columns] | None = None,
) -> Callable[[], list[FieldError]] | None:
    """Return a function that lists the warnings that ``riskml check`` would give for the rows of a request.

    None if there are none; see :func:`riskml.records.checking.in_memory.plan_search`.

    Parameters
    ----------
    tables : dict of str to columns
        The rows of the request.
    stored : dict of str to columns
        Other rows with which they are compared: those of its households, and the lines.
    today : date
    usual_lines : UsualLines
        The policy table's lines: see ``riskml.records.checking.check.check``.
    sent : dict of str to columns, optional
        The rows as they were sent, if the service has completed their days of recording in ``tables``.
    """
    search = plan_search(tables, stored, Severity.WARNING, today, usual_lines)
    return search and (lambda: [describe_finding(*finding) for finding in _select(search(), sent or tables)])


def _select(findings: Iterable[Finding], sent: Mapping[str, Columns]) -> Iterable[Finding]:
    repeated = set()
    for table, i, column, code in findings:
        if code == "delivered_twice":  # one row says it for all
            if table in repeated:
                continue
            repeated.add(table)
        # A first delivery may reach back many years: a day of recording that the service filled in is not late.
        if code != "recorded_very_late" or ((days := sent[table].get("recorded_on")) and days[i]):
            yield table, i, column, code


def leave_out(name: str, stored: Columns, sent: Columns) -> Columns:
    """Leave the rows of a request out of the stored rows of a table."""

    def list_keys(columns: Columns) -> list[tuple[Any, ...]]:
        rows = max(map(len, columns.values()), default=0)
        known = ((column, columns.get(column.name) or [None] * rows) for column in TABLES[name].columns)
        return [*zip(*([column.default if x is None else x for x in cells] for column, cells in known), strict=True)]

    own, keep = Counter(list_keys(sent)), []
    for i, key in reversed([*enumerate(list_keys(stored))]):  # the request's rows are the latest
        if own[key]:
            own[key] -= 1
        else:
            keep.append(i)
    keep.reverse()
    return {column: [cells[i] for i in keep] for column, cells in stored.items()}


def show_warnings(findings: list[FieldError]) -> dict[str, Any]:
    """Return the fields ``warnings``, with the first of them, and ``warning_count`` of a response."""
    return {"warnings": [finding.to_json() for finding in findings[:MOST_ERRORS]], "warning_count": len(findings)}
