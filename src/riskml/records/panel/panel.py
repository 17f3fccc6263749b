"""The panel: what was known about households on a date, packed into arrays; features have no other input."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import LOOK_BACK, find_last_complete_month, list_month_ends, subtract_months
from riskml.records.contract.schema import TABLES
from riskml.records.contract.versions import FOREVER, NO_DAY
from riskml.records.panel.basis import UP_TO_DATE, IncomeBasis
from riskml.records.panel.events import Events, find_days_deserted
from riskml.records.panel.exposure import find_exposures
from riskml.records.panel.households import Attribute
from riskml.records.panel.kernels import compute_income_per_head, sum_sources
from riskml.records.panel.lines import LineRow
from riskml.records.panel.packed import PackedRecords
from riskml.records.panel.packed_rows import Array

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int32]


class Panel:
    """What is known about a range of households on a date.

    The time axis runs backwards: index 0 is the last month that is complete at ``as_of``, and index t is t months
    earlier.

    Parameters
    ----------
    records : PackedRecords
    as_of : int
        Day of the panel, which shows what is known at the end of that day.
    start, stop : int
        Range of positions in the list of all households, which is sorted by household code.
    months : int, default 36
        Length of the time axis T.
    known_at : int, optional
        Last day of recording (``as_of`` by default); later rows are left out. Only outcomes use a later day.
    basis : IncomeBasis, optional
        Rule that selects each household's *income window*, the months over which its income is measured; by default,
        the twelve months up to the last complete one.

    Notes
    -----
    Every reduction runs in a fixed order (``kernels.sum_window``), so a household's values are the same, bit for bit,
    whether they are computed alone or with those of a hundred thousand others.
    """

    def __init__(
        self,
        records: PackedRecords,
        as_of: int,
        start: int,
        stop: int,
        months: int = LOOK_BACK,
        known_at: int | None = None,
        basis: IncomeBasis = UP_TO_DATE,
    ) -> None:
        self._records = records
        self._range = (start, stop)
        self.as_of = as_of
        self.known_at = as_of if known_at is None else known_at
        self.months = months
        self.basis = basis
        self.month = find_last_complete_month(as_of)
        self.n = stop - start
        self.memo: dict[str, object] = {}
        """Intermediate results that several features use."""

    @property
    def household_id(self) -> NDArray[np.str_]:
        """Codes of the households, shape (n,)."""
        return self._records.household_id[slice(*self._range)]

    @property
    def shared(self) -> dict[str, object]:
        """Values that all panels of these records share, for any date and any households."""
        return self._records.shared

    def select(self, i: int) -> Panel:
        """Return the panel of one household; its values are the same, bit for bit, as in this panel."""
        start = self._range[0] + i
        one = Panel(self._records, self.as_of, start, start + 1, self.months, self.known_at, self.basis)
        for name in self.__dict__.keys() & {"_summed", "_at_month_ends"}:
            one.__dict__[name] = tuple(values[:, i : i + 1] for values in self.__dict__[name])
        return one

    @property
    def last_days(self) -> Ints:
        """Last day that any row of each household, known or not, describes or was recorded on; else ``NO_DAY``."""
        return self._records.last_days[slice(*self._range)]

    @property
    def income_days(self) -> Ints:
        """Last day that any income row of each household describes or was recorded on; see :attr:`last_days`."""
        return self._records.income.last_day[slice(*self._range)]

    @property
    def present(self) -> frozenset[str]:
        """Names of the tables that the records have, including empty ones; nothing is known about an absent table."""
        return self._records.present

    def has(self, table: str) -> bool:
        """Return whether the records have a table."""
        return table in self.present

    # -- income -------------------------------------------------------------------------------------------------

    @cached_property
    def sources(self) -> Floats:
        """Income in each month by source, yuan, shape (S, T, n); NaN if it is not reported."""
        return self._records.income.read_known(self.month, self.months, self.known_at, *self._range)

    @cached_property
    def _summed(self) -> tuple[Floats, Mask]:
        total, reported = np.zeros((self.months, self.n)), np.zeros((self.months, self.n), bool)
        sum_sources(self.sources, total, reported)
        return total, reported

    @property
    def reported(self) -> Mask:
        """Whether any source is reported for a month, shape (T, n)."""
        return self._summed[1]

    @property
    def total_or_zero(self) -> Floats:
        """Income in each month from all sources, yuan, shape (T, n); 0 if it is not reported."""
        return self._summed[0]

    @cached_property
    def total(self) -> Floats:
        """Income in each month from all sources, yuan, shape (T, n); NaN if it is not reported."""
        return np.where(self.reported, self.total_or_zero, np.nan)

    def income_per_head(self, window: int, lag: int = 0, *, complete: bool = False) -> Floats:
        """Compute the income per head over a window.

        It is the mean income of the window's reported months × 12 ÷ the household's size at the window's end.

        Parameters
        ----------
        window : int
            Length of the window in months.
        lag : int, default 0
            Number of months between the end of the window and the last complete month.
        complete : bool, default False
            Whether every month must be reported; otherwise, at least half of them must be.

        Returns
        -------
        array of float64, shape (n,)
            Yuan/person/year; NaN if too few months are reported.
        """
        assert lag + window <= self.months, "the window must lie within the time axis"
        name = f"income per head {window} {lag} {complete}"
        if name not in self.memo:
            fewest = window if complete else window / 2
            self.memo[name] = compute_income_per_head(*self._summed, self.size[lag], lag, window, fewest)
        income: Floats = self.memo[name]  # type: ignore[assignment]
        return income

    @cached_property
    def stated(self) -> Mask:
        """Whether a statement of the household's income is known, shape (n,)."""
        return self._records.income.statements.mark_known(self.known_at, *self._range)

    @cached_property
    def income_lag(self) -> Ints:
        """Number of months from the end of the income window to the last complete month, shape (n,).

        It is 0 if enough months of the latest window are reported, unless its last month is not reported although a
        statement of the household is known. Otherwise, the latest earlier window is chosen that has enough reported
        months, ends with a reported month and is not older than the basis allows; if there is none, it is also 0.
        """
        lag = np.zeros(self.n, np.int32)
        if not self.basis.age:
            return lag
        open_cases = np.isnan(self._read_basis(self)) | (self.stated & ~self.reported[0])
        if open_cases.any():
            deep = self._deepened
            for earlier in range(self.basis.age, 0, -1):
                verdict = ~np.isnan(self._read_basis(deep, earlier))
                lag[open_cases & verdict & deep.reported[earlier]] = earlier
        return lag

    @property
    def at_income_end(self) -> Panel:
        """The same panel, but with each household's months counted back from the end of its income window."""
        return self._moved if self._has_older_income else self

    @cached_property
    def _has_older_income(self) -> bool:
        """Whether the income window of any household ends before the last complete month; features ask this often."""
        return bool(self.basis.age and self.income_lag.any())

    @cached_property
    def _moved(self) -> Panel:
        deep, moved = self._deepened, copy(self)
        months = self.income_lag + np.arange(self.months, dtype=np.int32)[:, None]
        moved.basis = replace(self.basis, age=0)  # the income window now ends at index 0
        moved.memo = {}
        moved.sources = np.take_along_axis(deep.sources, months[None], axis=1)
        pick = partial(np.take_along_axis, indices=months, axis=0)
        moved._summed = (pick(deep.total_or_zero), pick(deep.reported))
        moved._at_month_ends = (pick(deep.size), pick(deep.line))
        for name in ("total", "income_lag", "income_until", "_has_older_income"):
            moved.__dict__.pop(name, None)
        return moved

    @cached_property
    def _deepened(self) -> Panel:
        """The panel with more history: as many additional months as the maximum age of income."""
        return Panel(self._records, self.as_of, *self._range, self.months + self.basis.age, self.known_at)

    def _read_basis(self, panel: Panel, lag: int = 0) -> Floats:
        return panel.income_per_head(self.basis.window, lag, complete=self.basis.complete)

    @property
    def income(self) -> Floats:
        """Income per head over the income window, yuan/person/year, shape (n,); NaN if too few months are reported."""
        return self._read_basis(self.at_income_end)

    @cached_property
    def income_until(self) -> Ints:
        """Last day of the last reported month in the income window, shape (n,); ``NO_DAY`` if :attr:`income` is NaN."""
        last = self.at_income_end.reported[: self.basis.window].argmax(axis=0)
        days: Ints = list_month_ends(self.month, self.months + self.basis.age)[self.income_lag + last]
        days[np.isnan(self.income)] = NO_DAY
        return days

    # -- household ----------------------------------------------------------------------------------------------

    @cached_property
    def _versions_known(self) -> Ints:
        return self._records.households.count_known(self.known_at, *self._range)

    @cached_property
    def known(self) -> Mask:
        """Whether any version of the household is known and any member may be left, shape (n,)."""
        return (self._versions_known > 0) & ~self.deserted

    @cached_property
    def deserted(self) -> Mask:
        """Whether the household is known, but every member had left by ``as_of``, shape (n,)."""
        gone: Mask = (self._versions_known > 0) & (self.deserted_on != FOREVER)
        return gone

    @cached_property
    def deserted_on(self) -> Ints:
        """Day on which the last member left, shape (n,); ``FOREVER`` if anybody may be left."""
        return find_days_deserted(self._everybody, self.size_now)

    @cached_property
    def _now(self) -> Ints:
        """Position of the latest known version, shape (n,)."""
        first = self._records.households.first[self._range[0] : self._range[1]]
        return first + np.maximum(self._versions_known - 1, 0)

    @cached_property
    def _at_month_ends(self) -> tuple[Floats, Floats]:
        days = list_month_ends(self.month, self.months)
        grid = self._records.get_line_grid(self.month, self.months)
        return self._records.households.look_up_month_ends(days, self._versions_known, grid, *self._range)

    @property
    def size(self) -> Floats:
        """Number of persons, as recorded by each month's end, shape (T, n)."""
        return self._at_month_ends[0]

    @property
    def line(self) -> Floats:
        """Monitoring line in force at each month's end, yuan/person/year, shape (T, n); NaN if there is none."""
        return self._at_month_ends[1]

    def get_latest(self, column: str) -> Array:
        """Return a declared column of ``households`` in the latest known version, shape (n,).

        Text is returned as positions in :attr:`levels`; a day after ``as_of`` is unknown.
        """
        values = self._records.households.columns[column][self._now]
        return np.where(values > self.as_of, NO_DAY, values) if column in TABLES["households"].later_days else values

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Maps each text column of ``households`` to the texts that its positions refer to."""
        return self._records.households.levels

    @property
    def lines(self) -> tuple[LineRow, ...]:
        """Rows of the table ``lines``."""
        return self._records.lines.rows

    @property
    def size_now(self) -> Floats:
        """Number of persons in the latest known version, shape (n,)."""
        return self.get_latest("size").astype(np.float64)

    @cached_property
    def region(self) -> tuple[Ints, tuple[str, ...]]:
        """Region in the latest known version: positions, shape (n,), and the codes that they refer to."""
        return self.get_latest("region_code"), self.levels["region_code"]

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """Attributes in the latest known version and in the version before it."""
        return self._records.households.read_attributes(self._now, self._versions_known)

    # -- events -------------------------------------------------------------------------------------------------

    def _select_known(self, table: str, since: int | None) -> Events | None:
        store = self._records.tables.get(table)
        return None if store is None else store.select_at(self.as_of, self.known_at, *self._range, since)

    def _add_lag(self, events: Events | None) -> Events | None:
        """Add the index of each row's month on the time axis; days after the last complete month get index 0."""
        if events is not None:
            lag = np.minimum(self.month - events["month"], self.months - 1)
            events["lag"] = np.maximum(lag, 0)
        return events

    @cached_property
    def _since(self) -> int:
        return subtract_months(self.as_of, self.months)

    @cached_property
    def illness(self) -> Events | None:
        """Medical care within the panel's months: kind, visits, cost, self_paid, day, lag."""
        return self._add_lag(self._select_known("illness", self._since))

    @cached_property
    def disaster(self) -> Events | None:
        """Disasters that hit the household itself within the panel's months: kind, loss, day, lag."""
        return self._add_lag(self._select_known("disaster", self._since))

    @cached_property
    def exposure(self) -> Events | None:
        """Disasters that hit the region where the household then lived, within the panel's months: kind, day, lag."""
        regional, versions = self._records.regional, self._records.households
        if regional is None:
            return None
        days = (self.as_of, self.known_at, self._since)
        return self._add_lag(find_exposures(regional, versions, self._versions_known, self._range, *days))

    @cached_property
    def events(self) -> Events | None:
        """Events and leads within the panel's months: kind, amount, channel, day, lag."""
        return self._add_lag(self._select_known("events", self._since))

    @cached_property
    def help(self) -> Events | None:
        """Help that started by ``as_of``: measure, emergency, amount, ended_on, day."""
        return self._select_known("help", None)

    @cached_property
    def monitoring(self) -> Events | None:
        """Entries into monitoring by ``as_of``: category, causes, cleared_on, day of entry."""
        return self._select_known("monitoring", None)

    @cached_property
    def members(self) -> Events | None:
        """Members who belong to the household on ``as_of``."""
        members = self._everybody
        return None if members is None else members.where(members["left_on"] == NO_DAY)

    @cached_property
    def _everybody(self) -> Events | None:
        return self._select_known("members", None)

    @cached_property
    def income_rows(self) -> Events | None:
        """Income rows whose period ended within the panel's months, with the columns that :attr:`sources` lacks.

        None if the contract declares no columns for ``income`` beyond those of the income block.
        """
        return self._add_lag(self._select_known("income", self._since))

    @cached_property
    def current_monitoring(self) -> Events | None:
        """Entries into monitoring that have not been cleared by ``as_of``."""
        entries = self.monitoring
        return None if entries is None else entries.where(entries["cleared_on"] == NO_DAY)

    @cached_property
    def monitored(self) -> Mask:
        """Whether the household is in monitoring on ``as_of``, shape (n,); false if the table is absent."""
        entries = self.current_monitoring
        return np.zeros(self.n, bool) if entries is None else entries.any()

    def within(self, events: Events, months: int) -> Mask:
        """Mark the rows about the last ``months`` months up to ``as_of``."""
        return events.mark_since(subtract_months(self.as_of, months))
