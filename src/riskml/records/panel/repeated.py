"""Forecast income by repeating the last months with the same delays, as if it kept arriving as it has so far."""

from __future__ import annotations

from copy import copy
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month, to_month_end
from riskml.records.contract.versions import FOREVER
from riskml.records.panel.income import Extra, IncomeBlock
from riskml.records.panel.packed import PackedRecords
from riskml.records.panel.statements import Statements

Days = NDArray[np.int32]
Packed = TypeVar("Packed", bound=PackedRecords)
Rows = TypeVar("Rows", Extra, Statements)


def repeat_income(records: Packed, last_month: int, period: int, times: int) -> Packed:
    """Return records whose income repeats itself after ``last_month``; everything else stays as it is.

    Parameters
    ----------
    records : PackedRecords
    last_month : int
        Number of the last month whose income is kept; a period that ends later is left out.
    period : int
        Number of months, up to and including ``last_month``, that are repeated.
    times : int
        How often they are repeated. Each time, their rows are recorded with the same delay as before.
    """
    income = records.income
    stop = last_month - income.first_month + 1
    begin, missing = max(stop - period, 0), max(period - stop, 0)
    shifts = [period * (time + 1) for time in range(times)]
    fill = ((0, 0), (missing, 0), (0, 0))  # months before the first row are not reported
    amount = np.pad(income.amount[:, begin:stop], fill)
    known_from = np.pad(income.known_from[:, begin:stop], fill, constant_values=FOREVER)
    extra, statements = income.extra, income.statements
    repeated = copy(records)
    repeated.shared = {}
    repeated.income = IncomeBlock(
        income.first_month,
        np.concatenate([income.amount[:, :stop], *[amount] * times], axis=1),
        np.concatenate([income.known_from[:, :stop], *(_delay(known_from, months) for months in shifts)], axis=1),
        _repeat_rows(extra, "month", extra.month, last_month, period, shifts),
        _repeat_rows(statements, "start", statements.start + statements.months - 1, last_month, period, shifts),
        income.last_day,  # unchanged: it says how far the records reach, not the forecast
    )
    return repeated


def _repeat_rows(rows: Rows, month: str, end: Days, last_month: int, period: int, shifts: list[int]) -> Rows:
    """Repeat the rows that end in the last period; ``month`` names the field with the month that is shifted."""
    columns = {field.name: getattr(rows, field.name) for field in fields(rows)}
    recent = {name: values[(end > last_month - period) & (end <= last_month)] for name, values in columns.items()}
    parts: list[dict[str, Any]] = [{name: values[end <= last_month] for name, values in columns.items()}]
    for months in shifts:
        days = {name: _delay(recent[name], months) for name in ("known_from", "known_until")}
        parts.append({**recent, month: recent[month] + np.int32(months), **days})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in columns}
    order = np.lexsort((joined["known_from"], joined["household"]))
    return replace(rows, **{name: values[order] for name, values in joined.items()})


def _delay(days: Days, months: int) -> Days:
    """Move days forward by a number of months, keeping each day's distance from the end of its month."""
    known = days != FOREVER
    if not known.any():
        return days
    first = days[known].min()
    calendar = np.arange(first, days[known].max() + 1, dtype=np.int32)
    month = to_month(calendar)
    moved = days.copy()
    moved[known] = (calendar + to_month_end(month + np.int32(months)) - to_month_end(month))[days[known] - first]
    return moved
