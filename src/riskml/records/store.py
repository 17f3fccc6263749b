"""Records packed once in memory, from which a panel is cut at any date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskml.records.arrow import ArrowTables, arrow_rows
from riskml.records.calendar import LOOK_BACK, month_end
from riskml.records.events import EventStore, pack_events
from riskml.records.exposure import Regional
from riskml.records.folder_rows import folder_rows
from riskml.records.households import pack_households
from riskml.records.income import pack_income
from riskml.records.lines import LineRow, LineTable
from riskml.records.memory import Columns, memory_rows
from riskml.records.panel import Panel
from riskml.records.reading import Folder, open_folder
from riskml.records.rows import RowSource
from riskml.records.schema import TABLES

__all__ = ["CHUNK", "Records"]

CHUNK = 4096
"""Households of a batch panel: its arrays fit the processor's cache."""

_ENDS = {"members": ("left_on",), "help": ("ended_on",), "monitoring": ("cleared_on",)}


class Records:
    """All records of a folder, or of tables in memory, packed once.

    Use :meth:`load` or :meth:`from_tables`.

    Attributes
    ----------
    household_id : array of str, shape (H,)
        Sorted codes.
    income : IncomeBlock
    households : HouseholdVersions
    tables : dict of str to EventStore
        Present tables of dated rows; ``disaster`` holds rows of single households.
    regional : Regional or None
        Regional disasters.
    present : frozenset of str
        Tables that are there, be they empty.
    lines : LineTable
    skipped : dict of str to int
        Rows that were set aside when the folder was read, by code of the fault.
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
                table = TABLES[name]
                self.tables[name] = pack_events(rows, table.day, _ENDS.get(name, ()), versions=bool(table.key))
        if "disaster" in self.tables:
            everything = self.tables["disaster"]
            self.tables["disaster"] = everything.where(everything.household >= 0)
            self.regional = Regional.build(everything.where(everything.household < 0), self.households.regions)
        self.income = pack_income(source.income(), len(self.household_id), source.months)
        self.skipped: dict[str, int] = {}
        self._fingerprint = source.fingerprint
        self._line_grids: dict[tuple[int, int], NDArray[np.float64]] = {}
        self.shared: dict[str, object] = {}
        """What panels of these records share at any date."""

    @classmethod
    def load(cls, folder: str | Path | Folder, fallback_lines: Sequence[LineRow] = ()) -> Records:
        """Read a records folder that has been checked."""
        opened = folder if isinstance(folder, Folder) else open_folder(folder)
        return cls(folder_rows(opened), fallback_lines)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Columns], fallback_lines: Sequence[LineRow] = ()) -> Records:
        """Take tables in memory: pandas frames, or dictionaries of equally long columns.

        A few households at a time, as a service or a test holds them; a county belongs in a folder.
        """
        return cls(memory_rows(tables), fallback_lines)

    @classmethod
    def from_arrow(cls, tables: Mapping[str, pa.Table], fallback_lines: Sequence[LineRow] = ()) -> Records:
        """Take Arrow tables that were checked when they were taken in, as a database holds them; for many households.

        They have no fingerprint.
        """
        with ArrowTables(tables) as opened:
            return cls(arrow_rows(opened), fallback_lines)

    def __len__(self) -> int:
        return len(self.household_id)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the records, the same in any row order and any form of the files."""
        return self._fingerprint()

    @property
    def first_month(self) -> int:
        """First month that any income period touches."""
        return self.income.first_month

    @property
    def last_month(self) -> int:
        """Last month that any income period touches."""
        return self.income.first_month + self.income.months - 1

    def index(self, household_id: str) -> int | None:
        """Position of a household, or none."""
        i = int(np.searchsorted(self.household_id, household_id))
        return i if i < len(self) and self.household_id[i] == household_id else None

    def line_grid(self, month: int, months: int) -> NDArray[np.float64]:
        """Lines in force at the ends of ``months`` months back from ``month``, shape (months, regions)."""
        key = (month, months)
        if key not in self._line_grids:
            ends = month_end(np.arange(month, month - months, -1, dtype=np.int32))
            self._line_grids[key] = self.lines.grid(self.households.regions, ends)
        return self._line_grids[key]

    def panel(
        self,
        as_of: int,
        start: int = 0,
        stop: int | None = None,
        months: int = LOOK_BACK,
        known_at: int | None = None,
    ) -> Panel:
        """Cut the panel of a range of households at a date."""
        return Panel(self, as_of, start, len(self) if stop is None else stop, months, known_at)

    def panels(
        self, as_of: int, months: int = LOOK_BACK, known_at: int | None = None, chunk: int = CHUNK
    ) -> Iterator[Panel]:
        """Cut panels of ``chunk`` households each, which together are all households."""
        for start in range(0, len(self), chunk):
            yield self.panel(as_of, start, min(start + chunk, len(self)), months, known_at)
