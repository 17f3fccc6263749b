"""Comparisons of the lines with one another and with the policy table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from riskml.records.checking.duplicates import POSITION
from riskml.records.checking.registry import Probe, check
from riskml.records.contract.schema import Table
from riskml.records.reading.folder import Folder

LINE_FACTOR, LINE_YEARS = 3, 3
"""Factor by which a line may be higher or lower, and years by which it may begin before the policy table's line."""

OLD_YEARS, OLD_SHARE = 2, 0.8
"""Years after which a line is old at the end of the income, and its share of the policy table's line by then."""


@check(lines="effective_from amount")
def implausible_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a line that is less than a third of, or more than three times, the policy table's line or earlier lines.

    The policy table's line is that for the longest matching prefix, from the day nearest to the line's first day, and
    no more than three years after it. A line is compared with the two lines before it, of which one may itself be
    wrong, unless the one before is far from the policy table's line.
    """
    rows = f"""
        WITH {_list_usual_lines(folder)},
        dated AS (
            SELECT {POSITION}, coalesce(region_code, '') AS region, effective_from, amount,
                coalesce(recorded_on, effective_from) AS recorded
            FROM {folder.get_numbered_view("lines")} WHERE amount > 0),
        known AS (
            SELECT dated.*, first(usual ORDER BY length(prefix) DESC, abs(since - effective_from)) AS usual
            FROM dated LEFT JOIN usual ON starts_with(region, prefix) AND since - effective_from < {LINE_YEARS * 366}
            GROUP BY ALL),
        judged AS (
            SELECT *, coalesce(amount NOT BETWEEN usual / {LINE_FACTOR} AND usual * {LINE_FACTOR}, false) AS odd
            FROM known),
        compared AS (
            SELECT *, lag(amount) OVER earlier AS before, coalesce(lag(amount, 2) OVER earlier, before) AS second,
                lag(odd) OVER earlier AS misled
            FROM judged WINDOW earlier AS (PARTITION BY region ORDER BY effective_from, recorded))
        SELECT {POSITION}, amount AS "#value" FROM compared
        WHERE odd OR (NOT misled AND amount NOT BETWEEN before / {LINE_FACTOR} AND before * {LINE_FACTOR}
            AND amount NOT BETWEEN second / {LINE_FACTOR} AND second * {LINE_FACTOR})"""
    yield Probe("amount", rows=rows)


@check(lines="effective_from amount", income="period_start")
def old_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a region's latest line if it began two years before the last income and is below the policy table's."""
    if folder.usual_lines:
        rows = f"""
            WITH {_list_usual_lines(folder)},
            until AS (SELECT max(period_start) AS until FROM {folder.get_view("income")}),
            latest AS (
                SELECT {POSITION}, coalesce(region_code, '') AS region, effective_from, amount
                FROM {folder.get_numbered_view("lines")}
                QUALIFY row_number() OVER (PARTITION BY region ORDER BY effective_from DESC) = 1)
            SELECT {POSITION}, amount AS "#value"
            FROM latest JOIN until ON until - effective_from >= {OLD_YEARS * 365}
            JOIN usual ON starts_with(region, prefix) AND since <= until
            GROUP BY {POSITION}, amount
            HAVING amount < {OLD_SHARE} * first(usual ORDER BY length(prefix) DESC, since DESC)"""
        yield Probe("effective_from", rows=rows)


def _list_usual_lines(folder: Folder) -> str:
    """Build the SQL for the policy table's lines: prefix, first day and amount. Without any, one never begins."""
    lines = folder.usual_lines or [("", dt.date.max, 0.0)]
    cells = ", ".join(f"('{prefix}', DATE '{day}', {amount}::DOUBLE)" for prefix, day, amount in lines)
    return f"usual(prefix, since, usual) AS (VALUES {cells})"
