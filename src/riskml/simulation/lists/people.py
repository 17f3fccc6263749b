"""Invents the people of a simulated county, and the register that lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from riskml.records.contract.personal import compute_check_digit
from riskml.text import read_data

WORDS: dict[str, Any] = read_data("riskml.simulation.lists", "names.yaml")
COUNTY_DIGITS, TOWN_DIGITS = 6, 9
GENERATION = 16
"""Smallest difference in years between parent and child."""


@dataclass
class Person:
    """One invented person; ``homes`` holds each household with the date from which it counts."""

    person_id: str
    name: str
    number: str
    sex: str
    birth: date
    relation: str
    village: str
    phone: str
    since: date
    homes: list[tuple[date, str]]
    left_on: date | None = None
    dead: bool = False

    def get_home(self, day: date) -> str:
        """Return the code of the household on a day; before the first date, that of the first household."""
        return [home for since, home in self.homes if since <= day or since == self.homes[0][0]][-1]


@dataclass
class People:
    """Everybody in the county, the village names, and the snapshots of the register."""

    persons: dict[str, Person]
    villages: dict[str, tuple[str, str]]
    states: list[date] = field(default_factory=list)

    @cached_property
    def by_home(self) -> dict[str, list[Person]]:
        """Persons by household code, before and after splits."""
        homes: dict[str, list[Person]] = {}
        for person in self.persons.values():
            for home in {code for _, code in person.homes}:
                homes.setdefault(home, []).append(person)
        return homes

    def find_village(self, entry: Any) -> tuple[str, str]:
        """Return the names of an entry's town and village; they are empty for a person without a village."""
        code = entry.person.village if entry.person else entry.shown.get("village_code", "")
        return self.villages.get(code, ("", ""))

    def list_home(self, home: str, day: date) -> list[Person]:
        """List the members of a household on a day, the head first; the eldest heads a household that split off."""
        here = [
            p
            for p in self.by_home.get(home, ())
            if p.get_home(day) == home and p.since <= day and not (p.left_on and p.left_on < day)
        ]
        return sorted(here, key=lambda p: (p.relation != "户主", p.birth))

    def get_head(self, home: str, day: date) -> Person | None:
        """Return the head of a household on a day, or None if nobody lives there."""
        return next(iter(self.list_home(home, day)), None)

    def tabulate(self) -> pd.DataFrame:
        """Return persons.csv: everybody in the register, in each of its snapshots."""
        rows = [
            {
                "person_id": p.person_id, "household_id": home, "known_from": state, "name": p.name,
                "id_number": p.number, "sex": p.sex, "birth_date": p.birth,
                "relation": "户主" if position == 0 else p.relation if p.relation != "户主" else "其他",
                "town": self.villages[p.village][0], "village": self.villages[p.village][1],
                "village_code": p.village, "phone": p.phone,
            }
            for state in self.states
            for home in sorted(self.by_home)
            for position, p in enumerate(self.list_home(home, state))
        ]  # fmt: skip
        return pd.DataFrame(rows)


def invent_people(tables: dict[str, pd.DataFrame], states: list[date], rng: np.random.Generator) -> People:
    """Give the members of a records folder names, numbers, telephones and places.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The tables ``households`` and ``members`` of a simulated county.
    states : list of date
        Days on which the register is exported; households split on the last one.
    rng : numpy.random.Generator
    """
    homes = tables["households"].drop_duplicates("household_id").set_index("household_id")["region_code"]
    villages = _name_villages(sorted(homes.unique()))
    members = tables["members"].sort_values(["household_id", "member_id", "recorded_on"], na_position="first")
    persons: dict[str, Person] = {}
    taken: set[str] = set()
    for home, group in members.groupby("household_id", sort=True):
        for person in _settle(str(home), group, homes[home], rng, taken):
            persons[person.person_id] = person
    people = People(persons, villages, states)
    _add_namesakes(list(persons.values()), rng)
    deaths = tables["events"].query("kind == 'death'")
    for home, day in zip(deaths["household_id"], deaths["occurred_on"], strict=True):
        for person in people.by_home[home]:
            person.dead |= person.left_on is not None and abs((person.left_on - day).days) < 20
    _split(people, states[-1], rng)
    return people


def _name_villages(codes: list[str]) -> dict[str, tuple[str, str]]:
    """Name towns and villages; the first two villages of a town share their names with those of other towns."""
    towns = {code: WORDS["towns"][i % 10] for i, code in enumerate(sorted({c[:TOWN_DIGITS] for c in codes}))}
    names, seen = iter(WORDS["villages"][2:] * len(codes)), dict.fromkeys(towns, 0)
    villages = {}
    for code in codes:
        town = code[:TOWN_DIGITS]
        name = WORDS["villages"][seen[town]] if seen[town] < 2 else next(names)
        seen[town] += 1
        villages[code] = (towns[town], name)
    return villages


