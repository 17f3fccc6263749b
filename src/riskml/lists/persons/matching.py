"""Decides which person in the register a row is about.

A row is compared with each candidate in four respects: number, name, place, and further facts (day of birth, sex,
telephone, head of the household). A candidate is *certain* if these together are sufficient and nothing contradicts
them, and *possible* if they would be sufficient except for a doubt that a person has to resolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import IntEnum
from typing import Literal

from rapidfuzz.distance import OSA

from riskml.lists.data_files import load_data
from riskml.lists.persons.candidates import Index, Known, Row, read_row
from riskml.lists.persons.id_numbers import IdNumber
from riskml.lists.persons.identity import Identity, Match
from riskml.lists.persons.names import WILD, Likeness, Name, compare_names
from riskml.lists.persons.register import Register
from riskml.lists.persons.villages import Location

Reason = Literal[
    "several", "number_of_other", "number_differs", "name_differs", "place_differs", "facts_differ", "vague"
]
"""Why a row becomes a question: several persons fit; the number belongs to a person with another name; name and village
fit, but the number does not; the name differs; the village differs; sex, day of birth or household differ; too little
is known."""

_MOST_CANDIDATES = 5
_STRAY = timedelta(days=365)
"""Ages in lists are often out of date, and months of birth are often lunar: only a larger difference contradicts."""
_ENOUGH_DIGITS = 4
"""Number of known digits of a masked number, not counting the region's, that distinguish persons of the same name."""


class Number(IntEnum):
    """How the number in a row compares with a candidate's."""

    OTHER = -1
    """It is a different number."""
    UNKNOWN = 0
    """The row or the register has no number, or too little of it is known."""
    MASKED = 1
    """The digits that a mask leaves visible agree."""
    NEAR = 2
    """The digits that a spreadsheet has kept agree, or the number differs by a typing error."""
    SAME = 3


class Where(IntEnum):
    """How the place in a row compares with a candidate's."""

    OTHER = -1
    UNKNOWN = 0
    TOWN = 1
    VILLAGE = 2


_NOWHERE = Where.VILLAGE + 1
_EVIDENCE = {
    case: {
        (Number[number.upper()], Likeness[name.upper()]): Where[where.upper()]
        for number, names in table.items()
        for name, where in names.items()
    }
    for case, table in load_data("persons/evidence").items()
}
"""How well the place must agree for number and name to be sufficient (`evidence.yaml`)."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate, and how the row compares with it.

    ``name`` is None if the row has no name. ``proven`` counts which of day of birth and head of the household agree; a
    telephone number may be shared, so it is only weak evidence. ``fits``: the month of birth or the age agrees, which
    distinguishes people of the same name. ``contradicted``: sex, birth or household differ.
    """

    known: Known
    number: Number
    name: Likeness | None
    where: Where
    proven: int
    supported: bool
    fits: bool
    contradicted: bool

    @property
    def rank(self) -> tuple[int, ...]:
        """Key by which candidates are ordered; candidates with equal keys cannot be told apart."""
        return (self.number, -1 if self.name is None else self.name, self.where, self.proven, self.fits)

    @property
    def is_certain(self) -> bool:
        """Whether the evidence for the candidate is sufficient and nothing contradicts it."""
        if self.name is None:
            return self.number == Number.SAME and self.where >= Where.TOWN
        needed = _EVIDENCE["certain"].get((self.number, self.name), _NOWHERE)
        if self.proven or self.supported:
            needed = _EVIDENCE["backed"].get((self.number, self.name), needed)
        return self.where >= needed and (self.number == Number.SAME or not self.contradicted)

    @property
    def is_possible(self) -> bool:
        """Whether a careful reader would think of the candidate."""
        agrees = self.number > Number.UNKNOWN
        if self.number == Number.SAME or self.name is None:
            return self.number == Number.SAME or (agrees and self.where > Where.OTHER)
        if self.where == Where.VILLAGE and self.name != Likeness.SAME:
            least = Likeness.SURNAME if agrees else Likeness.NEAR
            return self.name >= least and (self.proven > 0 or not self.contradicted)
        if self.name == Likeness.SAME:
            unknown = self.number == Number.UNKNOWN and self.where > Where.OTHER
            return agrees or unknown or self.where == Where.VILLAGE or self.proven > 0
        return agrees and self.name >= Likeness.NEAR


