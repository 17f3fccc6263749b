"""Pack and sort the rows of members, care, disasters, events, help and monitoring, and select those known on a date."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month, to_month_end
from riskml.records.contract.schema import Table
from riskml.records.contract.versions import FOREVER, NO_DAY
from riskml.records.panel.kernels import count_codes, count_rows, find_largest, mark_known_rows, sum_rows
from riskml.records.panel.packed_rows import Array, Rows, find_income_days

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SMALLEST_DAY = int(NO_DAY) - 1
"""A day number that is smaller than any other, including the one that stands for a null."""


@dataclass(frozen=True)
class Events:
    """The rows of one table that count on a date, sorted by household; a column is read when it is first used.

    Parameters
    ----------
    household : array of int32, shape (E,)
        Position of each row's household in the panel, ascending.
    n : int
        Number of households in the panel.
    store : EventStore
    rows : array of int64, shape (E,)
        Positions of the rows in the store.
    as_of : int
    """

    household: NDArray[np.int32]
    n: int
    store: EventStore
    rows: NDArray[np.int64]
    as_of: int
    _columns: dict[str, Array] = field(default_factory=dict, repr=False)
    _since: dict[int, Mask] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Array:
        if name not in self._columns:
            self._columns[name] = self.store.read(name, self.rows, self.as_of)
        return self._columns[name]

    def __setitem__(self, name: str, values: Array) -> None:
        self._columns[name] = values

    def __len__(self) -> int:
        return len(self.household)

    @property
    def names(self) -> list[str]:
        """Names of the columns that the rows have, sorted."""
        return sorted({"day", *self.store.columns, *self._columns} - {"withdrawn"})

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Maps each text column to the texts that its positions refer to."""
        return self.store.levels

    def where(self, mask: Mask) -> Events:
        """Select rows with a mask."""
        columns = {name: values[mask] for name, values in self._columns.items()}
        return Events(self.household[mask], self.n, self.store, self.rows[mask], self.as_of, columns)

    @cached_property
    def _all_rows(self) -> Mask:
        return np.ones(len(self.household), bool)

    @cached_property
    def _has_rows(self) -> Mask:
        return self.count() > 0

    def mark_since(self, day: int) -> Mask:
        """Mark the rows after ``day``, shape (E,); the mask is cached, since many features use the same window."""
        if day not in self._since:
            self._since[day] = self["day"] > day
        return self._since[day]

    def count(self, mask: Mask | None = None) -> Floats:
        """Count the rows of each household, shape (n,)."""
        return count_rows(self.household, self._all_rows if mask is None else mask, self.n)

    def sum(self, values: Array, mask: Mask | None = None) -> Floats:
        """Sum the known values of each household, shape (n,).

        The sum is 0 if a household has no rows, and NaN if none of its rows has a value, since it is then unknown.
        Values are added in the order of the rows, so that a household's sum is the same, bit for bit, whether it is
        computed alone or with many others.
        """
        return sum_rows(self.household, values, self._all_rows if mask is None else mask, self.n)

    def max(self, values: Array, mask: Mask | None = None) -> Floats:
        """Find the largest known value of each household, shape (n,); NaN if there is none."""
        return find_largest(self.household, values, self._all_rows if mask is None else mask, self.n)

    def count_coded(self, column: str, *positions: int) -> Floats:
        """Count each household's rows whose code in a column has one of the positions, shape (n,).

        The count is NaN if the household has rows but none of them has a code, and 0 if it has no rows.
        """
        wanted = sum(1 << position for position in positions)
        return count_codes(self.household, self[column], wanted, self.n)

    def any(self, mask: Mask | None = None) -> Mask:
        """Return whether each household has any row, shape (n,)."""
        return self._has_rows if mask is None else self.count(mask) > 0


