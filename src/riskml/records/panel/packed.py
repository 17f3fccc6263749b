"""All records, packed once in memory; every panel is a view of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month, to_month_end
from riskml.records.contract.schema import TABLES
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.events import EventStore, pack_events
from riskml.records.panel.exposure import Regional
from riskml.records.panel.households import pack_households
from riskml.records.panel.income import pack_income
from riskml.records.panel.lines import LineRow, LineTable
from riskml.records.panel.packed_rows import RowSource


class PackedRecords:
    """All records of a folder, or of tables in memory, packed once.

    :class:`~riskml.records.panel.store.Records` reads the records and builds panels from them.

    Attributes
    ----------
    household_id : array of str, shape (H,)
        Codes of the households, sorted.
    income : IncomeBlock
    households : HouseholdVersions
    tables : dict of str to EventStore
        The tables that are present, except ``households``; ``disaster`` contains only the rows for individual
        households. ``income`` is included only if the contract declares columns for it that the income block does not
        hold.
    regional : Regional or None
        Disasters that are recorded for regions.
    present : frozenset of str
        Names of the tables that are present, including empty ones.
    lines : LineTable
    skipped : dict of str to int
        Number of rows that were set aside when the folder was read, by the code of the fault.
    warnings : int
        Number of warnings that the check of the folder gave.
    assumed_days : float
        Share of dated rows without ``recorded_on``, if the records were read from a folder.
    sampled_from : int or None
        Number of households in the folder if the records are a sample of them.
    """

    def __init__(self, source: RowSource, fallback_lines: Sequence[LineRow] = ()) -> None:
        self.household_id = source.household_id
        self.lines = LineTable(source.lines, fallback_lines)
        self.present = frozenset(source.tables) | {"income", "lines"}
        self.households = pack_households(source.tables["households"], len(self.household_id))
        self.tables: dict[str, EventStore] = {}
        self.regional: Regional | None = None
        for name, rows in source.tables.items():
            if name != "households":
                self.tables[name] = pack_events(rows, TABLES[name])
        if "disaster" in self.tables:
            everything = self.tables["disaster"]
            self.tables["disaster"] = everything.where(everything.household >= 0)
            self.regional = Regional.build(everything.where(everything.household < 0), self.households.regions)
        self.income = pack_income(source.income, len(self.household_id), source.months)
        self.skipped: dict[str, int] = {}
        self.warnings = 0
        self.assumed_days = 0.0
        self.sampled_from: int | None = None
        self._fingerprint = source.fingerprint
        self._line_grids: dict[tuple[int, int], NDArray[np.float64]] = {}
        self.shared: dict[str, object] = {}
        """Values that all panels of these records share."""

    def __len__(self) -> int:
        return len(self.household_id)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the records; it does not depend on the order of the rows or the file format."""
        return self._fingerprint()

    @property
    def first_month(self) -> int:
        """First month covered by any income period."""
        return self.income.first_month

    @property
    def last_month(self) -> int:
        """Last month covered by any income period."""
        return self.income.first_month + self.income.months - 1

    @cached_property
    def last_days(self) -> NDArray[np.int32]:
        """Last day that any row of each household describes or was recorded on, shape (H,); else ``NO_DAY``.

        A disaster in the household's latest region counts as a row of the household. Days on which something is due to
        end do not count, since they may be far in the future.
        """
        households = np.arange(len(self), dtype=np.int32)
        versions = np.repeat(households, np.diff(self.households.first))
        parts = [(households, self.income.last_day), (versions, self.households.recorded)]
        for store in self.tables.values():
            parts += [(store.household, store.day), (store.household, store.known_from)]
        if self.regional is not None:
            now = self.households.region[self.households.first[1:] - 1]
            parts.append((households, self.regional.find_last_days()[now]))
        owners, days = (np.concatenate(part) for part in zip(*parts, strict=True))
        last = np.full(len(self), NO_DAY)
        np.maximum.at(last, owners, days)
        return last

    @cached_property
    def last_day(self) -> int | None:
        """Last day that any row describes or was recorded on, as a day number; None if there is none."""
        regional = [] if self.regional is None else [self.regional.store.day, self.regional.store.known_from]
        lines = np.array([line.since for line in self.lines.rows], np.int32)
        last = max((int(days.max()) for days in (self.last_days, lines, *regional) if len(days)), default=int(NO_DAY))
        return None if last == NO_DAY else last

    @property
    def event_months(self) -> NDArray[np.int32]:
        """Month in which each row of care, disasters and events became known."""
        stores = [store for name, store in self.tables.items() if TABLES[name].day == "occurred_on"]
        stores += [] if self.regional is None else [self.regional.store]
        months: NDArray[np.int32] = to_month(np.concatenate([np.empty(0, np.int32), *(x.known_from for x in stores)]))
        return months

    def index(self, household_id: str) -> int | None:
        """Return the position of a household, or None if it is not in the records."""
        i = int(np.searchsorted(self.household_id, household_id))
        return i if i < len(self) and self.household_id[i] == household_id else None

    def get_line_grid(self, month: int, months: int) -> NDArray[np.float64]:
        """Return the lines in force at the ends of the ``months`` months up to ``month``, shape (months, regions)."""
        key = (month, months)
        if key not in self._line_grids:
            ends = to_month_end(np.arange(month, month - months, -1, dtype=np.int32))
            self._line_grids[key] = self.lines.build_grid(self.households.regions, ends)
        return self._line_grids[key]
