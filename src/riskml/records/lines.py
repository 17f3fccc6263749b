"""The monitoring line in force: longest matching prefix that has a row in force, then the latest row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LineRow", "LineTable"]


@dataclass(frozen=True)
class LineRow:
    """One dated monitoring line.

    Parameters
    ----------
    region_prefix : str
        Prefix of the regions where it holds; empty is everywhere.
    effective_from : int
        First day in force (day number).
    amount : float
        Yuan per person and year.
    source : str
    """

    region_prefix: str
    effective_from: int
    amount: float
    source: str = ""


class LineTable:
    """Lines of a records folder, and those of the policy table where no row of the folder is in force.

    Parameters
    ----------
    rows : sequence of LineRow
        They alone decide wherever one of them is in force.
    fallback : sequence of LineRow
        Asked only where no row of ``rows`` is in force.

    Examples
    --------
    >>> table = LineTable([LineRow("13", 100, 8300.0)], [LineRow("", 0, 6000.0)])
    >>> table.at("130529", 99), table.at("130529", 100), table.at("430000", 100)
    (6000.0, 8300.0, 6000.0)
    """

    def __init__(self, rows: Sequence[LineRow], fallback: Sequence[LineRow] = ()) -> None:
        self.rows = tuple(rows)
        self.fallback = tuple(fallback)
        self._tables = (_by_prefix(rows), _by_prefix(fallback))

    def at(self, region: str, day: int) -> float:
        """Line in force for a region on a day, yuan/person/year; NaN where there is none."""
        for table in self._tables:
            for length in range(len(region), -1, -1):
                dated = table.get(region[:length])
                amount = next((row.amount for row in dated or () if row.effective_from <= day), None)
                if amount is not None:
                    return amount
        return float("nan")

    def grid(self, regions: Sequence[str], days: NDArray[np.int32]) -> NDArray[np.float64]:
        """Lines in force, shape (days, regions)."""
        grid = np.empty((len(days), len(regions)))
        for j, region in enumerate(regions):
            grid[:, j] = [self.at(region, int(day)) for day in days]
        return grid


def _by_prefix(rows: Sequence[LineRow]) -> dict[str, list[LineRow]]:
    """Rows of each prefix, the latest first."""
    table: dict[str, list[LineRow]] = {}
    for row in sorted(rows, key=lambda row: row.effective_from, reverse=True):
        table.setdefault(row.region_prefix, []).append(row)
    return table