class Matcher:
    """Finds persons in a register by number, name, place, day of birth, telephone and household.

    Parameters
    ----------
    register : Register
        It is indexed once; make a new matcher after the register has changed.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._index = Index(register)

    def match(self, identity: Identity, on: date) -> Match:
        """Decide whom an identity is about; if in doubt, ask.

        Parameters
        ----------
        identity : Identity
        on : date
            The day of receipt: the household is the one in which the register has the person on that day.

        Returns
        -------
        Match
            ``matched``: a person, or only a household (``person_id`` is None) if the name and the number belong to
            different members of it. Persons who have left the register are matched like others (`Register.find_left`).
            ``ask``: several persons fit, or number, name and place contradict one another. ``stranger``: not in the
            register.
        """
        row = read_row(identity, self._register, on)
        if row.number and row.number.kind == "full" and not self._index.has_number(row.number):
            row = replace(row, number=row.number.suspect_rounding())
        heads = self._index.find_households(row.head, row.head_number, row.location)
        weighed = self._weigh_all(self._find_candidates(row, heads), row, heads)
        if not any(one.is_certain for one in weighed):
            near = self._index.find_by_name(row.name, row.location, near=True)
            weighed = self._weigh_all({*near, *(one.known.person_id for one in weighed)}, row, heads)
        return self._decide(row, [one for one in weighed if one.is_possible], on)

    def _find_candidates(self, row: Row, heads: set[str]) -> set[str]:
        index = self._index
        persons = index.find_by_number(row.number)
        persons.update(index.find_by_name(row.name, row.location))
        persons.update(index.find_by_name_and_birth(row.name, row.birth or (row.number.birth if row.number else None)))
        for household in {*heads, row.household_no}:
            persons.update(index.by_household.get(household, ()))
        if row.person_no in index.people:
            persons.add(row.person_no)
        return persons

    def _weigh_all(self, persons: Iterable[str], row: Row, heads: set[str]) -> list[Weighed]:
        weighed = [self._weigh(self._index.people[person], row, heads) for person in sorted(persons)]
        return sorted(weighed, key=lambda one: one.rank, reverse=True)

    def _weigh(self, known: Known, row: Row, heads: set[str]) -> Weighed:
        name = self._compare_name(known, row.name)
        number = _compare_number(known, row.number, name)
        if row.person_no == known.person_id and (name or 0) >= Likeness.SOUND:
            number = Number.SAME
        births, sexes = (set(), set()) if number >= Number.NEAR else _list_facts(row)
        born = None if number >= Number.NEAR or not known.births else row.born
        with_head = bool(heads & known.households) or row.household_no in known.households
        return Weighed(
            known=known,
            number=number,
            name=name,
            where=_compare_place(known, row.location),
            proven=bool((births and births <= known.births) or (number == Number.NEAR and row.birth in known.births))
            + with_head,
            supported=bool(row.phone) and row.phone in known.phones,
            fits=born is not None and _is_born(known, born),
            contradicted=bool(births and known.births and not births <= known.births)
            or (born is not None and not _is_born(known, born, _STRAY))
            or bool(sexes and known.sexes and not sexes <= known.sexes)
            or (bool(heads) and not with_head),
        )

    def _compare_name(self, known: Known, name: Name | None) -> Likeness | None:
        if name is None:
            return None
        if name.relative:
            family = {other for household in known.households for other in self._index.by_household[household]}
            named = (self._compare_name(self._index.people[one], Name(name.spellings)) or 0 for one in family)
            return Likeness.NEAR if max(named) >= Likeness.SOUND else Likeness.NONE
        return max(
            (compare_names(spelling, other) for spelling in name.spellings for other in known.names),
            default=Likeness.NONE,
        )

    def _decide(self, row: Row, possible: list[Weighed], on: date) -> Match:
        best = next((one for one in possible if one.is_certain), None)
        rivals = [other for other in possible if best and other is not best and _rivals(best, other)]
        if best and not rivals:
            home = self._find_household(best.known, on)
            return Match("matched", best.known.person_id, home, conversions=(*_list_conversions(row, best),))
        if best:
            same_number = best.number == Number.SAME  # namesakes in one household become a question too
            households = {self._find_household(one.known, on) for one in (best, *rivals)} if same_number else set()
        else:
            households = self._find_shared_household(row, possible, on)
        if len(households) == 1:
            home = households.pop()
            family = [self._index.people[one] for one in self._index.by_household[home]]
            named = [one for one in family if (self._compare_name(one, row.name) or 0) >= Likeness.SOUND]
            return Match("matched", None, home, candidates=tuple(one.person_id for one in named))
        if not possible:
            unclear = WILD in row.name.spellings[0] if row.name else not row.number
            complete = row.number and row.number.kind == "full"
            return Match("ask", reason="vague") if unclear and not complete else Match("stranger")
        codes = tuple(one.known.person_id for one in possible[:_MOST_CANDIDATES])
        return Match("ask", reason=_explain(possible), candidates=codes)

    def _find_household(self, known: Known, on: date) -> str:
        return self._register.find_person(known.person_id, on).household_id

    def _find_shared_household(self, row: Row, possible: list[Weighed], on: date) -> set[str]:
        """Find a household that is certain although the person is not: by another member's number, or by a relative."""
        if not row.name:
            return set()
        if row.name.relative:
            own = replace(row, name=Name(row.name.spellings), number=None)
            named = self._weigh_all({*self._index.find_by_name(own.name, row.location)}, own, set())
            if any(one.number >= Number.NEAR for one in possible):
                return set()
            return {self._find_household(one.known, on) for one in named if one.is_certain}
        for one in (one for one in possible if one.number == Number.SAME):
            household = self._find_household(one.known, on)
            family = [self._index.people[other] for other in self._index.by_household[household]]
            if any((self._compare_name(other, row.name) or 0) >= Likeness.SOUND for other in family):
                return {household}
            taken = any((other.name or 0) >= Likeness.NEAR and other.where == Where.VILLAGE for other in possible)
            former = one.name == Likeness.SURNAME and (not row.sex or row.sex in one.known.sexes)
            if one.where == Where.VILLAGE and former and not taken:
                return {household}
        return set()


