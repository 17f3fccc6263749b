"""Rows of a table as plain arrays: what every reader delivers and every store packs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.versions import ALWAYS, NO_DAY, known_until
from riskml.records.panel.lines import LineRow

__all__ = ["AttributeColumn", "RowSource", "Rows"]

Array = NDArray[Any]


@dataclass(frozen=True)
class AttributeColumn:
    """One attribute of the households over their versions: numbers, or positions in ``levels``."""

    values: NDArray[np.float64]
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rows:
    """Rows of one table in packed types.

    Parameters
    ----------
    household : array of int32, shape (E,)
        Position in the sorted household codes; -1 for a regional row.
    columns : dict of str to array
        Days int32 (``NO_DAY`` where null), codes int8 (-1), counts int32, amounts float64 (NaN), flags bool.
    recorded : array of int32, shape (E,)
        ``NO_DAY`` where null.
    group : array of int64, shape (E,)
        Rows that share a non-negative number replace one another.
    attributes, levels : dict
        Attribute columns of households; levels of text columns held as positions.
    """

    household: NDArray[np.int32]
    columns: dict[str, Array]
    recorded: NDArray[np.int32]
    group: NDArray[np.int64]
    attributes: dict[str, AttributeColumn] = field(default_factory=dict)
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.household)

    def known(
        self, default: NDArray[np.int32] | None, *, versions: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Days from which and until which each row counts.

        ``default`` replaces a null ``recorded_on`` as the day of knowledge; none means always known. Among the
        ``versions`` of one key a null comes before every date; a row that a ``record_id`` corrects was recorded on
        its default day.
        """
        known_from = self.recorded if default is None else np.where(self.recorded == NO_DAY, default, self.recorded)
        return known_from, known_until(self.group, self.recorded if versions else known_from, known_from)


@dataclass(frozen=True)
class RowSource:
    """What a reader delivers.

    Parameters
    ----------
    household_id : array of str, shape (H,)
        Sorted codes.
    tables : dict of str to Rows
        Every present table but ``income`` and ``lines``.
    months : tuple of int
        First and last month of any income period; (0, -1) without rows.
    income : function
        Yields the rows of income in parts of any size.
    lines : list of LineRow
    fingerprint : function
        Data fingerprint of the source.
    """

    household_id: NDArray[np.str_]
    tables: dict[str, Rows]
    months: tuple[int, int]
    income: Callable[[], Iterator[Rows]]
    lines: list[LineRow]
    fingerprint: Callable[[], str]


assert ALWAYS == NO_DAY, "a null recorded_on orders before every date"
