"""All income, packed into a dense block of source × month × household, with the day on which each cell became known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month_end
from riskml.records.contract.schema import SOURCES
from riskml.records.contract.versions import EVERYTHING, FOREVER, NO_DAY
from riskml.records.panel.kernels import copy_known_income, fill_income
from riskml.records.panel.packed_rows import INCOME_BLOCK, Rows, concatenate_rows, find_income_days
from riskml.records.panel.statements import NO_STATEMENTS, Statements, pack_statements

Floats = NDArray[np.float64]
Days = NDArray[np.int32]

CHUNK = 4096
"""Number of households in a batch, chosen so that the arrays of its panel fit the processor's cache."""


@dataclass(frozen=True)
class Extra:
    """The rows of income cells with several rows or a corrected row, in an order independent of that of the input."""

    household: NDArray[np.int32]
    source: NDArray[np.int32]
    month: NDArray[np.int32]
    value: Floats
    known_from: Days
    known_until: Days


_EMPTY = np.empty(0, np.int32)
_NOTHING = Extra(_EMPTY, _EMPTY, _EMPTY, np.empty(0), _EMPTY, _EMPTY)


@dataclass(frozen=True)
class IncomeBlock:
    """Income of all households.

    Parameters
    ----------
    first_month : int
        Month of the block's first row.
    amount : array of float64, shape (S, T, H)
        Amount of each cell that consists of exactly one row. The S sources are in declared order; the last one,
        ``total``, is absent if it has no such cell.
    known_from : array of int32, shape (S, T, H)
        Day on which that row became known; ``FOREVER`` if the cell does not consist of exactly one row.
    last_day : array of int32, shape (H,)
        Last day that any income row of each household, including rows about one person, describes or became known on;
        ``NO_DAY`` if the household has no rows.
    """

    first_month: int
    amount: Floats
    known_from: Days
    extra: Extra
    statements: Statements
    last_day: Days

    @property
    def months(self) -> int:
        """Number of months that the block spans."""
        return int(self.amount.shape[1])

    def read_known(self, last_month: int, months: int, known_at: int, start: int, stop: int) -> Floats:
        """Read the income known on a date, the latest month first.

        Parameters
        ----------
        last_month : int
            The latest month, at index 0.
        months : int
            Length of the time axis, which runs backwards.
        known_at : int
            Last day of recording; rows recorded later are left out.
        start, stop : int
            Range of households.

        Returns
        -------
        array of float64, shape (S, months, stop - start)
            Income in each month, yuan; NaN if it is not reported.
        """
        out = np.empty((len(SOURCES), months, stop - start))
        copy_known_income(self.amount, self.known_from, last_month - self.first_month, start, known_at, out)
        self._add_extra(out, last_month, known_at, start, stop)
        if len(self.statements):
            self.statements.apply(out, last_month, known_at, start, stop)
        return out

    def _add_extra(self, out: Floats, last_month: int, known_at: int, start: int, stop: int) -> None:
        extra = self.extra
        if not len(extra.household):
            return
        low, high = np.searchsorted(extra.household, np.array([start, stop], np.int32))
        if low == high:
            return
        part = slice(low, high)
        lag = last_month - extra.month[part]
        use = (extra.known_from[part] <= known_at) & (known_at < extra.known_until[part])
        use &= ~np.isnan(extra.value[part]) & (lag >= 0) & (lag < out.shape[1])
        where = (extra.source[part][use], lag[use], extra.household[part][use] - start)
        out[where] = -0.0  # -0.0 plus a number gives that number, including the sign of a zero
        np.add.at(out, where, extra.value[part][use])

    def count_reports_by_month(self, known_at: int = EVERYTHING) -> NDArray[np.int64]:
        """Count the households with income reported for each month, shape (T,); a household counts once per month.

        Rows that were recorded after the day ``known_at`` are left out.
        """
        reported = np.asarray(((self.known_from <= known_at) & ~np.isnan(self.amount)).any(axis=0))
        use = (self.extra.known_from <= known_at) & (known_at < self.extra.known_until) & ~np.isnan(self.extra.value)
        reported[self.extra.month[use] - self.first_month, self.extra.household[use]] = True
        last_month = self.first_month + self.months - 1
        households = reported.shape[1] if len(self.statements) else 0
        for start in range(0, households, CHUNK):
            stop = min(start + CHUNK, households)
            income = self.read_known(last_month, self.months, known_at, start, stop)
            reported[:, start:stop] = ~np.isnan(income[:, ::-1]).all(axis=0)
        count: NDArray[np.int64] = np.count_nonzero(reported, axis=1).astype(np.int64)
        return count


