"""Recognises what a single cell contains: an ID number, an amount, a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from riskml.lists.data_files import Patterns
from riskml.lists.reading.sheets import Cell

CELL = Patterns("cells")


@dataclass(frozen=True, slots=True)
class Body:
    """Rows of data, and the texts of the header rows above each column."""

    parts: Sequence[Sequence[str]]
    rows: Sequence[Sequence[Cell]]

    def join_header(self, j: int) -> str:
        """Join the header of a column."""
        return "".join(self.parts[j])

    def list_cells(self, j: int) -> list[Cell]:
        """List the cells of a column that are not empty."""
        return [row[j] for row in self.rows if row[j] is not None]

    def list_numbers(self, j: int) -> list[float]:
        """List the numbers in a column."""
        return [number for cell in self.list_cells(j) if (number := read_number(cell)) is not None]


def looks_like_id(cell: Cell) -> bool:
    """Return whether a cell may be an ID number: whole, masked, spoilt by a spreadsheet, or with a label.

    >>> [looks_like_id(cell) for cell in ("99012319850312****", 9.90123198503121e17, "9.90123E+17", 12345.0, "2024")]
    [True, True, True, False, False]
    """
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return 1e14 <= cell < 1e19
    return isinstance(cell, str) and bool(CELL.id.fullmatch(re.sub(r"[\s'\"`]", "", normalise(cell))))


def holds_ids(cells: Sequence[Cell]) -> bool:
    """Return whether most of a column's cells that are not empty hold ID numbers."""
    filled = [cell for cell in cells if cell is not None]
    return sum(map(looks_like_id, filled)) * 2 > len(filled)


def read_number(cell: Cell) -> float | None:
    """Return the number in a cell, whatever its separators and unit, or None.

    >>> read_number("6,300.00元"), read_number("无")
    (6300.0, None)
    """
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return float(cell)
    text = re.sub(r"[\s,¥￥]|(?:[万千百]?元)$", "", normalise(cell)) if isinstance(cell, str) else ""
    return float(text) if re.fullmatch(r"-?\d{1,12}(?:\.\d+)?", text) else None


def normalise(text: str) -> str:
    """Return a text in half-width characters and capitals, without blanks around it."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def list_texts(row: Sequence[Cell]) -> list[str]:
    """Return the cells of a row that hold text."""
    return [cell for cell in row if isinstance(cell, str)]
