"""Finds the columns that hold days: the day that rows are about, and days of birth."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from riskml.lists.data_files import Patterns
from riskml.lists.reading.cells import Body, normalise
from riskml.lists.reading.headers import SECOND, Meaning, Topic
from riskml.lists.reading.sheets import Cell, Column
from riskml.lists.reading.values import Day, try_day

DAYS = {"illness.occurred_on", "events.occurred_on", "disaster.occurred_on", "help.started_on", "members.left_on"}
"""Fields that hold the day that a row is about."""

_AGREE = 0.8
_ANY_YEAR = 2024
_LONGEST = 200
"""Maximum number of days between an event and its end or its registration."""

_DAY = Patterns("days")
_NO_DAY = re.compile(r"(?!(?:19|20)\d\d(?:\.\d{1,2}|[01]\d(?:[0-3]\d)?)$)-?\d+(?:\.\d+)?|[^月]{1,5}")
"""Texts under an unknown header that may be amounts, or are too short for days."""


def find_days(
    fields: Mapping[int, str],
    meanings: Sequence[Meaning | None],
    unknown: Collection[int],
    others: Collection[int],
    name: str,
    body: Body,
) -> dict[int, str]:
    """Return the unknown columns that hold days of birth, or the day with a field that rows are about.

    That day is in the only column that may hold it. Of two days in hospital, and of an unknown day and a second-best
    one such as that of the registration, it is the earlier one, unless it is among ``others``, which lists about
    something else have. Help was paid on an unknown day that follows that of its approval.
    """
    numbers = [j for j, own in fields.items() if own in ("id_number", "head_id")]
    births = [j for j in sorted(unknown) if any(_are_births(body.rows, j, k) for k in numbers)]
    shown = {j: "birth_date" for j in births[:1] if "birth_date" not in fields.values()}
    left = _list_day_columns(set(unknown) - set(births), body)
    known = [j for j, own in fields.items() if own == name]
    if len(known) == 1 and (own := meanings[known[0]]) and own.rank[0] == SECOND and not own.confirmed:
        headers = {j: body.join_header(j) for j in (*left, *known)}
        if name == "help.started_on" and _DAY.before_payment.search(headers[known[0]]):
            left = [j for j in left if _are_before(body.rows, known[0], j) and not _DAY.other_step.search(headers[j])]
        else:
            left = [j for j in left if j not in others and _are_before(body.rows, j, known[0])]
    elif known or not name:
        return shown
    elif name == "illness.occurred_on" and len(left) == 2:
        left = [j for j in left if _are_before(body.rows, j, sum(left) - j)]
    return shown | (dict.fromkeys(left, name) if len(left) == 1 else {})


def want_day(topic: Topic) -> str:
    """Return the field of the day that lists of a topic are about; empty if there is none, or several."""
    names = topic.vocabulary.list_fields() & DAYS
    return names.pop() if len(names) == 1 and topic.amount != "income.wage" else ""


def find_missing_day(topic: Topic, columns: Sequence[Column], unknown: Collection[int], body: Body) -> str:
    """Return the field of the day that rows are about, if only a column with an unknown header may have it."""
    name = want_day(topic)
    known = not name or any(column.field == name for column in columns)
    return name if not known and _list_day_columns(unknown, body) else ""


def _list_day_columns(columns: Collection[int], body: Body) -> list[int]:
    """List the columns in which most cells are days, not amounts."""
    cells = {j: body.list_cells(j) for j in sorted(columns)}
    return [j for j, own in cells.items() if len(own) > 1 and sum(map(_is_day, own)) >= _AGREE * len(own)]


def leave_out_undated(meanings: Sequence[Meaning | None], body: Body) -> list[Meaning | None]:
    """Leave out columns that should hold days but hold none, such as ``学期``, if another one may hold them."""
    days = {j: own.field for j, own in enumerate(meanings) if own and own.field in DAYS and not own.confirmed}
    filled = {j: cells for j in days if (cells := body.list_cells(j))}
    wrong = {j for j, cells in filled.items() if not any(map(_read, cells))}
    known = {days[j] for j in filled if j not in wrong}
    others = wrong and _list_day_columns([j for j, own in enumerate(meanings) if own is None], body)
    return [Meaning("other") if j in wrong and (others or days[j] in known) else own for j, own in enumerate(meanings)]


def read_birth(cell: Cell) -> Day | None:
    """Read a day or month of birth; return None if the cell has none that is certain."""
    return try_day(cell, births=True)


def _read(cell: Cell) -> date | None:
    """Read a day or month, possibly without a year."""
    parsed = try_day(cell, _ANY_YEAR)
    return parsed.day if parsed else None


def _is_day(cell: Cell) -> bool:
    text = normalise(str(cell)).removesuffix(".0")
    return _read(cell) is not None and not _NO_DAY.fullmatch(text)


def _are_births(rows: Sequence[Sequence[Cell]], day: int, number: int) -> bool:
    """Return whether days are in most of the ID numbers."""
    pairs = [(born, str(row[number])) for row in rows if (born := read_birth(row[day])) and row[number] is not None]
    return bool(pairs) and 2 * sum(f"{born.day:%y%m%d}" in text for born, text in pairs) > len(pairs)


def _are_before(rows: Sequence[Sequence[Cell]], some: int, others: int) -> bool:
    """Return whether days are the same as others or shortly before them, and some of them before."""
    pairs = [(_read(row[some]), _read(row[others])) for row in rows]
    spans = [(other - one).days for one, other in pairs if one and other]
    return bool(spans) and min(spans) >= 0 and 0 < max(spans) <= _LONGEST