def _settle(home: str, group: pd.DataFrame, village: str, rng: np.random.Generator, taken: set[str]) -> list[Person]:
    first, last = group.drop_duplicates("member_id"), group.drop_duplicates("member_id", keep="last")
    left = dict(zip(last["member_id"], last["left_on"], strict=True))
    rows: list[Any] = first.to_dict("records")
    head = min(rows, key=lambda r: (abs(r["birth_year"] - 1974) + (8 if r["sex"] == "f" else 0), r["member_id"]))
    rows.sort(key=lambda r: (r is not head, r["birth_year"]))
    name = _draw_surname(rng)
    father = name if head["sex"] == "m" else _draw_surname(rng)
    phone = f"100{rng.integers(10**7, 10**8)}"
    persons: list[Person] = []
    used: set[str] = set()
    for row in rows:
        relation = "户主" if row is head else _relate(row, head, used, rng)
        used.add(relation)
        blood = relation in ("户主", "之父", "之兄", "之弟", "之姐", "之妹")
        surname = name if blood else father if relation in ("之子", "之女", "之孙子", "之孙女") else _draw_surname(rng)
        birth = date(int(row["birth_year"]), 1, 1) + timedelta(int(rng.integers(0, 365)))
        region = village[:COUNTY_DIGITS] if rng.random() < 0.9 else f"99{rng.integers(1000, 10_000)}"
        number = draw_number(region, birth, row["sex"], rng)
        while number in taken:
            number = draw_number(region, birth, row["sex"], rng)
        taken.add(number)
        gone = left[row["member_id"]]
        person = Person(
            row["member_id"], surname + draw_given_name(row["sex"], rng), number, row["sex"], birth, relation, village,
            phone if relation == "户主" or rng.random() < 0.5 else f"100{rng.integers(10**7, 10**8)}",
            row["recorded_on"], [(row["recorded_on"], home)], None if pd.isna(gone) else gone,
        )  # fmt: skip
        persons.append(person)
    if rng.random() < 0.01:  # a family whose names are written with a dot
        for person in persons:
            words = WORDS["minority"]
            person.name = f"{rng.choice(words['surnames'])}·{rng.choice(words['fathers'])}"
    return persons


def _relate(row: dict[str, Any], head: dict[str, Any], used: set[str], rng: np.random.Generator) -> str:
    older, female = head["birth_year"] - row["birth_year"], row["sex"] == "f"
    if row["sex"] != head["sex"] and abs(older) <= 12 and "配偶" not in used:
        return "配偶"
    if older >= GENERATION:
        return "之母" if female else "之父"
    if older <= -GENERATION:
        if older < -38:
            return "之孙女" if female else "之孙子"
        if row["birth_year"] < 2000 and {"之子", "之女"} & used and rng.random() < 0.4:
            return "之儿媳" if female else "之女婿"
        return "之女" if female else "之子"
    return ("之姐" if older > 0 else "之妹") if female else "之兄" if older > 0 else "之弟"


def _draw_surname(rng: np.random.Generator) -> str:
    """Draw a surname; the first ones in the list are the most frequent."""
    return str(WORDS["surnames"][int(len(WORDS["surnames"]) * rng.random() ** 2)])


def draw_given_name(sex: str, rng: np.random.Generator) -> str:
    """Draw a given name: often a popular one, so that several people have the same name."""
    if rng.random() < 0.25:
        return str(rng.choice(WORDS["popular"][sex]))
    letters = WORDS["female" if sex == "f" else "male"]
    return "".join(letters[int(rng.integers(len(letters)))] for _ in range(1 if rng.random() < 0.3 else 2))


def draw_number(region: str, birth: date, sex: str, rng: np.random.Generator) -> str:
    """Draw a valid ID number: region (6 digits), birth date, serial number (odd for men), check digit.

    Those of invented people begin with 99, a region that does not exist.
    """
    digits = f"{region}{birth:%Y%m%d}{2 * int(rng.integers(0, 500)) + (sex == 'm'):03}"
    return digits + compute_check_digit(digits)


def _add_namesakes(persons: list[Person], rng: np.random.Generator) -> None:
    """Give some people the name of somebody of the same sex in their village, so that a name alone does not decide."""
    groups: dict[tuple[str, str], list[Person]] = {}
    for person in persons:
        group = groups.setdefault((person.village, person.sex), [])
        if group and rng.random() < 0.05:
            person.name = group[int(rng.integers(len(group)))].name
        group.append(person)


def _split(people: People, day: date, rng: np.random.Generator) -> None:
    """Let about one household in fifty split on a day: grown children leave with their spouses."""
    for number, home in enumerate(sorted(people.by_home)):
        here = people.list_home(home, day)
        leaving = [p for p in here if p.relation in ("之子", "之儿媳") and p.birth.year < day.year - 20]
        if len(here) - len(leaving) >= 2 and leaving and rng.random() < 0.1:
            for person in leaving:
                person.homes.append((day, f"H9{number:06}"))
    people.__dict__.pop("by_home", None)
