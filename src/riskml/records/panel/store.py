"""Records from a folder, a database or memory, and the panels that are built from them for any date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from riskml.records.contract.calendar import LOOK_BACK, find_last_complete_month
from riskml.records.panel.arrow import ArrowTables
from riskml.records.panel.basis import UP_TO_DATE, IncomeBasis
from riskml.records.panel.income import CHUNK
from riskml.records.panel.lines import LineRow
from riskml.records.panel.memory_rows import Columns, read_memory
from riskml.records.panel.packed import PackedRecords
from riskml.records.panel.panel import Panel
from riskml.records.panel.view_rows import read_views
from riskml.records.reading.folder import Folder, open_folder


class Records(PackedRecords):
    """Packed records, built by :meth:`load`, :meth:`from_tables` or :meth:`from_arrow`."""

    @classmethod
    def load(cls, folder: str | Path | Folder, fallback_lines: Sequence[LineRow] = ()) -> Records:
        """Read a records folder that has been checked."""
        opened = folder if isinstance(folder, Folder) else open_folder(folder)
        return cls(read_views(opened), fallback_lines)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Columns], fallback_lines: Sequence[LineRow] = ()) -> Records:
        """Pack tables in memory, which are pandas data frames or dictionaries of columns of the same length.

        Use this for a few households, as in a request or a test. For the records of a county, use a folder.
        """
        return cls(read_memory(tables), fallback_lines)

    @classmethod
    def from_arrow(cls, tables: Mapping[str, pa.Table], fallback_lines: Sequence[LineRow] = ()) -> Records:
        """Pack Arrow tables whose rows were checked when they were stored, such as those from a database.

        Use this for many households. Records read in this way have no fingerprint.
        """
        with ArrowTables(tables) as opened:
            return cls(read_views(opened), fallback_lines)

    @property
    def simulated(self) -> bool:
        """Whether the records are from a simulated county, as stated in the ``source`` of a line."""
        return any(line.source == "simulated" for line in self.lines.rows)

    def panel(
        self,
        as_of: int,
        start: int = 0,
        stop: int | None = None,
        months: int = LOOK_BACK,
        known_at: int | None = None,
        basis: IncomeBasis = UP_TO_DATE,
    ) -> Panel:
        """Build the panel for a range of households on a date."""
        return Panel(self, as_of, start, len(self) if stop is None else stop, months, known_at, basis)

    def fill_line_grids(self, as_of: int, basis: IncomeBasis = UP_TO_DATE) -> None:
        """Fill the grids of lines that all panels on a date share, before several threads use them."""
        for months in {LOOK_BACK, LOOK_BACK + basis.age}:
            self.get_line_grid(find_last_complete_month(as_of), months)

    def panels(self, as_of: int, basis: IncomeBasis = UP_TO_DATE, chunk: int = CHUNK) -> Iterator[Panel]:
        """Build the panels that together cover all households, with ``chunk`` households in each."""
        for start in range(0, len(self), chunk):
            yield self.panel(as_of, start, min(start + chunk, len(self)), basis=basis)
