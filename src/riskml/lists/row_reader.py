"""Reads the fields of one row of a list, and defines a record of the contract whose person is not known yet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from riskml.lists.persons.identity import Identity
from riskml.lists.reading.derived import Derived
from riskml.lists.reading.periods import find_month, find_period
from riskml.lists.reading.sheets import Cell, Column, Context, Row, Sheet
from riskml.lists.reading.values import Day, Precision, read_amount, read_day
from riskml.lists.words import UnusableValueError, find_words, is_empty, normalise, read_word

Level = Literal["person", "household", "region"]

Sign = Literal["", "reverses", "corrects", "void", "ends"]
"""Marks of a row: it reverses or corrects an earlier one, does not count, or ends help that an earlier one began."""

_YEAR = 364
"""Number of days from the first to the last day of a year."""

_SPARE = "/spare"
"""Suffix of the name under which the second-best columns for a field are kept."""

PUBLIC_WORK = "公益性岗位"
"""The employer in lists of public work, whose wages are added to those in other lists."""

_ANY = re.compile("")
_COUNTED_MONTH = re.compile(r"(?:0?[1-9]|1[0-2])(?:\.0)?(?:月份?)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the contract, before it is known whom it belongs to and whether it is new.

    ``number`` is the department's own number for the record, such as a settlement number. ``precision`` says how
    precisely the list gives the day. If help or unemployment is ``continuing``, the list gives a month in which it
    continued, not its start.
    """

    table: str
    values: dict[str, Any]
    level: Level = "person"
    precision: Precision = "day"
    number: str | None = None
    continuing: bool = False
    sign: Sign = ""

    @classmethod
    def date(cls, table: str, day: Day, level: Level = "person", **values: Any) -> Entry:
        """Make an entry of a table of events on a day."""
        name = "started_on" if table == "help" else "occurred_on"
        return cls(table, {name: day.day, **values}, level, day.precision)


