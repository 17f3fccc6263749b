"""Comparisons of the amounts in a request with other amounts of their kind, and of lines with the lines around them."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from statistics import median
from typing import Any

from riskml.records.checking.plausibility import (
    AMOUNTS,
    CODES,
    FAR,
    FAR_ABOVE,
    FEWEST_AMOUNTS,
    FEWEST_CODES,
    FEWEST_LOW,
    LOW,
    NINES,
    SHORT_NINES,
    SLIPS,
)
from riskml.records.checking.poverty_lines import LINE_FACTOR, LINE_YEARS
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading.folder import UsualLines
from riskml_serving.checks.findings import Finding, Row, list_known
from riskml_serving.store.records.columns import Columns, Rows

__all__ = ["find_odd_amounts", "find_odd_lines"]

_CODES, _SHORT_NINES = frozenset(CODES + NINES), frozenset(SHORT_NINES + NINES)


def find_odd_amounts(
    table: Table, rows: Rows, sent: Columns, stored: Rows, columns: Columns, line: float
) -> Iterator[Finding]:
    """Find amounts of a table that are probably in another unit, survey codes, slips or zeros stated in advance.

    ``stored`` has all rows of the households, ``sent`` and ``columns`` the rows and the stored rows as columns, and
    ``line`` is the highest monitoring line.
    """
    for column in table.columns:
        if column.kind is Kind.AMOUNT and not _CODES.isdisjoint(sent.get(column.name, ())):
            yield from _find_survey_codes(column.name, rows, stored, _CODES)
    if not _SHORT_NINES.isdisjoint(sent.get("visits", ())):
        largest = max((x for x in list_known(columns, "visits") if x not in _SHORT_NINES), default=math.inf)
        yield from _find_survey_codes("visits", rows, stored, {x for x in _SHORT_NINES if x > FAR_ABOVE * largest})
    for column_name, kind, _, most in AMOUNTS.get(table.name, ()):
        if _vary_widely(list_known(sent, column_name), columns, column_name, most * line, line):
            yield from _find_other_units(table, column_name, kind, most * line, rows, stored, line)
    if table.name == "income":
        yield from _find_slips(rows, columns)
        if 0 in sent["amount"]:
            yield from _find_zeros_ahead(rows, stored)


def _find_survey_codes(name: str, rows: Rows, stored: Rows, codes: Collection[int]) -> Iterator[Finding]:
    """Find codes such as -8 and 99999 in an amount."""
    suspect = [(i, row[name]) for i, row in enumerate(rows) if row.get(name) in codes]
    counts = Counter(row[name] for row in stored if (row.get(name) or 0) < 0 or row.get(name) in codes)
    negative = sum(count for value, count in counts.items() if value < 0)
    for i, value in suspect:
        if counts[value] >= max(FEWEST_CODES, negative / 10 * (value < 0)):
            yield i, name, "survey_code"


def _vary_widely(amounts: list[float], columns: Columns, column: str, high: float, line: float) -> bool:
    """Return whether any amount may be in another unit, judged by the largest and the smallest amounts alone."""
    if not amounts or line / 100 < min(amounts) <= max(amounts) <= high / 12:
        return False
    if max(amounts) > high / 12:
        return True
    year = 12 if "period_start" in columns else 1
    least, largest = (year * amount for amount in _find_monthly_range(columns, column))
    # A low amount is far below the line, or in a group that is far below the others.
    return least < line / LOW or largest > 0.9 * FAR * least


def _find_monthly_range(columns: Columns, column: str) -> tuple[float, float]:
    """Find bounds for the positive amounts of a single month; they are infinite and 0 if there are none."""
    amounts = [amount for amount in list_known(columns, column) if amount > 0]
    longest = max(list_known(columns, "months"), default=1)
    return min(amounts, default=math.inf) / longest, max(amounts, default=0.0)


def _find_other_units(
    table: Table, column: str, kind: str, high: float, rows: Rows, stored: Rows, line: float
) -> Iterator[Finding]:
    """Find amounts that seem to be in ten thousands of yuan or in fen, as do others of their kind on record."""
    # No amount between these two can be reported, in a row for up to 36 months.
    amounts = [(i, row) for i, row in enumerate(rows) if (x := row.get(column)) and not line / 100 < x <= high / 12]
    if not any(row[column] > 0 for _, row in amounts):
        return
    known = [row for row in stored if (row.get(column) or 0) > 0]
    if any(row[column] <= line / 100 for _, row in amounts):
        low = _find_low_groups(table, column, kind, known, line)
        for i, row in amounts:
            if row[column] > 0 and any(group in low for group in _list_groups(table, kind, row)):
                yield i, column, "amount_in_ten_thousands"
    totals = Counter(row.get(kind) for row in known)
    above = Counter(row.get(kind) for row in known if _annualise(row, column) > high)
    high_rows = [
        i
        for i, row in amounts
        if _annualise(row, column) > high > 0
        and totals[row.get(kind)] >= FEWEST_AMOUNTS
        and 2 * above[row.get(kind)] > totals[row.get(kind)]
    ]
    if table.name == "income" and not high_rows and any(row[column] > high / 12 for _, row in amounts):
        times = _find_high_times(table, column, kind, known)
        high_rows = [
            i
            for i, row in enumerate(rows)
            if times and (row[column] or 0) > 0
            if any((same, *time) in times for same, _, *time in _list_groups(table, kind, row)[:-1])
        ]
    yield from ((i, column, "amount_in_fen") for i in high_rows)


def _find_high_times(table: Table, column: str, kind: str, known: Rows) -> set[tuple[Any, ...]]:
    """Find the months and days of recording in which all income is high: see ``amount_in_fen`` of ``riskml check``."""
    logs: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
    for row in known:
        for group in _list_groups(table, kind, row)[:-1]:  # all but the household
            logs[group].append(math.log(_annualise(row, column)))
    levels: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
    for group, own in logs.items():
        levels[group[:2]].append(sum(own) / len(own))
    gaps: defaultdict[tuple[Any, ...], list[tuple[float, int]]] = defaultdict(list)
    for (same, sort, *time), own in logs.items():
        gaps[same, *time].append((sum(own) / len(own) - median(levels[same, sort]), len(own)))
    return {
        time
        for time, parts in gaps.items()
        if len(parts) > 1 and sum(n for _, n in parts) >= FEWEST_AMOUNTS and min(parts)[0] > math.log(FAR / 10)
    }


def _annualise(row: Row, column: str) -> float:
    if "period_start" in row:
        return float(row[column]) * 12 / (row.get("months") or 1)
    return float(row[column]) * (12 if row.get("per") == "month" else 1)


def _list_groups(table: Table, kind: str, row: Row) -> list[tuple[Any, ...]]:
    """List the groups of an amount: its kind with its month, its day of recording and, for income, its household."""
    own, day = row.get(kind), row[table.day or ""]
    groups: list[tuple[Any, ...]] = [("month", own, day.year, day.month)]
    groups += [("day", own, recorded)] if (recorded := row.get("recorded_on")) else []
    return groups + [("household", own, row["household_id"])] * (table.name == "income")


def _find_low_groups(table: Table, column: str, kind: str, known: Rows, line: float) -> set[tuple[Any, ...]]:
    """Find the groups of amounts that are reported as ``amount_in_ten_thousands``, by the rules of ``riskml check``."""
    amounts: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
    lower: Counter[tuple[Any, ...]] = Counter()
    for row in known:
        amount = _annualise(row, column)
        outside = table.name == "illness" and row["kind"] != "inpatient"
        least = line / (10_000 if outside else 1000)
        if table.name == "income":
            least = 0 if row["source"] == "property" else line / LOW
        for group in _list_groups(table, kind, row):
            amounts[group].append(math.log(amount))
            lower[group] += amount < least
    alike: defaultdict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for group in amounts:
        alike[group[:2]].append(group)
    low: set[tuple[Any, ...]] = set()
    homes: set[tuple[Any, tuple[Any, ...]]] = set()
    for (same, _), groups in alike.items():
        levels = {group: sum(amounts[group]) / len(amounts[group]) for group in groups}
        apart = median(levels.values()) - math.log(FAR)
        odd = {group for group in groups if levels[group] < apart}
        if same == "household":
            low |= odd if len(odd) >= max(FEWEST_LOW, len(groups) / 100) else set()
            homes.update((home, group) for group in odd for home in group[2:])
            continue
        n, n_low = sum(len(amounts[group]) for group in groups), sum(lower[group] for group in groups)
        low |= {group for group in odd if len(amounts[group]) > 2}
        if n >= FEWEST_AMOUNTS and 2 * n_low > n:
            low |= {group for group in groups if 2 * lower[group] > len(amounts[group])}
    sources = Counter(home for home, _ in homes)
    return low | {group for home, group in homes if sources[home] > 1}


def _find_slips(rows: Rows, columns: Columns) -> Iterator[Finding]:
    """Find monthly amounts that are a hundred times, or more, the household's other amounts of the source."""

    def read_key(row: Row) -> tuple[Any, Any]:
        return row["household_id"], row["source"]

    least, largest = _find_monthly_range(columns, "amount")
    if largest <= 50 * least:
        return  # the usual case: no amount differs that much from any other
    monthly: defaultdict[tuple[Any, Any], list[float]] = defaultdict(list)
    lengths = columns.get("months", itertools.repeat(1))
    for code, source, amount, months in zip(
        columns["household_id"], columns["source"], columns["amount"], lengths, strict=False
    ):
        if amount is not None and amount > 0:
            monthly[code, source].append(amount / (months or 1))
    slips = {}
    for key, amounts in monthly.items():
        if len(amounts) > 5 and max(amounts) > 50 * min(amounts):
            least, *_, second, largest = sorted(amounts)
            near = any(least / 2 <= largest / factor <= second * 2 for factor in SLIPS)
            if largest > 50 * second and second < 10 * least and near:
                slips[key] = largest
    homes, odd = (Counter(source for _, source in keys) for keys in (monthly, slips))
    for i, row in enumerate(rows if slips else ()):
        source, amount = row["source"], (row["amount"] or 0) / (row.get("months") or 1)
        if amount == slips.get(read_key(row)) and odd[source] <= max(1, homes[source] / 10):
            yield i, "amount", "slipped_amount"


