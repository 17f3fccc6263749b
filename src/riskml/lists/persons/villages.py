"""The villages in the register, and which of them a place name refers to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from riskml.lists.persons.identity import Identity, Match

_NOISE = re.compile(r"\W+")
_VILLAGE_ENDS = ("村民委员会", "居民委员会", "村委会", "居委会", "行政村", "社区", "村", "居", "屯", "嘎查")
_TOWN_ENDS = ("街道办事处", "民族乡", "街道", "镇", "乡", "苏木", "农场", "办事处")

_GROUP = r"|$|[\d一二三四五六七八九十]+[组社队号]"
"""What may follow a village's name without its ending: nothing, or the number of a villagers' group."""


@dataclass(frozen=True, slots=True)
class Village:
    """A village: its code of 12 digits, its town and its name."""

    code: str
    town: str
    name: str


@dataclass(frozen=True, slots=True)
class Location:
    """The places that a place name may refer to.

    ``villages`` holds the codes of possible villages, ``towns`` the names of possible towns. Both are empty if the text
    names no place in the register.
    """

    villages: frozenset[str] = frozenset()
    towns: frozenset[str] = frozenset()


class Villages:
    """The villages of a county, found by the names that lists use for them.

    >>> villages = Villages([Village("990123101201", "青石镇", "新民村"), Village("990123102201", "柳河镇", "新民村")])
    >>> sorted(villages.find("柳河", "新民村委会").villages), sorted(villages.find(None, "新民村3组").villages)
    (['990123102201'], ['990123101201', '990123102201'])
    >>> villages.find(None, "某县青石镇新民村8号").villages, villages.find("青石镇", "东沟村").towns
    (frozenset({'990123101201'}), frozenset({'青石镇'}))
    """

    def __init__(self, villages: Iterable[Village]) -> None:
        self.by_code = {village.code: village for village in villages}
        towns = {village.town for village in self.by_code.values()}
        self._towns = {town: _compile(town, _TOWN_ENDS, "") for town in towns}
        self._villages = {code: _compile(own.name, _VILLAGE_ENDS, _GROUP) for code, own in self.by_code.items()}
        self.find = lru_cache(maxsize=20_000)(self._find)

    def __reduce__(self) -> tuple[type[Villages], tuple[list[Village]]]:
        return Villages, (list(self.by_code.values()),)  # what has been found is not pickled

    def _find(self, town: str | None, village: str | None = None) -> Location:
        """Find the places that the cells for a town and a village refer to; each may hold a whole address."""
        towns: set[str] = set()
        codes: set[str] = set()
        for text in filter(None, (town, village)):
            rest = _NOISE.sub("", unicodedata.normalize("NFKC", text))
            ends = {name: match.end() for name, pattern in self._towns.items() if (match := pattern.search(rest))}
            if text == town:
                ends |= {
                    name: len(rest) for name in self._towns if _strip(name, _TOWN_ENDS) == _strip(rest, _TOWN_ENDS)
                }
            if text == town and not ends and rest.endswith(_TOWN_ENDS):
                return Location()  # a town of another county may have villages of the same name
            towns |= ends.keys()
            if ends or text == village:
                rest = rest[max(ends.values(), default=0) :]
                named = {code for code, pattern in self._villages.items() if pattern.search(rest)}
                codes |= {code for code in named if self.by_code[code].name in rest} or named
        if towns:
            codes = {code for code in codes if self.by_code[code].town in towns}
        return Location(frozenset(codes), frozenset(towns))

    def match(self, who: Identity) -> Match:
        """Find the village that a row is about."""
        codes = self.find(who.town, who.village).villages
        if len(codes) == 1:
            return Match("matched", None, next(iter(codes)), "village")
        return Match("ask", reason="several_villages") if codes else Match("stranger", reason="unknown_village")


def _compile(name: str, ends: tuple[str, ...], rest: str) -> re.Pattern[str]:
    """Compile the pattern for a name in an address: with any ending, at the start or after a larger unit."""
    bare = re.escape(_strip(name, ends))
    return re.compile(f"(?<![^省市县区州盟旗])(?:{re.escape(name)}|{bare}(?:{'|'.join(ends)}{rest}))")


def _strip(name: str, ends: tuple[str, ...]) -> str:
    """Remove the ending that says what kind of place it is, if at least two characters remain."""
    for end in ends:
        if name.endswith(end) and len(name) >= len(end) + 2:
            return name.removesuffix(end)
    return name