def _list_facts(row: Row) -> tuple[set[date], set[str]]:
    """List the days of birth and the sexes that a row and its number state."""
    births, sexes = (row.birth, row.number and row.number.birth), (row.sex, row.number and row.number.sex)
    return {day for day in births if day}, {sex for sex in sexes if sex}


def _is_born(known: Known, span: tuple[date, date], stray: timedelta = timedelta()) -> bool:
    return any(span[0] - stray <= day <= span[1] + stray for day in known.births)


def _rivals(best: Weighed, other: Weighed) -> bool:
    """Return whether another candidate fits as well as the best one, or better in one respect."""
    if other.is_certain and other.rank == best.rank:
        return True
    if other.number > best.number:
        return other.number >= Number.NEAR
    if best.name is None or other.name is None or other.where < Where.VILLAGE:
        return False
    return other.name > best.name or (other.name == best.name and best.where == Where.OTHER)


def _list_conversions(row: Row, best: Weighed) -> Iterator[tuple[str, str]]:
    """List the conversions: a number that was completed or restored, and a name that is only spelt similarly."""
    if row.number and best.number in (Number.MASKED, Number.NEAR):
        yield "id_number", "number_restored"
    elif row.number and best.number == Number.SAME and row.number.text != row.written:
        yield "id_number", "number_form" if row.number.checked else "number_of_15"
    if best.name in (Likeness.NEAR, Likeness.SOUND):
        yield "name", "name_by_sound" if best.name == Likeness.SOUND else "name_near"


def _explain(possible: list[Weighed]) -> Reason:
    first, *others = possible
    if first.number == Number.SAME and first.name is not None:
        return "place_differs" if first.name >= Likeness.NEAR and first.where == Where.OTHER else "number_of_other"
    if others and others[0].rank == first.rank:
        return "several"
    if first.number == Number.OTHER:
        return "number_differs"
    if first.contradicted:
        return "facts_differ"
    if first.where == Where.OTHER:
        return "place_differs"
    return "name_differs" if first.name is not Likeness.SAME else "vague"


def _compare_number(known: Known, number: IdNumber | None, name: Likeness | None) -> Number:
    if number is None:
        return Number.UNKNOWN
    texts = known.numbers | known.slips
    if number.kind == "full" and number.text in known.numbers:
        return Number.SAME
    if not texts and known.masks and number.kind == "full":
        return Number.MASKED if any(mask.fits(number.text) for mask in known.masks) else Number.OTHER
    if not texts:
        return Number.UNKNOWN
    if number.kind in ("masked", "rounded"):
        fits = any(map(number.fits, known.numbers)) or any(_fits_slip(number.text, text) for text in known.slips)
        known_digits = sum(character != "*" for character in number.text[6:])
        if not fits or known_digits < _ENOUGH_DIGITS:
            return Number.UNKNOWN if fits else Number.OTHER
        return Number.NEAR if number.kind == "rounded" else Number.MASKED
    if len(number.text) < 12:
        return Number.UNKNOWN if number.text else Number.OTHER
    if number.kind == "full" and number.checked:
        texts = known.slips  # two valid numbers never differ by a single typing error
    most = 2 if name is Likeness.SAME else 1
    return Number.NEAR if any(OSA.distance(number.text, text) <= most for text in texts) else Number.OTHER


def _fits_slip(pattern: str, text: str) -> bool:
    """Return whether an invalid number in the register agrees with a number's known digits except for one."""
    if len(text) != len(pattern):
        return False
    return sum(one not in ("*", other) for one, other in zip(pattern, text, strict=True)) <= 1


def _compare_place(known: Known, location: Location) -> Where:
    if location.villages & known.villages:
        return Where.VILLAGE
    if location.towns & known.towns and not location.villages:
        return Where.TOWN
    return Where.OTHER if location.villages or location.towns else Where.UNKNOWN