def _find_zeros_ahead(rows: Rows, stored: Rows) -> Iterator[Finding]:
    """Find zeros recorded before their period began, and those after the last month in which anybody had income."""
    zeros = [(i, row) for i, row in enumerate(rows) if row["amount"] == 0]
    last = max((row["period_start"] for row in stored if row["amount"]), default=dt.date.max)
    after = {row["household_id"] for row in stored if row["amount"] == 0 and row["period_start"] > last}
    for i, row in zeros:
        start = row["period_start"]
        if (row.get("recorded_on") or start) < start or (len(after) > 2 and start > last):
            yield i, "amount", "zero_ahead"


def find_odd_lines(rows: Rows, stored: Rows, usual_lines: UsualLines) -> Iterator[Finding]:
    """Find lines that are far from the policy table's line or from the region's two lines before.

    A line before that is itself far from the policy table's line misleads, so nothing is compared with it.
    """

    def order(line: Row) -> tuple[dt.date, dt.date]:
        return line["effective_from"], line.get("recorded_on") or line["effective_from"]

    def is_far(line: Row, *amounts: float) -> bool:
        return all(not amount / LINE_FACTOR <= line["amount"] <= amount * LINE_FACTOR for amount in amounts)

    def is_unusual(line: Row) -> bool:
        region, start = line.get("region_code") or "", line["effective_from"]
        near = (
            (len(prefix), -abs((since - start).days), amount)
            for prefix, since, amount in usual_lines
            if region.startswith(prefix) and (since - start).days < LINE_YEARS * 366
        )
        _, _, usual = max(near, default=(0, 0, line["amount"]))
        return is_far(line, usual)

    in_order = sorted(stored, key=order)
    for i, row in enumerate(rows):
        region = row.get("region_code") or ""
        own = [line for line in in_order if (line.get("region_code") or "") == region and order(line) < order(row)]
        before = own[-2:]
        if is_unusual(row) or (
            before and not is_unusual(before[-1]) and is_far(row, *(line["amount"] for line in before))
        ):
            yield i, "amount", "implausible_line"
