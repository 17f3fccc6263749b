"""Rows in memory that contradict one another: income stated twice, and one record or version twice on one day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskml.records.contract.calendar import month_end
from riskml.records.contract.schema import TABLES, Table
from riskml.records.panel.cells import is_null, parse_day, parse_month

__all__ = ["find_repeated_rows", "find_total_clashes"]


def find_total_clashes(income: Mapping[str, Sequence[Any]]) -> list[int]:
    """Find totals that stand beside a source of the same household and month.

    Parameters
    ----------
    income : mapping of str to sequence
        Columns of the contract's table ``income``, equally long; those that are not required may be absent.

    Returns
    -------
    list of int
        Positions of the rows with the totals, ascending. Rows that were corrected or withdrawn do not count.

    Notes
    -----
    The contract calls both in one month a fault; a records folder is checked for it, rows in memory are not.

    >>> month = {"household_id": ["a", "a"], "period_start": ["2024-01-01", "2024-02-01"]}
    >>> find_total_clashes({**month, "source": ["total", "wage"], "months": [2, 1], "amount": [900.0, 400.0]})
    [0]

    What was withdrawn clashes with nothing:

    >>> find_total_clashes({**month, "source": ["total", "wage"], "months": [2, 1], "amount": [None, 400.0]})
    []
    """
    sources = income["source"]
    if "total" not in sources:
        return []
    rows = len(sources)
    length = [1 if is_null(value) else int(value) for value in income.get("months", [None] * rows)]
    start = [parse_month(value) for value in income["period_start"]]
    latest: dict[tuple[str, str], tuple[int, int]] = {}
    standing = set(range(rows))
    recorded = list(_recorded(TABLES["income"], income, rows))
    for i, record in enumerate(income.get("record_id", [None] * rows)):
        if is_null(record):
            continue
        known = recorded[i]
        key = (str(income["household_id"][i]), str(record))
        if key in latest:
            standing.discard(min((known, i), latest[key])[1])
        latest[key] = max((known, i), latest.get(key, (known, i)))
    stated = [i for i in standing if not is_null(income["amount"][i])]
    parts = {
        (income["household_id"][i], month)
        for i in stated
        if sources[i] != "total"
        for month in _months(start, length, i)
    }
    return sorted(
        i
        for i in stated
        if sources[i] == "total"
        and any((income["household_id"][i], month) in parts for month in _months(start, length, i))
    )


def _months(start: Sequence[int], length: Sequence[int], i: int) -> range:
    return range(start[i], start[i] + length[i])


def find_repeated_rows(name: str, columns: Mapping[str, Sequence[Any]]) -> list[int]:
    """Find rows that state a record, a version or a line again for the same day: nobody could say which counts.

    Parameters
    ----------
    name : str
        Table of the contract.
    columns : mapping of str to sequence
        Its columns, equally long; those that are not required may be absent.

    Returns
    -------
    list of int
        Positions of all such rows but the first of each, ascending.

    Notes
    -----
    The contract calls them faults; a records folder is checked for them, rows in memory are not.

    >>> twice = {"household_id": ["a", "a"], "occurred_on": ["2024-01-05"] * 2, "record_id": ["r", "r"]}
    >>> find_repeated_rows("events", {**twice, "recorded_on": [None, "2024/1/5"]})
    [1]

    What is recorded later corrects, and rows without a record add up:

    >>> find_repeated_rows("events", {**twice, "recorded_on": [None, "2024-01-06"]})
    []
    >>> find_repeated_rows("events", {**twice, "record_id": [None, None]})
    []
    """
    table = TABLES[name]
    names = ("region_code", "effective_from") if name == "lines" else table.key or ("record_id",)
    rows = max(map(len, columns.values()), default=0)
    if rows < 2 or names[-1] not in columns:
        return []
    keys = list(zip(*(_exact(key, columns.get(key, [None] * rows)) for key in names), strict=True))
    if len(set(keys)) == rows:  # most often: no day of recording need be looked at
        return []
    seen, out = set(), []
    for i, (key, day) in enumerate(zip(keys, _recorded(table, columns, rows), strict=True)):
        if key[-1] and (key, day) in seen:
            out.append(i)
        seen.add((key, day))
    return out


def _exact(name: str, values: Sequence[Any]) -> list[Any]:
    if name in ("entered_on", "effective_from"):
        return [parse_day(value) for value in values]
    return ["" if is_null(value) else str(value) for value in values]


def _recorded(table: Table, columns: Mapping[str, Sequence[Any]], rows: int) -> Iterator[int]:
    """Days of recording; where there is none, the event's day, a period's last day, or before every day."""
    nothing = [None] * rows
    days = columns[table.day] if table.day and not table.key else nothing
    lengths = columns.get("months", nothing)
    for said, day, length in zip(columns.get("recorded_on", nothing), days, lengths, strict=True):
        if is_null(said) and table.name == "income":
            yield int(month_end(parse_month(day) + (1 if is_null(length) else int(length)) - 1))
        else:
            yield parse_day(day if is_null(said) else said)