def pack_income(parts: Iterable[Rows], households: int, months: tuple[int, int]) -> IncomeBlock:
    """Pack income rows, which may be in any order and in any number of parts.

    Parameters
    ----------
    parts : iterable of Rows
        Rows with the columns ``period_start`` (month number), ``months``, ``source``, ``amount``, ``statement`` and
        ``person``. The last one marks rows about one person, which are not included in any sum.
    households : int
        Number of households.
    months : tuple of int
        First and last month covered by any period.
    """
    first, length = months[0], months[1] - months[0] + 1
    shape = (len(SOURCES), length, households)
    amount = np.zeros(shape)
    known_from = np.full(shape, FOREVER)
    last_day = np.full(households, NO_DAY)
    ends = to_month_end(np.arange(first, first + length, dtype=np.int32))
    left: list[Rows] = []
    for part in parts:
        apart = part.columns["statement"] | part.columns["person"]
        rows = part if not apart.any() else part.where(~apart)
        period_end = to_month_end(part.columns["period_start"] + part.columns["months"] - 1)
        recorded, unknown = part.recorded, part.recorded == NO_DAY
        if unknown.any():
            recorded = np.where(unknown, find_income_days(part.columns), recorded)
        np.maximum.at(last_day, part.household, np.maximum(period_end, recorded))
        start, count, source, value, _ = (rows.columns[name] for name in INCOME_BLOCK)
        crowded = fill_income(
            rows.household, start, count, source, value, rows.recorded, rows.group, first, ends, amount, known_from
        )
        if crowded.any():
            left.append(rows.where(crowded))
        if rows is not part:
            left.append(part.where(apart))
    extra, statements = _NOTHING, NO_STATEMENTS
    if left:
        # Rows that correct one another may be of different kinds, so their days are determined for all rows together.
        rows = concatenate_rows(left)
        known, until = rows.find_known_days(find_income_days(rows.columns), versions=False)
        whole, person = rows.columns["statement"], rows.columns["person"]
        plain, stated = ~(whole | person), whole & ~person
        extra = _collect_extra(rows.where(plain), known[plain], until[plain], amount, known_from, first)
        statements = pack_statements(rows.where(stated), known[stated], until[stated])
    used = len(SOURCES) if (known_from[-1] != FOREVER).any() else len(SOURCES) - 1
    return IncomeBlock(first, amount[:used], known_from[:used], extra, statements, last_day)


def _spread_periods(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
    """Spread periods evenly over their months; return the row's position, the month and the amount for each month."""
    length, start = rows.columns["months"].astype(np.int64), rows.columns["period_start"]
    row = np.repeat(np.arange(len(rows)), length)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    return row, (start[row] + offset).astype(np.int32), (rows.columns["amount"] / length)[row]


def _collect_extra(rows: Rows, start: Days, stop: Days, amount: Floats, known_from: Days, first: int) -> Extra:
    """Collect the cells that do not consist of exactly one uncorrected row, and empty them in the dense block.

    Parameters
    ----------
    rows : Rows
        Income rows that are not in the block.
    start, stop : array of int32, shape (E,)
        Day from which each row counts, and day until which it counts.
    amount, known_from : array, shape (S, T, H)
        The dense block.
    first : int
        Month of the block's first row.
    """
    _, length, households = amount.shape
    row, month, value = _spread_periods(rows)
    cell = (rows.columns["source"][row].astype(np.int64) * length + (month - first)) * households + rows.household[row]
    dense_amount, dense_start = amount.reshape(-1), known_from.reshape(-1)
    touched = np.unique(cell)
    touched = touched[dense_start[touched] != FOREVER]
    cell, value = np.append(cell, touched), np.append(value, dense_amount[touched])
    start, stop = np.append(start[row], dense_start[touched]), np.append(stop[row], np.full(len(touched), FOREVER))
    dense_start[touched] = FOREVER
    source_month, household = np.divmod(cell, households)
    source, position = np.divmod(source_month, length)
    order = np.lexsort((value, position, source, household))
    return Extra(
        household[order].astype(np.int32),
        source[order].astype(np.int32),
        (position[order] + first).astype(np.int32),
        value[order],
        start[order].astype(np.int32),
        stop[order],
    )
