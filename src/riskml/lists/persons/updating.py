"""Updates the register with an export of it: persons keep their codes, and new persons get new ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from datetime import date
from itertools import count

from riskml.lists.persons.id_numbers import parse_id_number
from riskml.lists.persons.identity import Identity, Match
from riskml.lists.persons.matching import Matcher
from riskml.lists.persons.names import parse_name
from riskml.lists.persons.register import SEXES, Person, Register, list_personal

_ADDRESS = re.compile(r"([\d一二三四五六七八九十]+[组社队屯])?[^\d组社队屯]{0,2}(\d+(?:-\d+)?号)?$")
"""What may end an address: the group of villagers and the number of the house."""


def update_register(register: Register, rows: Sequence[Identity], known_from: date) -> list[Match]:
    """Use an export with one row for each person as a snapshot of the register on a day.

    Parameters
    ----------
    register : Register
        It gets a version of every person in the export; codes are kept.
    rows : sequence of Identity
    known_from : date

    Returns
    -------
    list of Match
        The person and household of each row. The codes of new persons and households are the numbers in the export if
        the register is empty or uses those numbers; otherwise, they get new codes that carry no meaning. ``ask``: the
        row has no name, two rows are about the same person, or the row contradicts the register; such a row changes
        nothing.
    """
    matches = _match_rows(register, rows, known_from)
    known = {person.household_id for own in register.versions.values() for person in own}
    uses_numbers = _uses_numbers(known, rows)
    codes = _issue_codes(register.versions, "P")
    new: dict[tuple[str, ...], str] = {}
    for i, row in enumerate(rows):
        if matches[i].decision == "stranger":
            number = parse_id_number(row.id_number, is_number=row.id_is_number)
            own = (number.text,) if number and number.kind == "full" else (row.name or "", str(row.birth), str(i))
            if own not in new:
                usable = uses_numbers and row.person_no and row.person_no not in register.versions
                new[own] = row.person_no if usable and row.person_no else next(codes)
            matches[i] = Match("matched", new[own])
    households = _assign_households(register, rows, matches, known_from, known, uses_numbers=uses_numbers)
    persons: dict[str, Person] = {}
    for i, (row, match) in enumerate(zip(rows, matches, strict=True)):
        if match.person_id:
            if match.person_id not in persons:
                persons[match.person_id] = _make_person(register, row, match.person_id, households[i], known_from)
            matches[i] = replace(match, household_id=persons[match.person_id].household_id)
    register.add(persons.values())
    return matches


def _match_rows(register: Register, rows: Sequence[Identity], on: date) -> list[Match]:
    matcher = Matcher(register)
    matches: list[Match] = []
    taken: dict[str, Identity] = {}
    for row in rows:
        match = matcher.match(row, on) if parse_name(row.name) else Match("ask", reason="vague")
        if match.decision == "matched" and match.person_id is None:
            match = Match("ask", reason="number_of_other")
        earlier = taken.setdefault(match.person_id, row) if match.person_id else row
        if (earlier.name, earlier.id_number) != (row.name, row.id_number):
            match = Match("ask", reason="number_of_other", candidates=(match.person_id or "",))
        matches.append(match)
    for i, match in enumerate(matches):
        if match.candidates and match.reason != "number_of_other" and taken.keys() >= {*match.candidates}:
            matches[i] = Match("stranger")  # somebody who resembles this person has a separate row
    return matches


def _uses_numbers(known: Set[str], rows: Sequence[Identity]) -> bool:
    """Return whether the household numbers in an export are the codes in the register, or may become them."""
    numbers = {row.household_no for row in rows if row.household_no}
    codes = numbers | {row.person_no for row in rows if row.person_no}
    if any(codes & list_personal(row.name, row.id_number, row.phone) for row in rows):
        return False  # some counties use the ID number of the head as the number of the household
    return bool(numbers) and (not known or 2 * len(numbers & known) >= len(numbers))


def _issue_codes(taken: object, letter: str) -> Iterator[str]:
    return (code for n in count(1) if (code := f"{letter}{n:07}") not in taken)  # type: ignore[operator]


def _assign_households(
    register: Register,
    rows: Sequence[Identity],
    matches: Sequence[Match],
    on: date,
    known: Set[str],
    *,
    uses_numbers: bool,
) -> list[str]:
    """Return the code of each row's household: that of most of its members before, unless more of them are elsewhere.

    New households get codes that are not among the ``known`` ones.
    """
    first = {match.person_id: i for i, match in reversed([*enumerate(matches)])}
    groups = _group_rows(
        rows, [i for i, match in enumerate(matches) if match.person_id and first[match.person_id] == i]
    )
    votes: list[tuple[int, str, str]] = []
    for group, members in groups.items():
        before = Counter(
            register.find_person(match.person_id, on).household_id
            for match in (matches[i] for i in members)
            if match.person_id in register.versions
        )
        votes += [(number, household, group) for household, number in before.items()]
    assigned: dict[str, str] = {}
    if uses_numbers:
        assigned = {group: group for group, members in groups.items() if rows[members[0]].household_no}
    used = set(assigned.values())
    for _, household, group in sorted(votes, key=lambda vote: (-vote[0], vote[1:])):
        if group not in assigned and household not in used:
            assigned[group] = household
            used.add(household)
    codes = _issue_codes(known, "H")
    result = [""] * len(rows)
    for group, members in groups.items():
        code = assigned.get(group) or next(codes)
        for i in members:
            result[i] = code
    return result


def _group_rows(rows: Sequence[Identity], own: Sequence[int]) -> dict[str, list[int]]:
    """Group the rows by household: by its number or head, or otherwise a head's row with the rows that follow it."""
    groups: dict[str, list[int]] = defaultdict(list)
    group = ""
    for i in own:
        row = rows[i]
        if row.household_no:
            group = row.household_no
        elif row.head_name or row.head_id:
            group = f"{row.head_name} {row.head_id} {row.town} {row.village}"
        elif "户主" in (row.relation or "户主"):
            group = f"row {i}"
        groups[group].append(i)
    return groups


def _make_person(register: Register, row: Identity, person_id: str, household_id: str, known_from: date) -> Person:
    name = parse_name(row.name)
    known = person_id in register.versions
    before = register.find_person(person_id, known_from) if known else Person(person_id, "")
    number = parse_id_number(row.id_number, is_number=row.id_is_number)
    complete = number and number.kind in ("full", "wrong")
    village = register.locate(row.town, row.village)
    group, door = _read_address(row)
    return replace(
        before,
        household_id=household_id,
        known_from=known_from,
        name=name.spellings[0] if name else before.name,
        id_number=number.text if number and (complete or not before.id_number) else before.id_number,
        sex=SEXES.get(row.sex or "", "") or (number and number.sex) or before.sex,
        birth_date=row.birth or (number and number.birth) or before.birth_date,
        relation=row.relation or before.relation,
        phone=row.phone or before.phone,
        group=group or before.group,
        door=door or before.door,
        **({"town": village.town, "village": village.name, "village_code": village.code} if village else {}),
    )


def _read_address(row: Identity) -> tuple[str, str]:
    """Return the group of villagers and the house number that a row states in a column or at the end of an address.

    >>> _read_address(Identity(village="石桥镇东风村3组12号")), _read_address(Identity(village="东风村", group="五组"))
    (('3组', '12号'), ('五组', ''))
    """
    match = _ADDRESS.search((row.village or "").strip())
    group, door = match.groups(default="") if match else ("", "")
    return row.group or group, door
