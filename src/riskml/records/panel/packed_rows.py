"""Rows of a table as plain arrays, as every reader delivers them and every store packs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import STATEMENT_DELAY, to_month_end
from riskml.records.contract.schema import TABLES, Table
from riskml.records.contract.versions import ALWAYS, NO_DAY, find_known_until
from riskml.records.panel.lines import LINE_COLUMNS, LineRow

__all__ = [
    "INCOME_BLOCK",
    "AttributeColumn",
    "RowSource",
    "Rows",
    "build_lines",
    "concatenate_rows",
    "find_income_days",
    "list_row_tables",
]

Array = NDArray[Any]

INCOME_BLOCK = ("period_start", "months", "source", "amount", "statement")
"""Columns of ``income`` that a panel's income block holds; the extra column ``person`` marks one person's part."""


def list_row_tables() -> list[Table]:
    """List the tables packed row by row: ``income`` only if it declares columns that its block does not hold."""
    return [
        table
        for name, table in TABLES.items()
        if name != "lines" and (name != "income" or len(table.contents) > len(INCOME_BLOCK))
    ]


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
        Every column of ``Table.contents``: days and months int32 (``NO_DAY`` if null), codes int8 (-1), text int32
        positions in ``levels`` (-1), amounts float64 (NaN), flags bool; counts int32, or float64 if null is allowed.
    recorded : array of int32, shape (E,)
        Day of recording; ``NO_DAY`` if null.
    group : array of int64, shape (E,)
        Rows that share a non-negative number replace one another.
    attributes, levels : dict
        Attribute columns of households; texts that the positions in text columns stand for.
    """

    household: NDArray[np.int32]
    columns: dict[str, Array]
    recorded: NDArray[np.int32]
    group: NDArray[np.int64]
    attributes: dict[str, AttributeColumn] = field(default_factory=dict)
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.household)

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """Return the rows that the mask selects."""
        columns = {name: values[mask] for name, values in self.columns.items()}
        attributes = {name: AttributeColumn(a.values[mask], a.levels) for name, a in self.attributes.items()}
        return Rows(self.household[mask], columns, self.recorded[mask], self.group[mask], attributes, self.levels)

    def find_known_days(
        self, default: NDArray[np.int32] | None, *, versions: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Find the days from which and until which each row counts.

        ``default`` replaces a null ``recorded_on`` as the day of knowledge; if it is None, such a row is always known.
        Among the ``versions`` of one key, a null comes before every date; among rows that share a ``record_id``, a null
        counts as the default day.
        """
        known_from = self.recorded if default is None else np.where(self.recorded == NO_DAY, default, self.recorded)
        return known_from, find_known_until(self.group, self.recorded if versions else known_from, known_from)


def find_income_days(columns: Mapping[str, Array]) -> NDArray[np.int32]:
    """Compute the default of ``recorded_on`` in ``income``, shape (E,).

    It is the last day of the period; for a statement, it is the end of the fifth month after the period.
    """
    last = columns["period_start"] + columns["months"] - 1
    days: NDArray[np.int32] = to_month_end(last + STATEMENT_DELAY * columns["statement"])
    return days


@dataclass(frozen=True)
class RowSource:
    """The records as a reader delivers them.

    Parameters
    ----------
    household_id : array of str, shape (H,)
        Codes of the households, sorted.
    tables : dict of str to Rows
        Every present table of :func:`list_row_tables`.
    months : tuple of int
        First and last month of any income period; (0, -1) if there are no rows.
    income : iterator of Rows
        Income rows in parts of any size; each part is read when it is taken.
    lines : list of LineRow
    fingerprint : function
        Returns the fingerprint of the source's data.
    """

    household_id: NDArray[np.str_]
    tables: dict[str, Rows]
    months: tuple[int, int]
    income: Iterator[Rows]
    lines: list[LineRow]
    fingerprint: Callable[[], str]


def concatenate_rows(parts: Sequence[Rows]) -> Rows:
    """Put parts of one table together; they have neither attributes nor text columns."""
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.household for part in parts]),
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        np.concatenate([part.recorded for part in parts]),
        np.concatenate([part.group for part in parts]),
    )


def build_lines(rows: Rows) -> list[LineRow]:
    """Turn rows of the table ``lines`` into dated lines, in the order of their regions and days."""
    columns = {name: values.tolist() for name, values in rows.columns.items()}
    for name, levels in rows.levels.items():
        columns[name] = ["" if position < 0 else levels[position] for position in columns[name]]
    named = [columns.pop(name) for name in LINE_COLUMNS]
    more = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    lines = [LineRow(*cells) for cells in zip(*named, more or [{}] * len(rows), strict=True)]
    return sorted(lines, key=lambda line: (line.region_prefix, line.effective_from, line.amount, line.source))


assert ALWAYS == NO_DAY, "a null recorded_on orders before every date"