@dataclass(slots=True)
class RowReader:
    """Reads the fields of one row, and counts conversions by field.

    Parameters
    ----------
    columns : mapping
        Columns of the sheet, by field.
    row : Row
    received : date
        Day on which the list arrived; nothing in it can have happened later.
    as_of : date
        Day that the contents of the list refer to.
    dated : bool
        Whether the list is known to have arrived then; lists from earlier years are not.
    conversions : Counter
        Counts (field, conversion) for every cell that was converted.
    at : int
        Index of the column that was read last, or 0; if the row is refused, the fault is probably in that column.
    derived : sequence of Derived
        Columns of the sheet that are sums of others.
    """

    columns: Mapping[str, list[Column]]
    row: Row
    received: date
    as_of: date
    dated: bool = True
    conversions: Counter[tuple[str, str]] = field(default_factory=Counter)
    at: int = 0
    derived: Sequence[Derived] = ()

    @property
    def context(self) -> Context:
        """What titles and the names of sheet and file say about the row."""
        return self.row.context

    def has(self, name: str) -> bool:
        """Return whether the sheet has a column with a field."""
        return name in self.columns

    def list_cells(self, name: str, *, own: bool = False) -> list[tuple[Column, Cell]]:
        """List the cells of a field that are not empty; ``own`` leaves out those whose value comes from a row above."""
        pairs = ((column, self.row.cells[column.index - 1]) for column in self.columns.get(name, ()))
        return [
            (column, cell)
            for column, cell in pairs
            if not is_empty(cell) and not (own and column.index in self.row.filled)
        ]

    def list_headers(self, *names: str) -> list[str]:
        """List the headers of the columns with some fields."""
        return [column.header for name in names for column in self.columns.get(name, ())]

    def count(self, name: str, how: str) -> None:
        """Count a conversion."""
        if how:
            self.conversions[name, how] += 1

    def count_elsewhere(self, identity: Identity) -> None:
        """Count what says whom the row means but stands in a row above, a section row, or a title."""
        for name in ("town", "village", "head_name", "household_no"):
            cells = self.list_cells(name)
            if any(column.index in self.row.filled for column, _ in cells):
                self.count(name, "from_above")
            elif not cells and getattr(identity, name):
                self.count(name, "from_title")

    def read_day(self, name: str, *, later: bool = False) -> Day | None:
        """Read a day that is not in the future, unless ``later``; None if the cell or the column is missing.

        If the cell in the best column is empty, that in the second-best column counts.
        """
        for column, cell in [*self.list_cells(name), *self.list_cells(name + _SPARE)]:
            self.at = column.index
            year = self.context.start.year if self.context.start else None
            parsed = self._read_month(column, cell, year) or self._read_day(cell, births=name == "birth_date")
            if parsed is not None:
                if parsed.day > self.received and not later:
                    raise UnusableValueError("future_date")
                self.count(name, parsed.how)
                self.count(name, "second_best" if column.field != name else "")
                return parsed
        return None

    def _read_day(self, cell: Cell, *, births: bool) -> Day | None:
        """Read a day; if it has no year, take the year from the titles' period or else the latest such day."""
        start, end = self.context.start, self.context.end
        try:
            parsed = read_day(cell, year=start.year if start else None, latest=self.received, births=births)
        except UnusableValueError:
            if start or not self.dated:
                raise
            years = (self.received.year, self.received.year - 1)
            days = [day for year in years if (day := read_day(cell, year=year)) and day.day <= self.received]
            if not days:
                raise
            return days[0]._replace(how="year_from_receipt")
        if parsed and start and end and parsed.how == "year_from_title" and parsed.day < start.replace(day=1):
            later = read_day(cell, year=end.year)
            return later if later and later.day <= end else parsed
        return parsed

    def _read_month(self, column: Column, cell: Cell, year: int | None) -> Day | None:
        """Read a month that is only a number (8: August) in the year of the titles, or else the latest such month."""
        if "月" not in column.header or not _COUNTED_MONTH.fullmatch(text := normalise(str(cell))):
            return None
        texts = [f"{int(float(text.rstrip('月份')))}月", *([f"{year}年"] if year else [])]
        start, _ = find_period(texts, self.received) or (None, None)
        return Day(start, "month", "month_only") if start else None

    def read_optional_day(self, name: str, *, later: bool = False) -> Day | None:
        """Read a day that the record does not need: if it cannot be used, it is left out and counted."""
        try:
            return self.read_day(name, later=later)
        except UnusableValueError:
            self.count(name, "left_out")
            return None

    def require_day(self, name: str, longest: int = 92, missing: str = "no_date") -> Day:
        """Read a day; if there is no such column, use the first day of the period that the titles state.

        A period of more than ``longest`` days is too imprecise; ``missing`` is the reason if there is no day.
        """
        if (parsed := self.read_day(name)) is not None:
            return parsed
        start, end = self.context.start, self.context.end
        self.at = self.columns[name][0].index if self.has(name) else 0
        if self.has(name) or start is None or end is None or (end - start).days > longest or start > self.received:
            raise UnusableValueError(missing)
        self.count(name, "day_from_title")
        return Day(start, "day" if start == end else "month")

    def require_month(self, column: Column) -> date:
        """Return the month of a wage: from its header with the year of header or titles, or from a column or title."""
        start, end = self.context.start, self.context.end
        if find_month(column.header, received=self.received):
            month = find_month(column.header, f"{start.year}年" if start else "")
            if month is None:
                raise UnusableValueError("no_month")
            if start and end and month < start.replace(day=1) and (later := month.replace(year=month.year + 1)) <= end:
                month = later
            self.count("income.period_start", "month_from_header")
            return month
        named = find_period([column.header], self.received)
        if named and (named[1] - named[0]).days < _YEAR:
            raise UnusableValueError("no_month")
        return self.require_day("income.period_start", longest=31, missing="no_month").day.replace(day=1)

    def find_factor(self, column: Column) -> float:
        """Return the value in yuan of a column's unit, from its header or otherwise from titles and notes."""
        return column.factor or self.context.unit or 1

    def require_year(self, column: Column) -> date:
        """Return the first day of a yearly wage's year, which header or titles state and which must be over."""
        texts = [column.header, *self.context.texts]  # a header such as 2023年收入 needs no title
        start, end = find_period(texts[:1]) or find_period(texts, self.received) or (None, None)
        if start is None or end is None or (end - start).days < _YEAR:
            raise UnusableValueError("no_date")
        if end > self.received:
            raise UnusableValueError("future_date")
        self.count("income.period_start", "day_from_title")
        return start

    def read_amount(self, name: str, *, least: float = 0, most: float = 1e7) -> float | None:
        """Read an amount; if several columns have the field, they hold its parts, which are added up."""
        total = None
        for column, cell in self.list_cells(name, own=True):
            self.at = column.index
            parsed = read_amount(cell, self.find_factor(column))
            if parsed is not None:
                self.count(name, parsed.how)
                total = parsed.amount if total is None else round(total + parsed.amount, 4)
        if total is not None and (abs(total) > most or 0 < abs(total) < least):
            raise UnusableValueError("implausible_unit")
        return total

    def read_word(self, name: str, words: str = "", cells: Iterable[Cell] | None = None) -> str | None:
        """Read the code for a word, from ``cells`` if given; an unknown word is counted, and the result is None."""
        for cell in [cell for _, cell in self.list_cells(name)] if cells is None else cells:
            try:
                parsed = read_word(words or name, cell)
            except UnusableValueError as error:
                self.count(name, error.reason)
                continue
            if parsed is not None:
                self.count(name, parsed.how)
                return parsed.code
        return None

    def find_notes(self, headers: re.Pattern[str], words: re.Pattern[str] = _ANY) -> list[str]:
        """List the texts with certain words in columns without a field, such as remarks and statuses."""
        cells = [cell for column, cell in self.list_cells("other") if headers.search(column.header)]
        return [text for cell in cells if words.search(text := normalise(str(cell)))]

    def find_in_titles(self, words: str) -> str | None:
        """Return the code for the words in the nearest title that has any; None if they stand for several codes."""
        for text in self.context.texts:
            if codes := find_words(words, text):
                return codes[0] if len(codes) == 1 else None
        return None