@dataclass(frozen=True)
class EventStore:
    """All rows of one table, sorted by household, with the period in which each of them counts.

    Parameters
    ----------
    household : array of int32, shape (E,)
    day : array of int32, shape (E,)
        Day of the event, or ``NO_DAY`` for tables without one (members).
    columns : dict of str to array
    known_from, known_until : array of int32, shape (E,)
        A row counts on day ``d`` if ``known_from <= d < known_until``.
    later_days : tuple of str
        Date columns whose values are treated as unknown if they are later than the date of the panel.
    """

    household: NDArray[np.int32]
    day: NDArray[np.int32]
    columns: dict[str, Array]
    known_from: NDArray[np.int32]
    known_until: NDArray[np.int32]
    later_days: tuple[str, ...] = ()
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _withdrawn(self) -> Mask:
        flags = self.columns.get("withdrawn")
        return np.zeros(len(self.day), bool) if flags is None else flags.astype(bool)

    def find_known(self, part: slice, as_of: int, known_at: int, since: int | None) -> Mask:
        """Return whether each row in ``part`` counts on a date; see :meth:`select_at`."""
        spans = self.known_from[part], self.known_until[part], self.day[part], self._withdrawn[part]
        return mark_known_rows(*spans, as_of, known_at, _SMALLEST_DAY if since is None else since)

    def where(self, mask: Mask) -> EventStore:
        """Select rows with a mask."""
        columns = {name: values[mask] for name, values in self.columns.items()}
        spans = (self.known_from[mask], self.known_until[mask])
        return EventStore(self.household[mask], self.day[mask], columns, *spans, self.later_days, self.levels)

    def select_at(self, as_of: int, known_at: int, start: int, stop: int, since: int | None = None) -> Events:
        """Select the rows that count on a date.

        Parameters
        ----------
        as_of : int
            Day of the panel; rows about later days are left out, and later end dates are treated as unknown.
        known_at : int
            Last day of recording; rows recorded later are left out.
        start, stop : int
            Range of households.
        since : int, optional
            Rows on or before this day are left out.
        """
        low, high = np.searchsorted(self.household, np.array([start, stop], np.int32))
        part = slice(int(low), int(high))
        use = self.find_known(part, as_of, known_at, since)
        rows = np.flatnonzero(use) + low
        return Events(self.household[rows] - np.int32(start), stop - start, self, rows, as_of)

    def read(self, name: str, rows: NDArray[np.int64], as_of: int) -> Array:
        """Read a column (or ``day``) of some rows, as known on a date."""
        values: Array = (self.day if name == "day" else self.columns[name])[rows]
        return np.where(values > as_of, NO_DAY, values) if name in self.later_days else values


def pack_events(rows: Rows, table: Table) -> EventStore:
    """Sort rows by household, day and content, so that the result does not depend on their order in the files.

    The day of an income row is the last day of its period; an income row without an amount withdraws its record.
    """
    columns = dict(rows.columns)
    if table.name == "income":
        days = to_month_end(columns["period_start"] + columns["months"] - 1)
        columns["withdrawn"] = np.isnan(columns["amount"])
    elif table.day:
        days = columns.pop(table.day)
    else:
        days = np.full(len(rows), NO_DAY)
    default = find_income_days(columns) if table.name == "income" else days if table.day else None
    known_from, until = rows.find_known_days(default, versions=bool(table.key))
    if table.day:
        columns["month"] = to_month(days)
    order = _order_rows(rows.household, days, columns)
    return EventStore(
        rows.household[order],
        days[order].astype(np.int32),
        {name: values[order] for name, values in columns.items()},
        known_from[order].astype(np.int32),
        until[order],
        table.later_days,
        rows.levels,
    )


def find_days_deserted(members: Events | None, persons: Floats) -> NDArray[np.int32]:
    """Find the day on which the last member of each household left, shape (n,); ``FOREVER`` if anybody may be left.

    A roster may list only some of the members, so at least as many as the household had ``persons`` must have left.
    """
    days = np.full(len(persons), FOREVER)
    if members is not None and (left := members["left_on"] != NO_DAY).any():
        gone = ~members.any(~left) & (members.count() >= persons)
        days[gone] = members.max(members["left_on"].astype(np.float64))[gone].astype(np.int32)
    return days


def _order_rows(household: NDArray[np.int32], day: Array, columns: dict[str, Array]) -> NDArray[np.intp]:
    """Return the order by household and day; only the few rows that tie are also ordered by content."""
    key = household.astype(np.int64) * (1 << 32) + (day.astype(np.int64) + (1 << 31))
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    same = sorted_key[1:] == sorted_key[:-1]
    if not same.any():
        return order
    tied = np.concatenate([same, [False]]) | np.concatenate([[False], same])
    rows = order[tied]
    by_content = np.lexsort((*(columns[name][rows] for name in sorted(columns)), key[rows]))
    order[tied] = rows[by_content]
    return order
