"""The monitoring line in force in a region.

A row is in force from its first day, but not before the day on which it was recorded. Of the prefixes of the region's
code that have a row in force, the longest one decides, and its latest row applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.versions import NO_DAY

BELOW = 1 - 1e-4
"""An income is below the line if it is less than this fraction of it; the margin allows for rounded incomes."""

LINE_COLUMNS = ("region_code", "effective_from", "amount", "source")
"""Columns of ``lines`` that are fields of a :class:`LineRow`, in the order of its fields."""


@dataclass(frozen=True)
class LineRow:
    """One dated monitoring line.

    Parameters
    ----------
    region_prefix : str
        Prefix of the codes of the regions where the line applies; empty for all regions.
    effective_from : int
        First day for which the line was set, as a day number.
    amount : float
        The line, yuan/person/year.
    source : str
    recorded_on : int
        Day on which the line became known; by default, no later than ``effective_from``.
    more : dict
        Values of any further columns that the contract declares, by name, with days as day numbers.
    """

    region_prefix: str
    effective_from: int
    amount: float
    source: str = ""
    recorded_on: int = int(NO_DAY)
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def since(self) -> int:
        """First day on which the line counts, as a day number."""
        return max(self.effective_from, self.recorded_on)


class LineTable:
    """The lines of a records folder, with the lines of the policy table as a fallback.

    Parameters
    ----------
    rows : sequence of LineRow
        Rows of the records folder.
    fallback : sequence of LineRow
        Rows of the policy table; they apply to a region and day only if no row of ``rows`` is in force.

    Examples
    --------
    >>> table = LineTable([LineRow("13", 100, 8300.0)], [LineRow("", 0, 6000.0)])
    >>> table.build_grid(["130529", "430000"], np.array([99, 100], np.int32)).tolist()
    [[6000.0, 6000.0], [8300.0, 6000.0]]

    A line that was recorded late counts from that day:

    >>> late = LineTable([LineRow("13", 100, 8300.0), LineRow("13", 200, 9100.0, recorded_on=280)])
    >>> late.build_grid(["130529"], np.array([279, 280], np.int32)).tolist()
    [[8300.0], [9100.0]]
    """

    def __init__(self, rows: Sequence[LineRow], fallback: Sequence[LineRow] = ()) -> None:
        self.rows = tuple(rows)
        self._tables = (_group_by_prefix(rows), _group_by_prefix(fallback))

    def build_grid(self, regions: Sequence[str], days: NDArray[np.int32]) -> NDArray[np.float64]:
        """Build the grid of lines in force, yuan/person/year, shape (days, regions)."""
        # Regions that agree up to the length of the longest prefix have the same lines, like most villages of a county.
        longest = max((len(prefix) for table in self._tables for prefix in table), default=0)
        starts, position = np.unique([region[:longest] for region in regions], return_inverse=True)
        grid = np.full((len(days), len(starts)), np.nan)
        for j, start in enumerate(starts):
            column, prefixes = grid[:, j], [str(start)[:length] for length in range(len(start), -1, -1)]
            for dated in (table[prefix] for table in self._tables for prefix in prefixes if prefix in table):
                open_days = np.isnan(column)
                if not open_days.any():
                    break
                since = np.array([row.since for row in reversed(dated)])
                amounts = np.array([np.nan, *(row.amount for row in reversed(dated))])
                column[open_days] = amounts[np.searchsorted(since, days[open_days], side="right")]
        return grid.take(position, axis=1)  # row by row in memory, unlike an index by columns


def _group_by_prefix(rows: Sequence[LineRow]) -> dict[str, list[LineRow]]:
    """Group the rows by prefix, the latest row first; leave out rows that were recorded after a later row counted."""
    table: dict[str, list[LineRow]] = {}
    for row in sorted(rows, key=lambda row: row.since):
        dated = table.setdefault(row.region_prefix, [])
        if not dated or (row.effective_from, row.recorded_on) > (dated[0].effective_from, dated[0].recorded_on):
            dated.insert(0, row)
    return table
