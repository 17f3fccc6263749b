"""Find rows in memory that contradict one another.

These are a total and individual sources for the same month, or two rows for one record or version with the same date.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from riskml.records.contract.calendar import STATEMENT_DELAY, to_month_end
from riskml.records.contract.schema import TABLES, Table
from riskml.records.panel.cells import is_null, list_keys, parse_day, parse_month


def _sort_income(income: Mapping[str, Sequence[Any]]) -> tuple[set[int], set[int]]:
    """Split the rows, except those about one person, into statements and others; return the positions of both."""
    nulls = [None] * len(income["source"])
    flags, members = income.get("statement", nulls), income.get("member_id", nulls)
    whole = {i for i, member in enumerate(members) if is_null(member)}
    statements = {i for i in whole if not is_null(flags[i]) and bool(flags[i])}
    return statements, whole - statements


def find_total_clashes(income: Mapping[str, Sequence[Any]]) -> list[int]:
    """Find totals for a household and a month for which an individual source is reported too.

    Parameters
    ----------
    income : mapping of str to sequence
        Columns of the contract's table ``income``, all of the same length; optional columns may be absent.

    Returns
    -------
    list of int
        Positions of the rows with the totals, ascending. Rows that were corrected or withdrawn are ignored, as are
        statements and rows about one person.

    Notes
    -----
    The contract does not allow both for the same month. `riskml check` reports such rows for a folder; this function is
    for rows in memory.

    >>> month = {"household_id": ["a", "a"], "period_start": ["2024-01-01", "2024-02-01"]}
    >>> find_total_clashes({**month, "source": ["total", "wage"], "months": [2, 1], "amount": [900.0, 400.0]})
    [0]

    A withdrawn row does not clash with any other:

    >>> find_total_clashes({**month, "source": ["total", "wage"], "months": [2, 1], "amount": [None, 400.0]})
    []
    """
    sources = income["source"]
    if "total" not in sources:
        return []
    rows = len(sources)
    lengths = [1 if is_null(value) else int(value) for value in income.get("months", [None] * rows)]
    starts = [parse_month(value) for value in income["period_start"]]
    latest: dict[tuple[str, str], tuple[int, int]] = {}
    standing = set(range(rows))
    recorded = list(_list_recording_days(TABLES["income"], income, rows))
    for i, record in enumerate(income.get("record_id", [None] * rows)):
        if is_null(record):
            continue
        key = (str(income["household_id"][i]), str(record))
        if key in latest:
            standing.discard(min((recorded[i], i), latest[key])[1])
        latest[key] = max((recorded[i], i), latest.get(key, (recorded[i], i)))

    def list_household_months(i: int) -> set[tuple[str, int]]:
        return {(income["household_id"][i], month) for month in range(starts[i], starts[i] + lengths[i])}

    stated = [i for i in standing & _sort_income(income)[1] if not is_null(income["amount"][i])]
    by_source = set().union(*(list_household_months(i) for i in stated if sources[i] != "total"))
    return sorted(i for i in stated if sources[i] == "total" and list_household_months(i) & by_source)


def find_repeated_statements(income: Mapping[str, Sequence[Any]]) -> list[int]:
    """Find statements with the same household, source, start and day of recording, so that none of them is the latest.

    Parameters
    ----------
    income : mapping of str to sequence
        Columns of the contract's table ``income``, all of the same length; optional columns may be absent.

    Returns
    -------
    list of int
        Positions of these rows except the first of each group, ascending.

    >>> year = {"household_id": ["a", "a"], "period_start": ["2023-10-01"] * 2, "months": [12, 12], "amount": [1, 2]}
    >>> year |= {"source": ["wage"] * 2, "statement": [True, True]}
    >>> find_repeated_statements({**year, "recorded_on": [None, "2025-02-28"]})
    [1]
    >>> find_repeated_statements({**year, "recorded_on": [None, "2025-03-01"]})
    []
    """
    if "statement" not in income:
        return []
    statements, _ = _sort_income(income)
    if len(statements) < 2:  # then no day of recording is needed
        return []
    days = list(_list_recording_days(TABLES["income"], income, len(income["source"])))
    starts = map(parse_month, income["period_start"])
    keys = list(zip(map(str, income["household_id"]), income["source"], starts, days, strict=True))
    return _list_repeats({i: keys[i] for i in sorted(statements)})


def find_repeated_rows(name: str, columns: Mapping[str, Sequence[Any]]) -> list[int]:
    """Find rows for the same record, version or line that have the same date, so that none of them is the latest.

    Parameters
    ----------
    name : str
        Name of a table of the contract.
    columns : mapping of str to sequence
        The table's columns, all of the same length; optional columns may be absent.

    Returns
    -------
    list of int
        Positions of these rows except the first of each group, ascending.

    Notes
    -----
    The contract does not allow such rows. `riskml check` reports them for a folder; this function is for rows in
    memory.

    >>> twice = {"household_id": ["a", "a"], "occurred_on": ["2024-01-05"] * 2, "record_id": ["r", "r"]}
    >>> find_repeated_rows("events", {**twice, "recorded_on": [None, "2024/1/5"]})
    [1]

    A row that was recorded later is a correction, and rows without a ``record_id`` are added up:

    >>> find_repeated_rows("events", {**twice, "recorded_on": [None, "2024-01-06"]})
    []
    >>> find_repeated_rows("events", {**twice, "record_id": [None, None]})
    []
    """
    table = TABLES[name]
    names = table.identity
    rows = max(map(len, columns.values()), default=0)
    if rows < 2 or names[-1] not in columns:
        return []
    keys = list_keys(table, names, {name: columns.get(name, [None] * rows) for name in names})
    if len(set(keys)) == rows:  # the usual case, which needs no day of recording
        return []
    dated = enumerate(zip(keys, _list_recording_days(table, columns, rows), strict=True))
    return _list_repeats({i: (key, day) for i, (key, day) in dated if key[-1] is not None})


def _list_repeats(keys: Mapping[int, Hashable]) -> list[int]:
    """List the positions whose key already occurs at an earlier position."""
    seen: set[Hashable] = set()
    repeated = []
    for i, key in keys.items():
        if key in seen:
            repeated.append(i)
        seen.add(key)
    return repeated


def _list_recording_days(table: Table, columns: Mapping[str, Sequence[Any]], rows: int) -> Iterator[int]:
    """Yield each row's day of recording.

    A null is replaced by the contract's default or, if the rows are versions of a key, by a day before every date.
    """
    nulls = [None] * rows
    day = "effective_from" if table.name == "lines" else table.day
    days = columns[day] if day and not table.key else nulls
    lengths, flags = columns.get("months", nulls), columns.get("statement", nulls)
    for recorded, day, length, flag in zip(columns.get("recorded_on", nulls), days, lengths, flags, strict=True):
        if is_null(recorded) and table.name == "income":
            delay = STATEMENT_DELAY if not is_null(flag) and bool(flag) else 0
            yield int(to_month_end(parse_month(day) + (1 if is_null(length) else int(length)) - 1 + delay))
        else:
            yield parse_day(day if is_null(recorded) else recorded)
