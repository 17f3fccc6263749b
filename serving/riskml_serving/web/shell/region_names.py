"""Names of regions, from a file that the county provides; the code is shown if there is no name."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from riskml.errors import UsageError
from riskml.vocabulary.regions import Level, take_region

__all__ = ["mask_code", "name_region", "read_region_names"]


@cache
def read_region_names(path: Path | None) -> Mapping[str, str]:
    """Read the names by code, once, from the file named in the settings; without a file, there are no names.

    Raises
    ------
    UsageError
        If the file cannot be read or lacks a column.
    """
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["code"]: row["name"] for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The file of region names {path} cannot be read.", "It must be UTF-8 with the columns code,name."
        ) from error


def name_region(names: Mapping[str, str], code: str, lang: str, within: str = "") -> str:
    """Name a region; put the town's name before a village's, unless the reader is already ``within`` that town.

    >>> names = {"990101101": "柳河镇", "990101101200": "东沟村"}
    >>> [name_region(names, code, "zh") for code in ("990101101200", "990101101201", "")]
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
