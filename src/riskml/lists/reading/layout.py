"""Divides a sheet into tables: title lines, header rows, and the kind of each row below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from riskml.lists.data_files import Patterns
from riskml.lists.reading.cells import CELL, holds_ids, list_texts, looks_like_id, normalise, read_number
from riskml.lists.reading.grids import Grid
from riskml.lists.reading.header_rows import find_blocks, find_header_spans, is_numbering, join_headers
from riskml.lists.reading.headers import Headers, clean_text
from riskml.lists.reading.sheets import Cell, RowKind

_SERIALS = {"序号", "编号", "序", "号", "NO.", "NO"}
"""Headers of columns that number the rows."""

_FEWEST, _LONGEST_NAME, _LONGEST_CELL = 6, 3, 10
"""Maximum numbers of texts in a row of notes or signatures, and of characters in most names and in most cells."""

_ROW = Patterns("rows")


@dataclass(slots=True)
class Table:
    """A table within a sheet: its rows from ``first`` to ``last`` (counted from 0, the last one excluded).

    ``heading`` holds the titles of the first table on the sheet, which may give a date or a kind for all tables.
    ``parts`` holds, for each column, the texts of the header rows above it. ``kinds`` and ``cells`` have one entry for
    each row; merged cells below the header are filled downwards, and ``filled`` holds their positions. ``skipped``
    holds the rows that belong to another table beside this one.
    """

    first: int
    last: int
    titles: list[str]
    parts: list[list[str]]
    kinds: list[RowKind] = field(default_factory=list)
    cells: list[list[Cell]] = field(default_factory=list)
    filled: dict[int, set[int]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    heading: list[str] = field(default_factory=list)

    def list_rows(self, kind: RowKind) -> list[list[Cell]]:
        """List the cells of the rows of a kind."""
        return [cells for own, cells in zip(self.kinds, self.cells, strict=True) if own == kind]


def find_tables(grid: Grid, headers: Headers) -> list[Table]:
    """Divide a sheet into its tables, usually one, and determine the kind of each row.

    A sheet without a header is one table without columns, whose rows are notes, unless a column holds ID numbers.
    """
    spans = find_header_spans(grid, headers)
    starts = [0, *(_find_title_start(grid, first, end) for (_, end), (first, _) in pairwise(spans))]
    ends = [*starts[1:], len(grid.rows)]
    tables: list[Table] = []
    for start, end, span in zip(starts, ends, spans or [(0, 0)], strict=True):
        blocks = find_blocks(join_headers(grid, *span), headers)
        grids = [_cut_columns(grid, span[0], block) for block in blocks] or [grid]
        beside = [_build_table(own, headers, start, end, span) for own in grids]
        _share_rows(beside)
        for table in beside if tables else []:
            table.titles, table.heading = table.titles or tables[-1].titles, tables[0].titles
        tables += beside
    return tables


def _cut_columns(grid: Grid, first: int, columns: set[int]) -> Grid:
    """Return a sheet that has only some of its columns from a row on."""
    cut = [[cell if j in columns else None for j, cell in enumerate(row)] for row in grid.rows[first:]]
    return replace(grid, rows=[*grid.rows[:first], *cut])


def _share_rows(tables: Sequence[Table]) -> None:
    """Assign each row to the tables side by side that have data in it, or otherwise to the first one.

    Labels of sections and sums are in the first table only.
    """
    for k, label in enumerate(tables[0].kinds):
        for table in tables[1:]:
            if label == "section" or (label == "total" and not list_texts(table.cells[k])):
                table.kinds[k], table.cells[k] = label, tables[0].cells[k]
        owners = [table for table in tables if table.kinds[k] == "data"] or tables[:1]
        for table in tables:
            if not any(table is owner for owner in owners):
                table.skipped.add(k)


def _find_title_start(grid: Grid, first: int, floor: int) -> int:
    """Return the row at which the titles of the next table begin."""
    start = first
    while start > floor and len({cell for cell in grid.rows[start - 1] if cell is not None}) == 1:
        start -= 1
    return start


def _build_table(grid: Grid, headers: Headers, start: int, end: int, span: tuple[int, int]) -> Table:
    first, last = span
    titles = [normalise(text) for row in grid.rows[start:first] for text in dict.fromkeys(list_texts(row))]
    table = Table(start, end, titles, join_headers(grid, first, last))
    body = _Body(grid, headers, table, range(first, last))
    if not any(table.parts) and any(map(holds_ids, zip(*grid.rows[start:end], strict=True))):
        table.parts = [[] for _ in grid.rows[start]]
    elif not any(table.parts):
        table.kinds = ["blank" if _is_blank(row) else "note" for row in grid.rows[start:end]]
        table.cells = grid.rows[start:end]
        return table
    for i in range(start, end):
        kind: RowKind = "header" if first <= i < last else "title"
        if i >= last:
            kind = body.classify(i)
        elif _is_blank(grid.rows[i]):
            kind = "blank"
        table.kinds.append(kind)
    body.settle_sections()
    body.fill()
    return table


def _is_blank(row: Sequence[Cell]) -> bool:
    return all(cell is None for cell in row)


class _Body:
    """The rows below a header, while their kinds are being determined."""

    def __init__(self, grid: Grid, headers: Headers, table: Table, header: range) -> None:
        self.grid, self.table, self.header = grid, table, header
        fields = [meaning.field if parts and (meaning := headers.find("", parts)) else "" for parts in table.parts]
        self.ids = [i for i, name in enumerate(fields) if name in ("id_number", "head_id")]
        self.names = [i for i, name in enumerate(fields) if name in ("name", "head_name")]
        self.regions = [i for i, name in enumerate(fields) if name in ("town", "village", "county", "group")]
        lowest = [clean_text(parts[-1]) if parts else "" for parts in table.parts]
        self.serials = [i for i, header in enumerate(lowest) if header in _SERIALS]
        self.texts = [{clean_text(text) for text in list_texts(grid.rows[i])} for i in header]
        self.sums: dict[int, float] = {}
        self.summed = header.stop
        self.labels = {*self.ids, *self.names, *self.regions, *self.serials}

    def classify(self, i: int) -> RowKind:
        """Return the kind of a row; a single text is a section for now."""
        row = self.grid.rows[i]
        own = [(j, cell) for j, cell in enumerate(row) if cell is not None]
        if not own:
            return "blank"
        if i in self.grid.hidden_rows:
            return "hidden"
        if i <= self.header.stop + 1 and isinstance(own[0][1], str) and _ROW.example.fullmatch(normalise(own[0][1])):
            return "note"
        if any(looks_like_id(row[j]) for j in self.ids):
            return "data"
        texts = [(j, normalise(cell)) for j, cell in own if isinstance(cell, str)]
        values = [text for _, text in texts]
        if len(texts) == len(own) and self._is_header(values):
            return "header_again"
        if len(own) >= 3 and is_numbering([cell for _, cell in own]):
            return "header"
        if any(
            _ROW.total.fullmatch(re.sub(r"\s", "", text)) for j, text in texts if j in self.labels or j == own[0][0]
        ):
            self.sums, self.summed = {}, i + 1
            return "total"
        if all(j in self.serials and str(cell).strip().isdecimal() for j, cell in own):
            return "blank"  # a numbered row that was not filled in
        if not any(j in self.labels and j not in self.serials for j, _ in own) and self._is_sum(i, own):
            return "total"
        return self._classify_region(own) or self._classify_texts(i, own, values) or "data"

    def _is_header(self, texts: list[str]) -> bool:
        names = {clean_text(text) for text in texts}
        return names in self.texts or (
            len(names) >= 2 and any(len(names & old) * 5 >= len(names) * 3 for old in self.texts)
        )

    def _is_sum(self, i: int, own: Sequence[tuple[int, Cell]]) -> bool:
        """Return whether a row contains only the sums of the rows of data since the last total."""
        for k in range(self.summed, i):
            if self.table.kinds[k - self.table.first] == "data":
                for j, cell in enumerate(self.grid.rows[k]):
                    self.sums[j] = self.sums.get(j, 0) + (read_number(cell) or 0)
        self.summed = i
        numbers = [(j, number) for j, cell in own if (number := read_number(cell)) is not None]
        equal = [abs(self.sums.get(j, 0) - number) <= 0.02 + 1e-6 * abs(number) for j, number in numbers if number]
        return bool(equal) and len(numbers) == len(own) and all(equal)

    def _classify_region(self, own: Sequence[tuple[int, Cell]]) -> RowKind | None:
        """Return the kind of a row that names a town or village but no person, with or without numbers."""
        rest = [(j, cell) for j, cell in own if j not in self.serials or not _ROW.ordinal.fullmatch(str(cell).strip())]
        texts = [
            (j, normalise(cell))
            for j, cell in rest
            if isinstance(cell, str) and read_number(cell) is None and not _ROW.count.fullmatch(normalise(cell))
        ]
        numbered = any(j in self.serials for j, _ in rest)
        if len(texts) != 1 or numbered or not (self.names or self.ids) or not _ROW.region.fullmatch(texts[0][1]):
            return None
        return "section" if len(rest) == 1 else "total"

    def _classify_texts(self, i: int, own: Sequence[tuple[int, Cell]], values: list[str]) -> RowKind | None:
        """Return the kind of a row with few texts and no numbers, or None if it may hold data."""
        if len(values) < len(own) or any(looks_like_id(text) for text in values):
            return None
        if len(values) == 1 and values[0] in self.table.titles:
            return "title"
        if len(values) == 1 and _ROW.note.fullmatch(values[0]):
            return "note"
        named = any(
            j in self.names and _ROW.name.fullmatch(str(cell).strip()) and not _ROW.area.fullmatch(str(cell))
            for j, cell in own
        )
        if i == self.header.stop and sum(bool(_ROW.guide.fullmatch(text)) for text in values) * 3 >= len(values):
            return "note"
        if (named and len(own) > 1) or len(own) > _FEWEST or self._has_region(own):
            return None
        if _ROW.note.fullmatch(values[0]) or (_ROW.point.fullmatch(values[0]) and len(values) == 1):
            return "note"
        if any(map(_ROW.signature.fullmatch, values)):
            return "signature"
        if all(CELL.office.fullmatch(text) or _ROW.day.fullmatch(text) for text in values):
            return "signature"
        return "section" if len(values) == 1 and self._is_caption(own[0][0], values[0], named=named) else None

    def _is_caption(self, j: int, text: str, *, named: bool) -> bool:
        """Return whether the only text in a row is about the rows below, and not the only entry of a person's row."""
        if _ROW.region.fullmatch(text):
            return True
        if named and (j > 0 or (CELL.surname.match(text) and len(text) <= _LONGEST_NAME)):
            return False
        return j <= 1 or len(text) > _LONGEST_CELL

    def _has_region(self, own: Sequence[tuple[int, Cell]]) -> bool:
        """Return whether a row with several cells names a town or village in its column."""
        return len(own) > 1 and any(j in self.regions and _ROW.area.fullmatch(str(cell)) for j, cell in own)

    def settle_sections(self) -> None:
        """Turn sections without data below them into notes."""
        kinds = self.table.kinds
        last = max((k for k, kind in enumerate(kinds) if kind == "data"), default=-1)
        self.table.kinds = ["note" if kind == "section" and k > last else kind for k, kind in enumerate(kinds)]

    def fill(self) -> None:
        """Fill merged cells downwards in rows of data."""
        table = self.table
        table.cells = [list(row) for row in self.grid.rows[table.first : table.last]]
        for top, left, bottom, right in self.grid.merges:
            for i in range(max(top + 1, self.header.stop, table.first), min(bottom + 1, table.last)):
                if table.kinds[i - table.first] == "data" and top >= self.header.stop:
                    for j in range(left, min(right + 1, len(table.cells[0]))):
                        table.cells[i - table.first][j] = self.grid.rows[top][left]
                        table.filled.setdefault(i - table.first, set()).add(j)
