"""The rows of a records table as arrays: every reader returns them in this form, and the records are packed from it."""

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

Array = NDArray[Any]

INCOME_BLOCK = ("period_start", "months", "source", "amount", "statement")
"""Columns of ``income`` that the income block is built from; a further one, ``person``, marks rows about one person."""


def list_row_tables() -> list[Table]:
    """List the tables that are packed row by row.

    ``income`` is included only if it has columns that the income block lacks.
    """
    return [
        table
        for name, table in TABLES.items()
        if name != "lines" and (name != "income" or len(table.contents) > len(INCOME_BLOCK))
    ]


@dataclass(frozen=True)
class AttributeColumn:
    """One attribute of the households, with a value for each version: a number, or a position in ``levels``."""

    values: NDArray[np.float64]
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rows:
    """Rows of one table in packed types.

    Parameters
    ----------
    household : array of int32, shape (E,)
        Position in the sorted household codes; -1 if the row is for a region.
    columns : dict of str to array
        Every column of ``Table.contents``. Days and months are int32 (``NO_DAY`` if null), codes int8 (-1 if null),
        texts int32 positions in ``levels`` (-1 if null), amounts float64 (NaN if null), and flags bool. Counts are
        int32, or float64 if nulls are allowed.
    recorded : array of int32, shape (E,)
        Day of recording; ``NO_DAY`` if null.
    group : array of int64, shape (E,)
        Rows that share a non-negative number replace one another.
    attributes : dict of str to AttributeColumn
        Attributes of households, by name.
    levels : dict of str to tuple of str
        Maps each text column to the texts that its positions refer to.
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
        """Select rows with a mask."""
        columns = {name: values[mask] for name, values in self.columns.items()}
        attributes = {name: AttributeColumn(a.values[mask], a.levels) for name, a in self.attributes.items()}
        return Rows(self.household[mask], columns, self.recorded[mask], self.group[mask], attributes, self.levels)

    def find_known_days(
        self, default: NDArray[np.int32] | None, *, versions: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Find the day from which each row counts, and the day until which it counts.

        If ``recorded_on`` is null, the row is known from its ``default`` day, or always if ``default`` is None. To
        determine the latest row, a null counts as earlier than every date if the rows are ``versions`` of one key; if
        they share a ``record_id`` instead, the default day is used.
        """
        known_from = self.recorded if default is None else np.where(self.recorded == NO_DAY, default, self.recorded)
        return known_from, find_known_until(self.group, self.recorded if versions else known_from, known_from)


def find_income_days(columns: Mapping[str, Array]) -> NDArray[np.int32]:
    """Compute the day that replaces a null ``recorded_on`` in ``income``, shape (E,).

    It is the last day of the period or, for a statement, the last day of the fifth month after the period.
    """
    last = columns["period_start"] + columns["months"] - 1
    days: NDArray[np.int32] = to_month_end(last + STATEMENT_DELAY * columns["statement"])
    return days


@dataclass(frozen=True)
class RowSource:
    """The records as a reader returns them.

    Parameters
    ----------
    household_id : array of str, shape (H,)
        Codes of the households, sorted.
    tables : dict of str to Rows
        The tables listed by :func:`list_row_tables` that are present.
    months : tuple of int
        First and last month covered by any income period; (0, -1) if there are no income rows.
    income : iterator of Rows
        Income rows in parts of any size; a part is read only when the iterator reaches it.
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
    """Concatenate parts of one table that has neither attributes nor text columns."""
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.household for part in parts]),
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        np.concatenate([part.recorded for part in parts]),
        np.concatenate([part.group for part in parts]),
    )


def build_lines(rows: Rows) -> list[LineRow]:
    """Turn the rows of the table ``lines`` into dated lines, sorted by region and day."""
    columns = {name: values.tolist() for name, values in rows.columns.items()}
    for name, levels in rows.levels.items():
        columns[name] = ["" if position < 0 else levels[position] for position in columns[name]]
    named = [*(columns.pop(name) for name in LINE_COLUMNS), rows.recorded.tolist()]
    more = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    lines = [LineRow(*cells) for cells in zip(*named, more or [{}] * len(rows), strict=True)]
    return sorted(lines, key=lambda line: (line.region_prefix, line.effective_from, line.amount, line.source))


assert ALWAYS == NO_DAY, "a null recorded_on orders before every date"
