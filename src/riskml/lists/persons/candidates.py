"""Finds the persons in the register whom a row may be about: by number, by name and place, and by household."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from rapidfuzz.distance import OSA

from riskml.lists.persons.id_numbers import IdNumber, parse_id_number
from riskml.lists.persons.identity import Identity
from riskml.lists.persons.names import Name, list_holes, parse_name, spell_sound
from riskml.lists.persons.register import SEXES, Register
from riskml.lists.persons.villages import Location

_START, _END = 14, 4
"""Numbers of characters at the start (region and day of birth) and at the end by which spoilt numbers are found."""


@dataclass(frozen=True, slots=True)
class Row:
    """A parsed identity: the person or household head whom a row is about and, beside a person, the head.

    ``written`` is the number as written in the row. ``born`` holds the first and last possible day of birth, given the
    month of birth or the age (within one year).
    """

    name: Name | None
    number: IdNumber | None
    written: str
    location: Location
    sex: str
    birth: date | None
    born: tuple[date, date] | None
    phone: str
    head: Name | None = None
    head_number: IdNumber | None = None
    person_no: str = ""
    household_no: str = ""


@dataclass(slots=True)
class Known:
    """Everything that the versions of a person say.

    ``slips`` are numbers in the register that cannot be right, and ``masks`` are numbers that it has only in part.
    """

    person_id: str
    names: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    slips: set[str] = field(default_factory=set)
    masks: list[IdNumber] = field(default_factory=list)
    sexes: set[str] = field(default_factory=set)
    births: set[date] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    villages: set[str] = field(default_factory=set)
    towns: set[str] = field(default_factory=set)
    households: set[str] = field(default_factory=set)


def read_row(identity: Identity, register: Register, on: date) -> Row:
    """Parse an identity from a list that arrived ``on`` a day.

    If it names only the head of a household, the head is the person.
    """
    name, head = parse_name(identity.name), parse_name(identity.head_name)
    number = parse_id_number(identity.id_number, is_number=identity.id_is_number)
    head_number = parse_id_number(identity.head_id, is_number=identity.id_is_number and not identity.id_number)
    written = identity.id_number
    if not name and not number:
        name, number, head, head_number = head, head_number, None, None
        written = identity.head_id
    elif not name and not head_number:
        name, head = head, None
    return Row(
        name=name,
        number=number,
        written=written or "",
        location=register.villages.find(identity.town, identity.village),
        sex=SEXES.get((identity.sex or "").strip()[:1], ""),
        birth=identity.birth,
        born=_find_birth(identity.birth_month, identity.age, on),
        phone=re.sub(r"\D", "", identity.phone or ""),
        head=head,
        head_number=head_number,
        person_no=identity.person_no or "",
        household_no=identity.household_no or "",
    )


def _find_birth(month: date | None, age: int | None, on: date) -> tuple[date, date] | None:
    """Return the first and last day of birth that a month of birth or an age allows; None if there is neither."""
    if month is not None:
        return month, month.replace(day=monthrange(month.year, month.month)[1])
    return None if age is None else (date(on.year - age - 1, 1, 1), date(on.year - age + 1, 12, 31))


class Index:
    """Finds candidates in a register."""

    def __init__(self, register: Register) -> None:
        self.people: dict[str, Known] = {}
        self.by_household: dict[str, list[str]] = defaultdict(list)
        self._keys: dict[tuple[str, str], list[str]] = defaultdict(list)
        for person_id in register.versions:
            self._add(register, person_id)

    def _add(self, register: Register, person_id: str) -> None:
        known = self.people[person_id] = Known(person_id)
        for version in register.versions[person_id]:
            if name := parse_name(version.name):
                known.names.update(name.spellings)
            if (number := parse_id_number(version.id_number)) and number.kind in ("masked", "rounded"):
                known.masks.append(number)
            elif number:
                (known.numbers if number.kind == "full" else known.slips).add(number.text)
            known.births |= {day for day in (version.birth_date, number and number.birth) if day}
            known.sexes |= {version.sex} - {""}
            known.phones |= {re.sub(r"\D", "", version.phone)} - {""}
            known.villages.add(version.village_code)
            known.towns.add(version.town)
            known.households.add(version.household_id)
        for text in known.numbers:
            self._keys["number", text].append(person_id)
        for text in known.numbers | known.slips:
            self._keys["start", text[:_START]].append(person_id)
            self._keys["end", text[-_END:]].append(person_id)
        for spelling in known.names:
            self._keys["name", spelling].append(person_id)
            self._keys["sound", spell_sound(spelling)].append(person_id)
            for village in known.villages:
                for hole in list_holes(spelling):
                    self._keys["hole", village + hole].append(person_id)
        for household_id in known.households:
            self.by_household[household_id].append(person_id)

    def _find(self, kind: str, key: str) -> Sequence[str]:
        return self._keys.get((kind, key), ())

    def has_number(self, number: IdNumber) -> bool:
        """Return whether a person has this complete number."""
        return bool(self._find("number", number.text))

    def find_by_number(self, number: IdNumber | None) -> set[str]:
        """Find the persons whose number equals this one, fits its known digits, or differs by one typing error."""
        if number is None:
            return set()
        if number.kind == "full" and (same := self._find("number", number.text)):
            return set(same)
        near = [*self._find("start", number.text[:_START]), *self._find("end", number.text[-_END:])]
        if number.kind in ("masked", "rounded"):
            return {person for person in near if any(map(number.fits, self.people[person].numbers))}
        return {
            person
            for person in near
            for text in self.people[person].numbers | self.people[person].slips
            if OSA.distance(number.text, text, score_cutoff=1) <= 1
        }

    def find_by_name(self, name: Name | None, location: Location, *, near: bool = False) -> Iterator[str]:
        """Find the persons with a name, or one that sounds alike, in a place or otherwise in the whole county.

        ``near`` adds those in its villages whose names differ slightly.
        """
        for spelling in name.spellings if name else ():
            for person_id in {*self._find("name", spelling), *self._find("sound", spell_sound(spelling))}:
                known = self.people[person_id]
                if location.villages & known.villages if location.villages else location.towns <= known.towns:
                    yield person_id
            for village in location.villages if near else ():
                for hole in list_holes(spelling):
                    yield from self._find("hole", village + hole)

    def find_by_name_and_birth(self, name: Name | None, birth: date | None) -> Iterator[str]:
        """Find the persons with a name and a day of birth, wherever they live."""
        for spelling in name.spellings if name and birth else ():
            for person_id in self._find("name", spelling):
                if birth in self.people[person_id].births:
                    yield person_id

    def find_households(self, name: Name | None, number: IdNumber | None, location: Location) -> set[str]:
        """Find the households of persons with this number, or with this name in this village."""
        persons: Iterable[str] = self.find_by_number(number)
        if name and not persons:
            known = (self.people[person] for person in self.find_by_name(name, location))
            persons = [
                one.person_id for one in known if location.villages & one.villages or one.names & {*name.spellings}
            ]
        return {household for person in persons for household in self.people[person].households}
