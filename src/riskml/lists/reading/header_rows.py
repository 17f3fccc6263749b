"""Finds the header rows of a sheet, and their texts above each column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from riskml.lists.data_files import Patterns
from riskml.lists.reading.cells import CELL, list_texts, looks_like_id, normalise, read_number
from riskml.lists.reading.grids import Grid
from riskml.lists.reading.headers import Headers, clean_text
from riskml.lists.reading.sheets import PERSON, Cell

_DEEPEST = 4
"""Maximum number of header rows."""

_GRADE = 3
"""Maximum number of characters in a header such as A级 below another one."""

_LEAD = 60
"""Number of rows among which a header is recognised by its shape."""

_HEADER = Patterns("header_rows")
_ORDINALS = "甲乙丙丁戊己庚辛壬癸"


def find_header_spans(grid: Grid, headers: Headers) -> list[tuple[int, int]]:
    """Return the first row of each header and the row after its last; an unchanged repeated header counts once."""
    spans: list[tuple[int, int]] = []
    scores = {i: count for i, row in enumerate(grid.rows) if (count := _count_headers(row, headers, i)) >= 2}
    seen: set[str] = set()
    for i, count in scores.items():
        if spans and i < spans[-1][1]:
            continue
        best = max(scores.get(j, 0) for j in range(i, i + _DEEPEST))
        span = _extend_span(grid, headers, i, spans[-1][1] if spans else 0)
        texts = {clean_text(text) for row in grid.rows[span[0] : span[1]] for text in list_texts(row)}
        if count * 2 <= best or (spans and (count < 3 or not any(map(headers.is_known, texts - seen)))):
            continue
        spans.append(span)
        seen = texts
    return spans or _find_header_by_shape(grid)


def _count_headers(row: Sequence[Cell], headers: Headers, i: int) -> int:
    """Count the cells that are known headers; 0 if the row as a whole is not a header."""
    texts = list_texts(row)
    if i >= _LEAD and sum(text in headers.common.exact for text in texts) < 2:
        return 0  # the rows of a long list are not compared with every pattern
    filled = sum(cell is not None and not _HEADER.month.fullmatch(str(cell)) for cell in row)
    if len(texts) < 2 or len(texts) * 2 < filled or any(map(looks_like_id, row)):
        return 0
    count = sum(map(headers.is_known, texts))
    return count if count * (3 if i < _LEAD else 2) >= filled else 0


def _find_header_by_shape(grid: Grid) -> list[tuple[int, int]]:
    """Return the rows of a header without known names: at least three short texts above rows with numbers."""
    for i, row in enumerate(grid.rows[:_LEAD]):
        texts = list_texts(row)
        short = all(len(text) <= 15 and not re.search(r"\d{3}|:|：", text) for text in texts)
        below = grid.rows[i + 1 : i + 4]
        numbers = any(sum(read_number(cell) is not None or isinstance(cell, date) for cell in other) for other in below)
        if len(texts) >= 3 and len(texts) == sum(cell is not None for cell in row) and short and numbers:
            return [(i, i + 1)]
    return []


def _extend_span(grid: Grid, headers: Headers, row: int, floor: int) -> tuple[int, int]:
    """Add the header rows above and below a row of known headers."""
    first, last = row, row + 1
    while first > floor and first > row - _DEEPEST and _is_above(grid, first - 1, first):
        first -= 1
    while last < len(grid.rows) and last < row + _DEEPEST and _is_below(grid, headers, last, first):
        last += 1
    return first, last


def _is_above(grid: Grid, row: int, below: int) -> bool:
    """Return whether a row names groups of the columns below."""
    texts = list_texts(grid.rows[row])
    if len(texts) < 2 or len(texts) < sum(cell is not None for cell in grid.rows[row]):
        return False
    if any(top <= row and bottom >= below for top, _, bottom, _ in grid.merges):
        return True
    return not any(
        len(text) > 12 or re.search(r":|\d{4}", normalise(text)) or CELL.office.fullmatch(text) for text in texts
    )


def _is_below(grid: Grid, headers: Headers, row: int, first: int) -> bool:
    """Return whether a row belongs to the header that ends above it."""
    cells = grid.rows[row]
    own = [cell for cell in cells if cell is not None]
    if any(top < row <= bottom and top >= first for top, _, bottom, _ in grid.merges):
        return not any(looks_like_id(cell) or isinstance(cell, date) for cell in own)
    if not own or is_numbering(own):
        return bool(own)
    texts = list_texts(cells)
    if len(texts) < len(own) or any(looks_like_id(text) for text in texts):
        return False
    if all(_HEADER.unit.fullmatch(normalise(text)) for text in texts):
        return True
    above = grid.rows[row - 1]
    fits = all(_is_under_group(above, cells, i) for i, cell in enumerate(cells) if cell is not None)
    known = sum(headers.is_known(text) or bool(_HEADER.month.fullmatch(text)) for text in texts)
    return fits and len(texts) >= 2 and (known * 2 >= len(texts) or all(len(text) <= _GRADE for text in texts))


def _is_under_group(above: Sequence[Cell], cells: Sequence[Cell], i: int) -> bool:
    """Return whether the cell above is empty or begins a group of columns."""
    return above[i] is None or (i + 1 < len(above) and above[i + 1] is None and cells[i + 1] is not None)


def is_numbering(cells: Sequence[Cell]) -> bool:
    """Return whether cells number the columns: 1 2 3, or 甲 乙 1 2."""
    texts = [re.sub(r"(?:[()栏列])", "", normalise(str(cell))) for cell in cells]
    letters = [text for text in texts if text in _ORDINALS]
    numbers = [int(text) for text in texts if text.isdecimal()]
    counts = numbers == list(range(1, len(numbers) + 1)) or numbers == list(range(len(letters) + 1, len(texts) + 1))
    return len(texts) >= 3 and len(letters) + len(numbers) == len(texts) and counts


def join_headers(grid: Grid, first: int, last: int) -> list[list[str]]:
    """Return the texts above each column, from top to bottom, with merged cells and groups filled."""
    rows = [list(row) for row in grid.rows[first:last]]
    for top, left, bottom, right in grid.merges:
        if first <= top < last:
            for row in rows[top - first : bottom + 1 - first]:
                row[left : right + 1] = [grid.rows[top][left]] * len(row[left : right + 1])
    rows = [row for row in rows if not is_numbering([cell for cell in row if cell is not None])]
    if not rows:
        return []
    for above, below in pairwise(rows):
        for j in range(1, len(above)):
            if above[j] is None and below[j] is not None and above[j - 1] is not None and below[j - 1] is not None:
                above[j] = above[j - 1]
    columns: list[list[str]] = []
    for cells in zip(*rows, strict=True):
        texts = [re.sub(r"\s+", " ", str(cell)).strip() for cell in cells if cell is not None]
        columns.append(list(dict.fromkeys(texts)))
    return columns


def find_blocks(parts: Sequence[Sequence[str]], headers: Headers) -> list[set[int]]:
    """Return the columns of each table if several tables stand side by side; an empty list if there is only one.

    Tables stand side by side if their headers are equal and name persons and something else. Columns before the first
    table, and a column after the last, belong to all of them.

    >>> from riskml.lists.reading.headers import read_headers
    >>> headers = ["村", "姓名", "救助金额", "", "姓名", "救助金额"]
    >>> find_blocks([[header] if header else [] for header in headers], read_headers())
    [{0, 1, 2, 3}, {0, 4, 5}]
    """
    own = [j for j, part in enumerate(parts) if part]
    texts = [clean_text("/".join(parts[j])) for j in own]
    meanings = [headers.find("", parts[j]) for j in own]
    persons = {i for i, meaning in enumerate(meanings) if meaning and meaning.field in PERSON}
    for lead in range(min(persons, default=0) + 1):
        for end in (len(own), len(own) - 1):
            for width in range(2, (end - lead) // 2 + 1):
                block, count = texts[lead : lead + width], (end - lead) // width
                one = range(lead, lead + width)
                if block * count == texts[lead:end] and persons & set(one) and any(meanings[i] is None for i in one):
                    shared = {*own[:lead], *own[end:]}
                    stops = [*(own[lead + width * k] for k in range(count)), own[end - 1] + 1]
                    return [{*shared, *range(first, last)} for first, last in pairwise(stops)]
    return []
