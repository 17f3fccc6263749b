"""The register: who lives in which household and village, and since when this has been known."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from riskml.errors import UsageError
from riskml.keys import write_private
from riskml.lists.persons.id_numbers import parse_id_number
from riskml.lists.persons.key_file import read_key_file, write_key_file
from riskml.lists.persons.villages import Village, Villages
from riskml.records.contract.schema import HOUSEHOLD_CODE
from riskml.records.reading.small_csv import read_rows, read_text
from riskml.text import shorten_list
from riskml.vocabulary.regions import Level, take_region

SEXES = {"男": "m", "女": "f", "1": "m", "2": "f"}


@dataclass(frozen=True, slots=True)
class Person:
    """What the register says about a person from a day on (``known_from``); unknown texts are empty.

    ``group`` is the group of villagers, such as 3组 in a village, and ``door`` the number of the house.
    """

    person_id: str
    household_id: str
    known_from: date = date.min
    name: str = ""
    id_number: str = ""
    sex: str = ""
    birth_date: date | None = None
    relation: str = ""
    town: str = ""
    village: str = ""
    village_code: str = ""
    phone: str = ""
    group: str = ""
    door: str = ""

    @property
    def birth_year(self) -> int | None:
        """The year of birth, if the day is known."""
        return self.birth_date.year if self.birth_date else None


class Register:
    """Persons in versions, households and villages.

    A version counts from its ``known_from`` on. If at least half of the persons known before have a version from the
    same day, that day's versions are a snapshot of the register: persons who are missing from it have left.

    Parameters
    ----------
    persons : iterable of Person
    villages : iterable of Village
        Other villages are taken from the persons.
    region : str
        Code of the county (six digits), with which the codes of new villages begin; by default, that of most villages.
    """

    def __init__(self, persons: Iterable[Person] = (), villages: Iterable[Village] = (), region: str = "") -> None:
        self.versions: dict[str, list[Person]] = defaultdict(list)
        known = {(village.town, village.name): village for village in villages}
        self.region = region or next(
            (code for code, _ in Counter(take_region(v.code, Level.COUNTY) for v in known.values()).most_common(1)), ""
        )
        self._villages = known
        self.add(persons)

    @classmethod
    def read(cls, folder: Path) -> Register:
        """Read a folder with ``persons.csv`` and ``villages.csv``; nothing is ever written to it.

        Raises
        ------
        UsageError
            If a file or a column is missing, a code is empty, or a day cannot be read. The message names the file and
            the row, never a person.
        """
        paths = [folder / name for name in ("persons.csv", "villages.csv")]
        if missing := [path for path in paths if not path.exists()]:
            raise UsageError(
                "The register has no file {path}.",
                "A register is a folder with persons.csv and villages.csv.",
                path=missing[0],
            )
        texts = {path.name: read_text(path) for path in paths}
        return cls._parse(texts, folder)

    @classmethod
    def read_key_file(cls, path: Path) -> Register:
        """Read an encrypted key file written by `write_key_file`."""
        return cls._parse(read_key_file(path), path)

    def write(self, folder: Path) -> None:
        """Write ``persons.csv`` and ``villages.csv`` into a folder; only their owner may read them."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in self._format().items():
            write_private(folder / name, ("\ufeff" + text).encode())

    def write_key_file(self, path: Path) -> None:
        """Write an encrypted key file, which says to whom codes belong in a county without a register folder."""
        write_key_file(path, self._format())

    @classmethod
    def _parse(cls, texts: dict[str, str], source: Path) -> Register:
        villages = read_villages(texts["villages.csv"], source / "villages.csv")
        codes = {(village.town, village.name): village.code for village in villages}
        path, numbered = source / "persons.csv", dict[int, Person]()
        columns = {field.name for field in fields(Person)}
        for line, row in _read_rows(texts["persons.csv"], source, "persons.csv", ("person_id", "household_id", "name")):
            try:
                days = {name: date.fromisoformat(row[name]) for name in ("known_from", "birth_date") if row.get(name)}
            except ValueError as error:
                raise UsageError(
                    "{path}: a date in row {row} cannot be read.",
                    "Write known_from and birth_date as 2024-03-01.",
                    path=path,
                    row=line,
                ) from error
            values: dict[str, Any] = {name: row[name] for name in columns & row.keys() if row[name]}
            person = Person(**(values | days))
            code = person.village_code or codes.get((person.town, person.village), "")
            numbered[line] = replace(person, village_code=code, sex=SEXES.get(person.sex, person.sex))
        persons = numbered.values()
        personal = {text for person in persons for text in list_personal(person.name, person.id_number, person.phone)}
        _refuse_rows(
            [line for line, person in numbered.items() if {person.person_id, person.household_id} & personal],
            "{path}: the codes of {count} row(s) are ID numbers, telephone numbers or names (rows {rows}).",
            "Codes stand in the records: use person_id and household_id that say nothing about a person.",
            path,
        )
        _refuse_rows(
            [line for line, person in numbered.items() if not re.fullmatch(HOUSEHOLD_CODE, person.household_id)],
            "{path}: in {count} row(s), the code of the household cannot be used in addresses (rows {rows}).",
            "Write codes of at most 128 characters without line breaks and tabs; codes of households contain no slash "
            "(/) and are not . or .., because addresses of pages contain them. The spreadsheet function CLEAN removes "
            "line breaks and tabs from a cell.",
            path,
        )
        return cls(persons, villages)

    def _format(self) -> dict[str, str]:
        versions = [person for own in self.versions.values() for person in own]
        villages = sorted(self.villages.by_code.values(), key=lambda village: village.code)
        return {
            "persons.csv": _format_rows([field.name for field in fields(Person)], map(astuple, versions)),
            "villages.csv": _format_rows(["village_code", "town", "village"], map(astuple, villages)),
        }

    def add(self, persons: Iterable[Person]) -> None:
        """Add versions of persons; a version replaces an earlier one of the same person and day."""
        for person in persons:
            own = [version for version in self.versions[person.person_id] if version.known_from != person.known_from]
            self.versions[person.person_id] = sorted([*own, person], key=lambda version: version.known_from)
            if person.village_code:
                names = (person.town, person.village)
                self._villages.setdefault(names, Village(person.village_code, *names))
        self.villages = Villages(self._villages.values())
        self.states = self._find_states()
        self._present: dict[date, list[Person]] = {}
        self._sizes: dict[date, Counter[str]] = {}

    def locate(self, town: str | None, village: str | None) -> Village | None:
        """Return the village at a place; a new village, in a known or a new town, gets a code in the county."""
        location = self.villages.find(town, village)
        if len(location.villages) == 1 and (location.towns or not town):
            return self.villages.by_code[next(iter(location.villages))]
        if not village or not (town or location.towns) or (location.villages and location.towns):
            return None
        names = (min(location.towns, default=town or ""), village)
        codes = (other.code for other in self.villages.by_code.values() if other.town == names[0])
        prefix = take_region(min(codes, default=""), Level.TOWN) or self._issue(self.region, 100, 9)
        self._villages[names] = Village(self._issue(prefix, 200, 12), *names)
        self.villages = Villages(self._villages.values())
        return self._villages[names]

    def _issue(self, prefix: str, first: int, digits: int) -> str:
        """Return an unused code for a town or village that begins with ``prefix``."""
        taken = {code[:digits] for code in self.villages.by_code}
        return next(code for n in range(first, 1000) if (code := f"{prefix}{n:03}") not in taken)

    def _find_states(self) -> list[date]:
        counts = Counter(version.known_from for own in self.versions.values() for version in own)
        states: list[date] = []
        for day in sorted(counts):
            if not states or 2 * counts[day] >= counts[states[-1]]:
                states.append(day)
        own = (version for versions in self.versions.values() for version in versions)
        self._villages_by_state = {(version.known_from, version.village_code) for version in own}
        return states

    def find_person(self, person_id: str, on: date) -> Person:
        """Return the version of a person that counts on a day: the latest known by then, or the first of all."""
        own = self.versions[person_id]
        return next((version for version in reversed(own) if version.known_from <= on), own[0])

    def find_left(self, person_id: str, on: date) -> date | None:
        """Return the day of the first snapshot without the person, who died or moved away, if it is known by a day.

        A snapshot says nothing about villages of which it has nobody: exports may be of some towns only.
        """
        person = self.find_person(person_id, on)
        states = (state for state in self.states if person.known_from < state <= on)
        return next((state for state in states if (state, person.village_code) in self._villages_by_state), None)

    def count_members(self, household_id: str, on: date) -> int:
        """Return the number of a household's members on a day, at least 1."""
        if on not in self._sizes:
            self._sizes[on] = Counter(person.household_id for person in self.list_persons(on))
        return max(1, self._sizes[on][household_id])

    def list_persons(self, on: date) -> list[Person]:
        """List the persons who are in the register on a day, in the order of their codes."""
        if on not in self._present:
            self._present[on] = [
                self.find_person(code, on)
                for code in sorted(self.versions)
                if self.versions[code][0].known_from <= on and not self.find_left(code, on)
            ]
        return list(self._present[on])


