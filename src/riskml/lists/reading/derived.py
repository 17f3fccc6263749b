"""Columns such as 合计 that can be computed from others: they are checked row by row, and never added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from riskml.lists.data_files import Patterns
from riskml.lists.reading.cells import read_number
from riskml.lists.reading.sheets import Cell, Column, Row, Sheet

_HEADER = Patterns("sums")
_MEASURED, _FEWEST, _AGREE = 300, 2, 0.5


class Derived(NamedTuple):
    """A column that is the sum of others, counted from 1; those of ``less`` are subtracted.

    ``heads`` is the column with the number of persons by which the sum is divided, or 0.
    """

    column: int
    parts: tuple[int, ...]
    less: tuple[int, ...] = ()
    heads: int = 0

    def compute(self, cells: Sequence[Cell]) -> float | None:
        """Compute the value of a row from its parts; None if it has none of them."""
        known = [(number, j in self.less) for j in self.parts if (number := read_number(cells[j - 1])) is not None]
        heads = (read_number(cells[self.heads - 1]) or 0) if self.heads else 1
        return sum(-number if less else number for number, less in known) / heads if known and heads else None

    def agrees(self, stated: float, computed: float) -> bool:
        """Return whether two values are the same, except for rounding."""
        return abs(stated - computed) <= (1 if self.heads else 0.011) + 1e-6 * abs(stated)


class Disagreement(NamedTuple):
    """A cell that differs from the value computed from its parts; ``column`` is counted from 1."""

    column: int
    stated: float
    computed: float


def find_derived(sheet: Sheet) -> list[Derived]:
    """Find the columns of a sheet that are sums of others, by their headers and by the rows in which they agree.

    At least half of the rows, and at least two, must agree: a department's sums may be wrong in some rows.
    """
    rows = [row for row in sheet.rows if row.kind == "data"][:_MEASURED]
    derived = []
    for column in sheet.columns:
        counts = [(_count_agreeing(one, rows), one) for one in _list_candidates(column, sheet, rows)]
        (agreeing, compared), best = max(counts, key=lambda count: count[0][0], default=((0, 0), None))
        if best and agreeing >= max(_FEWEST, _AGREE * compared):
            derived.append(best)
    return derived


def list_disagreements(derived: Sequence[Derived], row: Row) -> list[Disagreement]:
    """List the cells of a row that differ from the values computed from their parts."""
    pairs = ((one, read_number(row.cells[one.column - 1]), one.compute(row.cells)) for one in derived)
    return [
        Disagreement(one.column, stated, round(computed, 2))
        for one, stated, computed in pairs
        if stated is not None and computed is not None and not one.agrees(stated, computed)
    ]


def _list_candidates(column: Column, sheet: Sheet, rows: Sequence[Row]) -> Iterator[Derived]:
    """List the columns that a column may add up: those beside it, longer runs first, or the incomes of a household."""
    columns, name, at = sheet.columns, column.header.rpartition("/")[2], column.index
    per_head = bool(_HEADER.per_head.search(name))
    if not per_head and not _HEADER.sum.search(name):
        return
    unit = sheet.context.unit or 1
    same = [c.index for c in columns if (c.factor or unit) == (column.factor or unit) and _is_numeric(c.index, rows)]
    incomes = tuple(c.index for c in columns if c.field.startswith("income.") and c.index in same)
    costs = tuple(c.index for c in columns if c.field == "income.business_cost")
    if per_head:
        heads = [c.index for c in columns if _HEADER.heads.search(c.header)]
        whole = [c.index for c in columns if _HEADER.sum.search(c.header) and c.index in same and c.index != at]
        yield from (Derived(at, (part,), heads=j) for j in heads for part in whole)
        yield from (Derived(at, incomes, costs, j) for j in heads if incomes)
        return
    for steps in (range(at - 1, 0, -1), range(at + 1, len(columns) + 1)):
        side = list(takewhile(same.__contains__, steps))
        for length in range(len(side), 1, -1):
            yield Derived(at, tuple(side[:length]))
            yield Derived(at, tuple(side[:length]), (side[0],))
    if incomes:
        yield Derived(at, incomes, costs)


def _is_numeric(j: int, rows: Sequence[Row]) -> bool:
    cells = [row.cells[j - 1] for row in rows if row.cells[j - 1] is not None]
    return bool(cells) and 2 * sum(read_number(cell) is not None for cell in cells) >= len(cells)


def _count_agreeing(derived: Derived, rows: Sequence[Row]) -> tuple[int, int]:
    """Return in how many rows a column agrees with its parts, and how many can be compared; zeros prove nothing."""
    pairs = [(read_number(row.cells[derived.column - 1]), derived.compute(row.cells)) for row in rows]
    known = [(one, other) for one, other in pairs if one is not None and other is not None and (one or other)]
    return sum(derived.agrees(*pair) for pair in known), len(known)
