"""Comparisons of the rows of a request with other rows of the same households that they may repeat or contain."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from riskml.records.checking.comparisons import ALIKE, FEWEST_COPIES, NEARLY, USUALLY, list_subject
from riskml.records.checking.duplicates import FILLED_LATER
from riskml.records.contract.schema import Kind, Table
from riskml_serving.checks.findings import Finding, Row, list_known, read_day
from riskml_serving.store.records.columns import Columns, Rows

__all__ = ["find_copies", "find_reused_numbers", "find_sums"]

_CONTENTS = ("record_id", "recorded_on")
_OTHERS = (*_CONTENTS, *FILLED_LATER)


def _make_key(table: Table, row: Row, without: tuple[str, ...]) -> tuple[Any, ...]:
    columns = (column for column in table.columns if column.name not in without)
    return tuple(column.default if row.get(column.name) is None else row[column.name] for column in columns)


def find_copies(table: Table, rows: Rows, stored: Rows, columns: Columns) -> Iterator[Finding]:
    """Find rows without ``record_id`` that equal another row, and rows that repeat a row of an earlier day.

    The latter have no ``record_id`` or one of their own. They are judged by their days of recording, as in a folder,
    among all rows of the households in the request, and are reported once. ``columns`` has the stored rows as columns.
    """
    amounts = [column.name for column in table.columns if column.kind is Kind.AMOUNT]
    required = [columns[x.name] for x in reversed(table.columns) if x.required and x.name not in amounts]
    if any(len({*values}) == len(stored) for values in required) or len({*zip(*required, strict=True)}) == len(stored):
        return  # the usual case: no two rows are alike
    records = Counter(_name_record(row) for row in stored if row.get("record_id"))
    every = Counter(_make_key(table, row, ()) for row in stored if not row.get("record_id"))
    every.subtract(_make_key(table, row, ()) for row in rows if not row.get("record_id"))
    for i, row in enumerate(rows):
        if not row.get("record_id"):
            key = _make_key(table, row, ())
            if every[key] > 0:
                yield i, "", "equal_rows"
            every[key] += 1
    plain = [row for row in stored if not row.get("record_id") or records[_name_record(row)] == 1]
    find_earlier = _compare_with_earlier(table, [row for row in plain if not row.get("statement")], amounts)
    pairs = Counter((read_day(row), day) for row in plain if (day := find_earlier(row)))
    repeated = _find_repeated_days(pairs, Counter(map(read_day, plain)))
    for i, row in enumerate(rows if repeated else ()):
        if (read_day(row), find_earlier(row)) in repeated:
            yield i, "recorded_on", "delivered_twice"
            return


def _compare_with_earlier(table: Table, rows: Rows, amounts: list[str]) -> Callable[[Row], dt.date | None]:
    """Return a function that finds the day of an earlier row that a row repeats, with nearly the same amount.

    See ``riskml.records.checking.comparisons.delivered_twice``.
    """
    same: dict[Any, Row] = {}
    alike: dict[Any, Row] = {}
    for row in sorted(rows, key=read_day):
        same.setdefault(_make_key(table, row, _CONTENTS), row)
        alike.setdefault(_make_key(table, row, (*_OTHERS, *amounts)), row)

    def find_alike(row: Row) -> tuple[dt.date | None, bool]:
        old = alike.get(_make_key(table, row, (*_OTHERS, *amounts)), row)
        if row.get("statement") or read_day(row) <= read_day(old):
            return None, False
        amount, before = row.get(amounts[0]), old.get(amounts[0])
        if amount is None or before is None:
            return read_day(old), amount is before
        return read_day(old), abs(amount - before) <= ALIKE * abs(before)

    compared = [find_alike(row) for row in rows]
    usual = sum(near for _, near in compared) >= USUALLY * sum(day is not None for day, _ in compared)

    def find_earlier(row: Row) -> dt.date | None:
        first = same.get(_make_key(table, row, _CONTENTS), row)
        if not row.get("statement") and read_day(row) > read_day(first):
            return read_day(first)
        day, near = find_alike(row)
        return day if near and usual else None

    return find_earlier


def _find_repeated_days(
    copies: Counter[tuple[dt.date, dt.date]], sizes: Counter[dt.date]
) -> set[tuple[dt.date, dt.date | None]]:
    """Find the days on which rows of an earlier day were delivered again, each with that earlier day.

    ``copies`` counts the rows of a day that repeat a row of an earlier day, and ``sizes`` all rows of each day; see
    ``riskml.records.checking.comparisons.delivered_twice``.
    """
    of_day: Counter[dt.date] = Counter()
    for (day, _), n in copies.items():
        of_day[day] += n
    repeated = {
        (day, before) for (day, before), n in copies.items() if 2 * of_day[day] >= sizes[day] or 2 * n >= sizes[before]
    }
    if 2 * sum(copies[pair] for pair in repeated) >= copies.total():
        repeated = {*copies}
    return {*repeated} if sum(copies[pair] for pair in repeated) >= FEWEST_COPIES else set()


def _name_record(row: Row) -> tuple[Any, Any]:
    return row.get("household_id"), row["record_id"]  # a record number is unique only within a household


def find_reused_numbers(table: Table, rows: Rows, stored: Rows, columns: Columns) -> Iterator[Finding]:
    """Find rows whose record number the household already has for another day or kind, if that is the usual case."""
    records = [_name_record(row) for row in stored if row.get("record_id")] if "record_id" in columns else []
    if len(set(records)) == len(records):
        return  # the usual case: nothing is corrected
    repeated = {record for record, n in Counter(records).items() if n > 1}
    subjects: defaultdict[Any, set[Any]] = defaultdict(set)
    for row in stored:
        if row.get("record_id") and _name_record(row) in repeated:
            subjects[_name_record(row)].add(tuple(row.get(name) for name in list_subject(table)))
    reused = {record for record, different in subjects.items() if len(different) > 1}
    if len(reused) >= max(2, len(repeated) / 2):
        for i, row in enumerate(rows):
            if row.get("record_id") and _name_record(row) in reused:
                yield i, "record_id", "record_numbers_reused"


def find_sums(rows: Rows, stored: Rows, columns: Columns) -> Iterator[Finding]:
    """Find income rows of the request for months that have both a sum for several months and rows for parts of them.

    The conditions are those of the check of folders.
    """
    if all(months == 1 for months in list_known(columns, "months")):
        return
    latest: dict[Any, Row] = {}
    for n, row in enumerate(stored):  # a later row replaces an earlier one with the same record_id
        latest[row.get("record_id") or n] = row
    periods: defaultdict[Any, list[tuple[int, int, float]]] = defaultdict(list)
    for row in latest.values():
        if row["amount"] is not None and not row.get("statement") and not row.get("member_id"):
            first = row["period_start"].year * 12 + row["period_start"].month
            periods[row["household_id"], row["source"]].append((first, row.get("months") or 1, row["amount"]))
    doubled: defaultdict[Any, list[tuple[int, int]]] = defaultdict(list)
    for key, own in periods.items():
        for first, months, amount in own:
            if months == 1 or not amount:
                continue
            end = first + months
            parts = [part for part in own if part[1] < months and first <= part[0] and part[0] + part[1] <= end]
            total, covered = sum(part[2] for part in parts), sum(part[1] for part in {part[:2] for part in parts})
            near = abs(total - amount) <= NEARLY * abs(amount)
            large = 2 * covered >= months and amount >= (1 - NEARLY) * total
            overlapping = any(part[0] < first < part[0] + part[1] < end for part in own)
            if overlapping or (parts and (key[1] == "total" or near or large)):
                doubled[key].append((first, end))
    for i, row in enumerate(rows) if doubled else ():
        at = row["period_start"].year * 12 + row["period_start"].month
        spans = doubled.get((row["household_id"], row["source"]), ())
        if row["amount"] is not None and not row.get("statement") and any(a <= at < end for a, end in spans):
            yield i, "months", "sum_beside_parts"
