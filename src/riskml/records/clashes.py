"""Income stated twice: a total for a month, and a source of the same month beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskml.records.calendar import month_end
from riskml.records.cells import cell_day, cell_month, is_null

__all__ = ["total_clashes"]


def total_clashes(income: Mapping[str, Sequence[Any]]) -> list[int]:
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
    >>> total_clashes({**month, "source": ["total", "wage"], "months": [2, 1], "amount": [900.0, 400.0]})
    [0]

    What was withdrawn clashes with nothing:

    >>> total_clashes({**month, "source": ["total", "wage"], "months": [2, 1], "amount": [None, 400.0]})
    []
    """
    sources = income["source"]
    if "total" not in sources:
        return []
    rows = len(sources)
    length = [1 if is_null(value) else int(value) for value in income.get("months", [None] * rows)]
    start = [cell_month(value) for value in income["period_start"]]
    latest: dict[tuple[str, str], tuple[int, int]] = {}
    standing = set(range(rows))
    recorded = income.get("recorded_on", [None] * rows)
    for i, record in enumerate(income.get("record_id", [None] * rows)):
        if is_null(record):
            continue
        known = int(month_end(start[i] + length[i] - 1)) if is_null(recorded[i]) else cell_day(recorded[i])
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
