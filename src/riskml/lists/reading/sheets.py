"""The types for lists that have been read: sheets, columns, rows, and the context of a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Cell = str | int | float | bool | date | datetime | None
"""Value of a cell; text is unchanged, including spaces, full-width characters and apostrophes; empty text is None."""

RowKind = Literal["data", "title", "header", "header_again", "section", "total", "note", "signature", "blank", "hidden"]
"""Kind of a row; only ``data`` rows are about persons, households or villages."""

PERSON = frozenset({"name", "head_name", "id_number", "head_id", "household_no", "person_no"})
"""Fields that say which person or household a row is about."""

How = Literal["synonym", "values", "confirmed", ""]
"""How the field of a column was decided: by its header, by its values, or by a person; empty if undecided."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet.

    ``index`` counts from 1. ``header`` is the text of the header rows, joined by ``/`` if there are several. ``field``
    is ``name``, ``id_number``, ``illness.cost`` …, or ``other``. Multiplied by ``factor``, the column's amounts are in
    yuan; it is None if the header gives no unit. ``spare`` is the date field for which the column is used if the cell
    in the best column is empty.
    """

    index: int
    header: str
    field: str = "other"
    how: How = ""
    factor: float | None = None
    spare: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What the section row, the name of the sheet, the title lines and the file name say about a row.

    ``texts`` holds these texts, the nearest first; lists of allowances often name the kind only there. ``start`` and
    ``end`` are the first and last day of the period that the texts name (a month, a quarter, a year). ``unit`` is the
    value in yuan of the unit that they or a note state; None if they state no unit. ``labels`` are the texts in section
    rows.
    """

    texts: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    town: str | None = None
    village: str | None = None
    unit: float | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet.

    ``number`` counts from 1; in a CSV file, it is the number of the record. ``cells`` has one value for each column of
    the sheet. ``filled`` holds the indexes of the columns whose value comes from a row above: from a merged cell, or
    from the first row of a household. An amount in such a column belongs to the first row and counts once.
    """

    number: int
    kind: RowKind
    cells: tuple[Cell, ...]
    context: Context = Context()
    filled: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a list; a CSV file is one sheet without a name.

    ``department`` says who keeps such lists, and ``topic`` says what their rows are about (`headers.yaml` declares
    both); they are empty if the sheet is not recognised. ``unclear`` is the field of the amount or day that the rows
    are about if no column is known to hold it, but one with an unknown header may; or the field that says which houses
    or water supplies are unsafe. All rows of a hidden sheet are ``hidden``, except titles and headers.
    """

    file: str
    name: str
    hidden: bool = False
    department: str = ""
    topic: str = ""
    unclear: str = ""
    context: Context = Context()
    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def unclear_reason(self) -> str:
        """The code of the question about the `unclear` field."""
        return "no_state_column" if self.unclear == "events.kind" else "unknown_column"

    @property
    def lists_members(self) -> bool:
        """Whether the sheet is an export of the register with a row for each person, not only for each household."""
        return self.topic == "register" and bool(self.find_columns("name"))

    def find_columns(self, name: str) -> list[Column]:
        """Return the columns with a field, in the order of the sheet."""
        return [column for column in self.columns if column.field == name]
