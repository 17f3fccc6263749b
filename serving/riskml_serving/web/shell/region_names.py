"""The regions that a filter offers, and names of regions, from a file that the county provides, or from its lists.

A region without a name is shown by its level and code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from riskml.errors import UsageError
from riskml.records.reading.small_csv import read_rows, read_text
from riskml.text import shorten_list
from riskml.vocabulary.regions import Level, is_region_code, take_region
from riskml_serving.api.regions.service import next_level
from riskml_serving.casework.worklist.repository import list_parts
from riskml_serving.people.auth import Caller
from riskml_serving.register.service import Person


@cache
def read_region_names(path: Path | None) -> Mapping[str, str]:
    """Read a file into a mapping from region code to name; without a file, the mapping is empty.

    Raises
    ------
    UsageError
        If the file cannot be read, lacks a column, or has a row without a valid region code or without a name.
    """
    if path is None:
        return {}
    rows = [row for _, row in read_rows(read_text(path), path, ("code", "name"))]
    wrong = [row for row in rows if not is_region_code(row["code"]) or not row["name"]]
    if wrong:
        raise UsageError(
            "The file of region names {path} has {count} row(s) without a valid region code or without a name: {rows}.",
            "A code has 2, 4, 6, 9 or 12 digits; format the column as text, so that no digit is lost.",
            path=path,
            count=len(wrong),
            rows=shorten_list(["|".join(row.values()) for row in wrong], 3),
        )
    return {row["code"]: row["name"] for row in rows}


def add_names(names: Mapping[str, str], heads: Iterable[Person]) -> Mapping[str, str]:
    """Add the towns and villages of persons whom the reader may see; the names that the county provides come first."""
    own = {head.village_code: head.village for head in heads}
    own |= {take_region(head.village_code, Level.TOWN): head.town for head in heads}
    return {code: name for code, name in own.items() if code and name} | dict(names)


def list_regions(connection: Connection, caller: Caller, region: str) -> list[str]:
    """List the regions that a filter offers: the parts of the reader's own, the one that is shown, and its parts."""
    parts = {code: list_parts(connection, code, next_level(code)) for code in {caller.region, region}}
    return list(dict.fromkeys((*parts[caller.region], region, *parts[region])))


def name_region(names: Mapping[str, str], lang: str, code: str, within: str = "") -> str:
    """Name a region; put the town's name before a village's, unless the reader is already ``within`` that town.

    >>> names = {"990101101": "柳河镇", "990101101200": "东沟村"}
    >>> [name_region(names, "zh", code) for code in ("990101101200", "990101101201", "")]
    ['柳河镇东沟村', '柳河镇 村 201', '全部地区']
    """
    if not code:
        return "全部地区" if lang == "zh" else "everywhere"
    own = _get_own_name(names, code, lang)
    town = take_region(code, Level.TOWN)
    if len(code) < Level.VILLAGE or within == town:
        return own
    gap = ", " if lang == "en" else "" if code in names else " "
    return f"{_get_own_name(names, town, lang)}{gap}{own}"


def _get_own_name(names: Mapping[str, str], code: str, lang: str) -> str:
    if code in names or len(code) not in (Level.COUNTY, Level.TOWN, Level.VILLAGE):
        return names.get(code, code)
    level = Level(len(code))
    return f"{level.zh if lang == 'zh' else level.en} {code if level == Level.COUNTY else code[-3:]}"


def mask_code(code: str) -> str:
    """Mask a household's code: keep its last four characters, which are enough within a village.

    >>> mask_code("H0001234"), mask_code("12")
    ('…1234', '…12')
    """
    return "…" + code[-4:]