def read_villages(text: str, path: Path) -> list[Village]:
    """Read the codes and names of villages: columns ``village_code``, ``town`` and ``village``.

    Raises
    ------
    UsageError
        If a column is missing or a code is empty.
    """
    rows = _read_rows(text, path.parent, path.name, ("village_code", "town", "village"))
    return [Village(row["village_code"], row["town"], row["village"]) for _, row in rows]


def list_personal(name: str | None, number: str | None, phone: str | None) -> set[str]:
    """List what a code must not be, because it says who somebody is: a name, a telephone, a number in any spelling.

    >>> sorted(list_personal("王宝明", "99012319850312209x", ""))
    ['99012319850312209X', '99012319850312209x', '990123850312209', '王宝明']
    """
    written = parse_id_number(number)
    numbers = {written.text, written.text[:6] + written.text[8:17]} if written and written.kind == "full" else set()
    return {text for text in (name, number, phone, *numbers) if text}


def _refuse_rows(rows: Sequence[int], message: str, hint: str, path: Path) -> None:
    if rows:
        raise UsageError(message, hint, path=path, count=len(rows), rows=shorten_list(rows))


def _read_rows(text: str, source: Path, name: str, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, row in read_rows(text, source / name, required):
        if empty := [column for column in required if column.endswith(("_id", "_code")) and not row[column]]:
            raise UsageError(
                "{path}: row {row} has no {column}.",
                "Fill in the code, or remove the row.",
                path=source / name,
                row=number,
                column=empty[0],
            )
        yield number, row


def _format_rows(columns: list[str], rows: Iterable[tuple[object, ...]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(("" if cell is None or cell == date.min else str(cell) for cell in row) for row in rows)
    return file.getvalue()
