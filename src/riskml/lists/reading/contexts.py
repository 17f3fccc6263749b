"""Reads what section rows, sheet names, titles and file names say about rows: period, unit, town, village."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from riskml.lists.data_files import Patterns
from riskml.lists.persons.villages import Villages
from riskml.lists.reading.headers import clean_text, find_factor
from riskml.lists.reading.layout import Table
from riskml.lists.reading.periods import find_period
from riskml.lists.reading.sheets import Context, Row

Region = tuple[str | None, str | None]
"""A town and a village."""

_TITLE = Patterns("places")


def build_context(
    name: str, texts: Sequence[str], villages: Villages | None = None, received: date | None = None
) -> Context:
    """Return what the name of a sheet, its titles and its file name say about its rows.

    Parameters
    ----------
    name : str
        Name of the sheet; empty if it says nothing.
    texts : sequence of str
        Titles and the name of the file, the nearest first.
    villages : Villages, optional
        The villages in the register. Without them, a place is recognised by the last character of its name.
    received : date, optional
        Day of receipt, for months without a year.

    Examples
    --------
    >>> context = build_context("东沟镇", ["某县2024年5月住院人员名单"])
    >>> context.town, context.village, context.start
    ('东沟镇', None, datetime.date(2024, 5, 1))
    """
    own = [name] if name else []
    start, end = find_period([*own, *texts], received) or (None, None)
    regions = [find_region(text, villages, whole=text == name) for text in (*own, *texts)]
    town = next((town for town, _ in regions if town), None)
    village = next((village for _, village in regions if village), None)
    return Context((*own, *texts), start, end, town, village, find_unit([*own, *texts]))


def find_unit(texts: Sequence[str]) -> float | None:
    """Return the value in yuan of the unit that texts state for amounts; None if they state no unit or several.

    >>> find_unit(["受灾情况统计表", "填报单位：县应急管理局　单位：万元"]), find_unit(["注：表中金额以千元为单位"])
    (10000.0, 1000.0)
    >>> find_unit(["单位：户、元、万元"]) is None
    True
    """
    for text in texts:
        for match in _TITLE.unit.finditer(unicodedata.normalize("NFKC", text)):
            if factor := find_factor("".join(filter(None, match.groups()))):
                return factor
    return None


def find_region(text: str, villages: Villages | None, *, whole: bool) -> Region:
    """Return the town and village that a text names; ``whole`` is true if the text may consist of a name only.

    >>> find_region("二、东沟镇下河村（11户）", None, whole=True), find_region("农村饮水安全排查表", None, whole=True)
    (('东沟镇', '下河村'), (None, None))
    """
    clean = _TITLE.tail.sub("", _TITLE.numbering.sub("", clean_text(text)))
    if villages:
        location = villages.find(None, clean)
        matches = [villages.by_code[code] for code in location.villages]
        town = next(iter(location.towns)) if len(location.towns) == 1 else None
        if len(matches) == 1:
            return matches[0].town, matches[0].name
        return town, matches[0].name if matches and not town else None
    match = _TITLE.town.search(clean)
    if match and _TITLE.no_name.fullmatch(match[1]):
        match = None
    rest = clean[match.end() :] if match else clean
    own = _TITLE.village.match(rest) if match or whole else None
    village = own[1] if own and not _TITLE.no_name.fullmatch(own[1]) else None
    return match[1] if match else None, village


def build_rows(
    table: Table, base: Context, villages: Villages | None = None, received: date | None = None
) -> Iterator[Row]:
    """Yield the rows of a table, each with what the sheet and the section rows above it say about it."""
    labels: list[str] = []
    region: Region = (None, None)
    context = base
    for i, (kind, cells) in enumerate(zip(table.kinds, table.cells, strict=True)):
        if kind == "section":
            text = max((str(cell) for cell in cells if cell is not None), key=len)
            town, village = find_region(text, villages, whole=True)
            if town or village:
                region = town or region[0], village
            named = [
                label for label in labels if any(find_region(label, villages, whole=True)) != bool(town or village)
            ]
            labels = [text, *named[:1]]
            context = build_context("", [*labels, *base.texts], villages, received)
            unit = find_unit(labels) or base.unit
            town, village = region[0] or base.town, region[1] or base.village
            context = replace(context, town=town, village=village, unit=unit, labels=tuple(labels))
        if i not in table.skipped:
            filled = frozenset(j + 1 for j in table.filled.get(i, ()))
            yield Row(table.first + i + 1, kind, tuple(cells), context, filled)
