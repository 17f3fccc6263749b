"""Writes names and ID numbers as lists do, and determines what a careful reader can conclude from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA

from riskml.records.contract.personal import compute_check_digit
from riskml.simulation.lists.people import WORDS, People, Person, draw_given_name

Written = tuple[Any, str, str]
"""The cell, the number as it can be read from it (``?`` for each unknown digit), and its quality."""

WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_SOUND = {letter: group[0] for group in WORDS["sounds"] for letter in group}
_VARIANT = {letter: group[0] for group in WORDS["variants"] for letter in group}
_PLAIN = str.maketrans("", "", " 　·•.\n\t")


@dataclass
class Seen:
    """What a row shows about the person; the number's ``quality`` is full, part, wrong or none."""

    name: str
    number: str
    quality: str
    villages: frozenset[str] | None = None
    birth: date | None = None
    phone: str | None = None
    wife_of: bool = False
    head: str | None = None


def _change_digit(number: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(6, 17))
    return number[:at] + str((int(number[at]) + int(rng.integers(1, 10))) % 10) + number[at + 1 :]


def _swap_digits(number: str, rng: np.random.Generator) -> str:
    positions = [i for i in range(6, 16) if number[i] != number[i + 1]]
    at = positions[int(rng.integers(len(positions)))]
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def _drop_digit(number: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(6, 17))
    return number[:at] + number[at + 1 :]


def _show_parts(form: str, number: str, _: np.random.Generator) -> Written:
    parts = {"region": number[:6], "year": number[6:10], "day": number[10:14], "end": number[14:]}
    known = "".join(part if f"{{{name}}}" in form else "?" * len(part) for name, part in parts.items())
    return form.format(**parts), known, "part" if "?" in known else "full"


NUMBERS: dict[str, Callable[[str, np.random.Generator], Written]] = {
    **{name: partial(_show_parts, form) for name, form in WORDS["numbers"].items()},
    "wide": lambda n, _: (n.translate(WIDE), n, "full"),
    "lower_x": lambda n, _: (n.lower(), n, "full"),
    "letter_o": lambda n, _: (n[:2] + n[2:].replace("0", "O", 1), n, "full"),
    "fifteen": lambda n, _: (n[:6] + n[8:17], n, "full") if n[6:8] == "19" else (n, n, "full"),
    "number": lambda n, _: (n, n, "full") if n.endswith("X") else (float(f"{n[:15]}000"), n[:15] + "???", "part"),
    "rounded_text": lambda n, _: (n, n, "full") if n.endswith("X") else (f"{n[:15]}000", n[:15] + "???", "part"),
    "science": lambda n, _: (
        (n, n, "full") if n.endswith("X") else (f"{int(n) / 1e17:.5f}E+17", n[:6] + "?" * 12, "part")
    ),
    "typo": lambda n, rng: (x := _change_digit(n, rng), x, "wrong"),
    "swap": lambda n, rng: (x := _swap_digits(n, rng), x, "wrong"),
    "short": lambda n, rng: (x := _drop_digit(n, rng), x, "wrong"),
    "missing": lambda _, rng: (("", "无", "—", "不详")[int(rng.integers(4))], "", "none"),
}
"""Ways to write a number. The last digits of a number in a numeric cell are lost, and it cannot end with X there."""


def write_number(fault: str, person: Person, people: People, day: date, rng: np.random.Generator) -> Written:
    """Write a number with a fault: one of `NUMBERS`, or somebody else's (``household``: of the same household)."""
    if fault in ("other", "household"):
        home = person.get_home(day)
        pool = people.list_home(home, day) if fault == "household" else list(people.persons.values())
        pool = [p for p in pool if p is not person and (fault == "household" or p.get_home(day) != home)]
        number = pool[int(rng.integers(len(pool)))].number if pool else person.number
        return number, number, "full"
    cell, number, quality = NUMBERS[fault](person.number, rng) if fault else (person.number, person.number, "full")
    return cell, number, "full" if quality == "wrong" and _is_valid(number) else quality


def _is_valid(number: str) -> bool:
    return len(number) == 18 and number[:17].isdecimal() and compute_check_digit(number[:17]) == number[17]


