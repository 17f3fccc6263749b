"""Names of regions, from a file of the county; a code where there is none."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from riskml.errors import UsageError

__all__ = ["RegionNames", "masked", "names_of"]

LEVELS = {6: ("县", "county"), 9: ("乡镇", "town"), 12: ("村", "village")}


class RegionNames:
    """Names by code.

    >>> names = RegionNames({"990101101": "柳河镇", "990101101200": "东沟村"})
    >>> names.label("990101101200", "zh"), names.label("990101101201", "zh"), names.label("", "zh")
    ('柳河镇东沟村', '柳河镇 村 201', '全部地区')
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)

    def label(self, code: str, lang: str, top: str = "") -> str:
        """Name of a region, a village with its town's; ``top`` is what the reader knows they are in."""
        if not code:
            return "全部地区" if lang == "zh" else "everywhere"
        own = self._one(code, lang)
        if len(code) == 12 and top != code[:9]:
            return (
                self._one(code[:9], lang)
                + ("" if lang == "zh" and own in self._names.values() else " " if lang == "zh" else ", ")
                + own
            )
        return own

    def _one(self, code: str, lang: str) -> str:
        if code in self._names:
            return self._names[code]
        level = LEVELS.get(len(code))
        if level is None:
            return code
        short = code if len(code) == 6 else code[-3:]
        return f"{level[0]} {short}" if lang == "zh" else f"{level[1]} {short}"


@cache
def names_of(path: Path | None) -> RegionNames:
    """Read the file that the settings name, once.

    Raises
    ------
    UsageError
        If it cannot be read or lacks a column.
    """
    if path is None:
        return RegionNames({})
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return RegionNames({row["code"]: row["name"] for row in csv.DictReader(file)})
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The file of region names {path} cannot be read.", "It is UTF-8 with the columns code,name."
        ) from error


def masked(code: str) -> str:
    """Code of a household as shown: its last four characters, enough within a village.

    >>> masked("H0001234"), masked("12")
    ('…1234', '…12')
    """
    return "…" + code[-4:]
