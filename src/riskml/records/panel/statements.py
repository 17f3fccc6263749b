"""Statements of income: what a household received from a source in a period, declared months after the period's end.

In data from a register, income becomes known through statements, once a year; until then, only wage lists for
individual persons arrive.

From the day on which it is recorded, a statement replaces the other rows for the same source and months. It also
decides which other months count as reported: those in which every source that the household lives on is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.schema import SOURCES
from riskml.records.panel.kernels import Array, compiled
from riskml.records.panel.packed_rows import Rows

Floats = NDArray[np.float64]
Days = NDArray[np.int32]

_TOTAL = list(SOURCES).index("total")


@dataclass(frozen=True)
class Statements:
    """Statements of all households, sorted by household, day of recording and start.

    Parameters
    ----------
    household, source, start, months : array of int32, shape (E,)
        ``start`` is the number of the first month, and ``months`` is how many months the statement covers.
    amount : array of float64, shape (E,)
        Yuan per month; the period's amount is spread evenly.
    known_from, known_until : array of int32, shape (E,)
        A statement counts on day ``d`` if ``known_from <= d < known_until``.
    """

    household: NDArray[np.int32]
    source: NDArray[np.int32]
    start: NDArray[np.int32]
    months: NDArray[np.int32]
    amount: Floats
    known_from: Days
    known_until: Days

    def __len__(self) -> int:
        return len(self.household)

    def mark_known(self, known_at: int, start: int, stop: int) -> NDArray[np.bool_]:
        """Mark the households in a range for which a statement is known, shape (stop - start,)."""
        rows = self._find_known(known_at, start, stop)
        stated = np.zeros(stop - start, bool)
        stated[self.household[rows] - start] = True
        return stated

    def _find_known(self, known_at: int, start: int, stop: int) -> NDArray[np.intp]:
        low, high = np.searchsorted(self.household, np.array([start, stop], np.int32))
        part = slice(int(low), int(high))
        known = (self.known_from[part] <= known_at) & (known_at < self.known_until[part])
        rows: NDArray[np.intp] = np.flatnonzero(known) + int(low)
        return rows

    def apply(self, income: Floats, last_month: int, known_at: int, start: int, stop: int) -> None:
        """Write the amounts of statements into the income of a range of households, and clear unreported months.

        Parameters
        ----------
        income : array of float64, shape (S, T, stop - start)
            Income in each month by source, yuan, the latest month first; changed in place.
        last_month : int
            The latest month, at index 0.
        known_at : int
            Last day of recording; statements recorded later are left out.
        start, stop : int
            Range of households.
        """
        rows = self._find_known(known_at, start, stop)
        if len(rows):
            _apply(
                self.household[rows],
                self.source[rows],
                self.start[rows],
                self.months[rows],
                self.amount[rows],
                self.known_from[rows],
                start,
                last_month,
                income,
            )


_EMPTY = np.empty(0, np.int32)
NO_STATEMENTS = Statements(_EMPTY, _EMPTY, _EMPTY, _EMPTY, np.empty(0), _EMPTY, _EMPTY)


def pack_statements(rows: Rows, known_from: Days, known_until: Days) -> Statements:
    """Pack statements in an order that does not depend on the order of the rows; withdrawn ones are left out.

    Parameters
    ----------
    rows : Rows
        Statements of individual sources or of ``total``.
    known_from, known_until : array of int32, shape (E,)
        Day from which each statement counts, and day until which it counts.
    """
    source, start, months = (rows.columns[name].astype(np.int32) for name in ("source", "period_start", "months"))
    amount = rows.columns["amount"] / months
    order = np.lexsort((amount, months, source, start, known_from, rows.household))
    order = order[~np.isnan(amount[order])]
    return Statements(
        rows.household[order],
        source[order],
        start[order],
        months[order],
        amount[order],
        known_from[order],
        known_until[order],
    )


@compiled
def _apply(
    household: Array,
    source: Array,
    start: Array,
    months: Array,
    amount: Array,
    known_from: Array,
    first: int,
    last_month: int,
    out: Array,
) -> None:
    """Apply known statements, sorted by household, day of recording and start, to ``out`` (S, T, n).

    In each month, the last statement of a source counts. If there are statements of ``total`` and of individual
    sources, the one that was recorded last counts; if they were recorded on the same day, the one of ``total`` counts.
    A month outside all statements counts as reported if ``total`` is reported, or if at least one source is reported
    and none is missing. A source is missing if it is not reported although its latest statement is not zero; after a
    statement of ``total``, all four sources are needed.
    """
    sources, length = out.shape[0], out.shape[1]
    total = sources - 1
    winner = np.empty((sources, length), np.int64)
    latest = np.empty(sources, np.int64)
    i = 0
    while i < len(household):
        j = household[i] - first
        winner[:] = -1
        latest[:] = -1
        end = i
        while end < len(household) and household[end] == household[i]:
            s = source[end]
            latest[s] = end
            for month in range(start[end], start[end] + months[end]):
                t = last_month - month
                if 0 <= t < length:
                    winner[s, t] = end
            end += 1
        by_total, newest = latest[total] >= 0, -1
        for s in range(total):
            if latest[s] >= 0 and (newest < 0 or known_from[latest[s]] > known_from[newest]):
                newest = latest[s]
        if by_total and newest >= 0:
            by_total = known_from[latest[total]] >= known_from[newest]
        for t in range(length):
            newest = -1
            for s in range(total):
                row = winner[s, t]
                if row >= 0 and (newest < 0 or known_from[row] > known_from[newest]):
                    newest = row
            row = winner[total, t]
            if row >= 0 and (newest < 0 or known_from[row] >= known_from[newest]):
                out[:, t, j] = np.nan
                out[total, t, j] = amount[row]
            elif newest >= 0:
                whole = not np.isnan(out[total, t, j])
                for s in range(total):
                    if whole:
                        out[s, t, j] = np.nan
                    elif winner[s, t] >= 0:
                        out[s, t, j] = amount[winner[s, t]]
            elif np.isnan(out[total, t, j]):
                complete, any_source = True, False
                for s in range(total):
                    stated = not np.isnan(out[s, t, j])
                    any_source |= stated
                    needed = by_total or (latest[s] >= 0 and amount[latest[s]] != 0)
                    complete &= stated or not needed
                if not (complete and any_source):
                    out[:, t, j] = np.nan
        i = end


assert len(SOURCES) - 1 == _TOTAL, "the kernel takes the last source for the total"