def write_name(fault: str, person: Person, head: Person | None, rng: np.random.Generator) -> tuple[str, str, bool]:
    """Write a name with a fault; return the cell, the name as it can be read from it, and whether it ends in 之妻."""
    name = person.name
    if fault == "sound" or fault == "variant":
        groups = [group for group in WORDS[f"{fault}s"] for letter in name[fault == "sound" :] if letter in group]
        if groups:
            old = next(letter for letter in name[fault == "sound" :] if letter in groups[0])
            new = [letter for letter in groups[0] if letter != old]
            name = name[0] * (fault == "sound") + name[fault == "sound" :].replace(
                old, new[int(rng.integers(len(new)))], 1
            )
        return name, name, False
    if fault == "wife" and head and head is not person and person.relation == "配偶" and person.sex == "f":
        return f"{head.name}{'之妻' if rng.random() < 0.5 else '妻'}", head.name, True
    if fault == "former":
        name = name[0] + draw_given_name(person.sex, rng)
        return name, name, False
    alias = name[0] + draw_given_name(person.sex, rng)
    cell = {
        "space": f"{name[0]}　{name[1:]}" if len(name) == 2 else f" {name} ", "gap": " ".join(name),
        "title": f"{name}（户主）" if person.relation == "户主" else f"{name}(本人)", "break": f"{name[0]}\n{name[1:]}",
        "alias": f"{name}（曾用名：{alias}）", "mask": f"{name[0]}*{name[2:]}", "dot": name.replace("·", "•"),
        "remark": f"{name}★",
    }.get(fault, name)  # fmt: skip
    return cell, cell if fault == "mask" else name, False


def _fold(name: str) -> str:
    return "".join(_SOUND.get(c, c) for c in (_VARIANT.get(c, c) for c in name.translate(_PLAIN)))


class Reader:
    """A careful reader who knows the register, and decides what a row shows beyond doubt.

    Parameters
    ----------
    people : People
    """

    def __init__(self, people: People) -> None:
        self.people = people
        self._numbers = {p.number: p for p in people.persons.values()}
        self._names: dict[str, list[Person]] = {}
        for person in people.persons.values():
            self._names.setdefault(_fold(person.name), []).append(person)
            self._names.setdefault(f"{person.name[0]}*{person.name[2:]}", []).append(person)

    def judge(self, seen: Seen, person: Person | None, level: str, day: date) -> tuple[str, set[str], str]:
        """Return the decision, other acceptable decisions, and the level (person or household).

        If the reading would be wrong although the row gives no reason to doubt it, the row is undecidable: nobody can
        be blamed for the mistake, and asking is right.
        """
        candidates, tolerable, household = self._read(seen, day)
        homes = {p.get_home(day) for p in candidates}
        if person is None:
            return ("ask", {"stranger"}, level) if candidates else ("stranger", tolerable, level)
        if not candidates:
            return "ask", {"stranger"}, level
        certain = candidates == [person] if level == "person" and not household else homes == {person.get_home(day)}
        if not certain:
            return "ask", set(), level
        if not any(person.since <= state <= day for state in self.people.states):
            tolerable |= {"ask", "stranger"}
        return "matched", tolerable, "household" if household else level

    def _read(self, seen: Seen, day: date) -> tuple[list[Person], set[str], bool]:
        """Return whom the row may be about, acceptable decisions, and whether only the household is certain."""
        bearers = self._find_bearers(seen, day)
        near = [p for p in bearers if seen.villages is None or p.village in seen.villages]
        if seen.head and len(near) > 1:
            near = [p for p in near if (h := self.people.get_head(p.get_home(day), day)) and h.name == seen.head]
        if seen.quality == "full":
            owner = self._numbers.get(seen.number)
            if owner is None:
                return near, {"ask"} if near else set(), False
            if owner in bearers:
                return [owner], set() if owner in near else {"ask"}, False
            family = [p for p in bearers if p.get_home(day) == owner.get_home(day)]
            if family:
                return family, {"ask"}, True
            agrees = seen.villages is not None and owner.village in seen.villages
            return [] if near or not agrees else [owner], {"ask"}, False
        if seen.quality == "part":
            pattern = re.compile(seen.number.replace("?", "."))
            both = [p for p in near if pattern.fullmatch(p.number)]
            both = both or [p for p in bearers if pattern.fullmatch(p.number)]
            return both, {"ask"} if seen.number.count("?") > 10 or not both or both[0] not in near else set(), False
        if seen.quality == "wrong":
            alike = [p for p in near if OSA.distance(seen.number, p.number, score_cutoff=1) <= 1]
            return alike or near, {"ask"}, False
        exact = [p for p in near if p.name == seen.name]
        if seen.birth:
            near = [p for p in near if p.birth == seen.birth]
        if seen.phone:
            near = [p for p in near if p.phone == seen.phone] or near
        return near or exact, {"ask"}, False

    def _find_bearers(self, seen: Seen, day: date) -> list[Person]:
        key = seen.name if "*" in seen.name else _fold(seen.name)
        bearers = self._names.get(key, [])
        if seen.wife_of:
            here = [p for head in bearers for p in self.people.list_home(head.get_home(day), day)]
            return [p for p in here if p.relation == "配偶" and p.sex == "f"]
        return bearers