def index_columns(sheet: Sheet) -> dict[str, list[Column]]:
    """Return the columns of a sheet by field."""
    columns: dict[str, list[Column]] = {}
    for column in sheet.columns:
        columns.setdefault(column.field, []).append(column)
        if column.spare:
            columns.setdefault(column.spare + _SPARE, []).append(column)
    return columns


def ask_small_bill(reader: RowReader, name: str, amount: float | None, kind: str | None) -> None:
    """Ask for the unit if none is stated and the bill is so small that it may be in 10,000 yuan."""
    stated = reader.context.unit or any(column.factor for column in reader.columns.get(name, ()))
    least = 100 if kind == "inpatient" and name == "illness.cost" else 3
    if amount and abs(amount) < least and not stated:
        reader.at = reader.columns[name][0].index
        raise UnusableValueError("doubtful_unit")


def refuse_contradiction(cost: float | None, self_paid: float | None) -> None:
    """Refuse a bill on which more was paid than it cost; real lists have differences of up to about 200 yuan."""
    if cost is None or self_paid is None:
        return
    if cost * self_paid < 0 or (abs(self_paid) > abs(cost) + 200 or abs(self_paid) > max(2 * abs(cost), 1)):
        raise UnusableValueError("inconsistent")


def refuse_negative(amount: float | None) -> float | None:
    """Return the amount; a negative one is refused."""
    if amount is not None and amount < 0:
        raise UnusableValueError("negative")
    return amount
