"""Persons: kept encrypted, read for those who may see them, found by name or number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from riskml.lists.persons import register
from riskml.lists.persons.id_numbers import parse_id_number
from riskml.lists.persons.names import parse_name
from riskml_serving.base.database import writing
from riskml_serving.register import repository
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.store.facts.service import move_facts
from riskml_serving.store.households.repository import list_followers
from riskml_serving.store.records.repository import read_rows

BATCH = 1_000
"""Number of persons that are encrypted again in one transaction."""

_OPEN = ("person_id", "household_id", "known_from", "left_on")
"""Fields of a person that are not encrypted."""
_DETAILS = ("id_number", "sex", "birth_date", "relation", "town", "village", "village_code", "phone", "group", "door")

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=date.isoformat)
_PHONE = re.compile(r"\+?\d[\d-]{6,}")
_ENDING = re.compile(r"\d{3}[\dX]")


@dataclass(frozen=True, slots=True)
class Person(register.Person):
    """A person as the service keeps them; ``left_on`` is the day on which the person died or left the county."""

    left_on: date | None = None

    @property
    def is_head(self) -> bool:
        """Whether the person is the head of the household (户主)."""
        return "户主" in self.relation

    @property
    def phones(self) -> list[str]:
        """Numbers that can be called: registers often have several in one cell; none if digits are masked.

        >>> Person("p", "h", phone="13812345678、0312-8888888").phones, Person("p", "h", phone="138 1234 5678").phones
        (['13812345678', '0312-8888888'], ['13812345678'])
        """
        return _PHONE.findall(self.phone) or _PHONE.findall("".join(self.phone.split()))


def keep_persons(connection: Connection, keys: IdentityKeys, persons: Iterable[Person]) -> int:
    """Store persons, or replace what is stored about them; return their number.

    A person lives in the household that is stored last, so splits, merges and moves need nothing else.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    keys : IdentityKeys
    persons : iterable of Person
        At most one for each code.
    """
    rows = [_encrypt(keys, person) for person in persons]
    repository.upsert_persons(connection, rows)
    return len(rows)


def read_persons(connection: Connection, keys: IdentityKeys, household_ids: Iterable[str]) -> dict[str, list[Person]]:
    """Read the persons of households, by household: the head first, then by age, and at the end those who have left.

    Parameters
    ----------
    connection : Connection
    keys : IdentityKeys
    household_ids : iterable of str
        Codes that a query limited to the reader's region has returned.

    Raises
    ------
    LostKeyError
        If the key of one of the persons is missing.
    """
    homes: dict[str, list[Person]] = {}
    for row in repository.read_persons_in(connection, household_ids):
        homes.setdefault(row["household_id"], []).append(_decrypt(keys, row))
    for persons in homes.values():
        persons.sort(key=lambda one: (one.left_on is not None, not one.is_head, one.birth_date or date.max))
    return homes


def list_homes(connection: Connection, region: str) -> list[tuple[str, str, date | None]]:
    """List the persons in the open households of a region: code, household, and day of leaving if known."""
    return repository.list_homes(connection, region)


def find_households_by_person(connection: Connection, keys: IdentityKeys, region: str, text: str) -> list[str]:
    """Find the households in a region in which a person has this name or number; return their codes in order.

    A complete ID number, its last four characters and a full name are found by their hashes. If no name is the same,
    the names of the region are decrypted in memory and searched for the text.

    Raises
    ------
    LostKeyError
        If names have to be decrypted and the key of one of them is missing.
    """
    ending = text.strip().upper()
    if _ENDING.fullmatch(ending):
        return _find(connection, keys, region, "ending_hash", ending)
    number = parse_id_number(text)
    if number is not None and number.kind == "full":
        return _find(connection, keys, region, "number_hash", number.text)
    name = parse_name(text)
    if name is None or text.isascii():
        return []
    wanted = name.spellings[0]
    if codes := _find(connection, keys, region, "name_hash", wanted):
        return codes
    homes = {
        row["household_id"]
        for row in repository.read_names(connection, region)
        if wanted in keys.decrypt(row["name"], *_locate(row["person_id"], "name")).decode()
    }
    return sorted(homes)


def follow_members(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Let persons follow the member records that a household has received.

    A person whose household was closed moves to a household that follows it and has a record of the person as its
    member. A person has left if the records of the person's own household state a day of leaving. Any other record
    changes nothing: a caller must not learn a name by claiming a member who lives elsewhere.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    rows : iterable of mapping
        Rows of the table ``members``.
    """
    members = {row["member_id"]: row for row in rows}
    persons = repository.read_persons(connection, members)
    followers = list_followers(connection, {person["household_id"] for person in persons})
    for person in persons:
        member = members[person["person_id"]]
        new, left_on = member["household_id"], member.get("left_on")
        if new == person["household_id"] or new in followers.get(person["household_id"], ()):
            repository.change_person(connection, person["person_id"], household_id=new, left_on=left_on)


def restore_persons(
    connection: Connection, keys: IdentityKeys, persons: Mapping[str, tuple[str, Person | None]]
) -> None:
    """Undo what :func:`keep_persons` stored.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    keys : IdentityKeys
    persons : mapping
        By code: the household that was stored with the person, and the person as before; None for a new one. A person
        who has moved on since stays in the new household.
    """
    now = {row["person_id"]: row for row in repository.read_persons(connection, persons)}
    kept = []
    for code, (home, before) in persons.items():
        if before is not None and code in now:
            row = now[code]
            moved = {"household_id": row["household_id"], "left_on": row["left_on"]}
            kept.append(before if row["household_id"] == home else replace(before, **moved))
    keep_persons(connection, keys, kept)
    repository.remove_persons(connection, [code for code, (_, before) in persons.items() if before is None])


def follow_closure(
    connection: Connection, household_id: str, followers: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Let the persons of a closed household move to the only household that follows it, or as member records say.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction, in which the household has been closed.
    household_id : str
    followers : sequence of str
        Codes of the households that follow it.
    rows : iterable of mapping
        Rows of the table ``members`` of these households.
    """
    if len(followers) == 1:
        repository.move_persons(connection, household_id, followers[0])
    follow_members(connection, rows)


def follow_records(
    connection: Connection, rows: Iterable[Mapping[str, Any]], today: date
) -> dict[str, list[str | None]]:
    """Let persons live where the member records say that are known today, after new ones have been stored.

    This is for an operator's import of a county: a request moves a person by :func:`follow_members` only.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    rows : iterable of mapping
        New rows of the table ``members``.
    today : date

    Returns
    -------
    dict of str to list
        For :func:`move_back`, by person: the household and the day of leaving before, and the household now.
    """
    homes: dict[str, set[str]] = {}
    for row in rows:
        homes.setdefault(row["member_id"], set()).add(row["household_id"])
    persons = repository.read_persons(connection, homes)
    columns = read_rows(connection, "members", sorted({p["household_id"] for p in persons}.union(*homes.values())))
    versions: dict[str, dict[str, tuple[date, date | None]]] = {person["person_id"]: {} for person in persons}
    names = ("member_id", "household_id", "recorded_on", "left_on")
    for code, home, known, left_on in zip(*(columns[name] for name in names), strict=True):
        known = known or date.min
        if code in versions and versions[code].get(home, (date.min, None))[0] <= known <= today:
            versions[code][home] = known, left_on
    moved: dict[str, list[str | None]] = {}
    for person in persons:
        own, old = versions[person["person_id"]], person["household_id"]
        present = [home for home, (_, left_on) in own.items() if left_on is None or left_on > today]
        home = max(present or own, key=lambda home: (own[home][0], home == old), default=old)
        left_on = own[home][1] if own and not present else None
        if own and (home, left_on) != (old, person["left_on"]):
            repository.change_person(connection, person["person_id"], household_id=home, left_on=left_on)
            moved[person["person_id"]] = [old, person["left_on"] and person["left_on"].isoformat(), home]
    return moved


def follow_facts(
    connection: Connection, codes: Collection[str], today: date, request_id: str, *, write: bool = True
) -> None:
    """Let the facts of visits to some locked households follow the persons who live elsewhere now.

    See :func:`move_facts`.
    """

    def locate(members: Collection[str]) -> dict[str, str]:
        persons = repository.read_persons(connection, members)
        return {person["person_id"]: person["household_id"] for person in persons}

    move_facts(connection, codes, locate, today, request_id, write=write)


def move_back(connection: Connection, moved: Mapping[str, Sequence[str | None]]) -> None:
    """Undo what :func:`follow_records` did, except for persons who have moved again since."""
    for person in repository.read_persons(connection, moved):
        old, left_on, new = moved[person["person_id"]]
        if person["household_id"] == new:
            day = left_on and date.fromisoformat(left_on)
            repository.change_person(connection, person["person_id"], household_id=old, left_on=day)


def rotate(engine: Engine, encrypt: Callable[[Connection], int]) -> int:
    """Encrypt rows again in batches, each in a transaction of its own, until none is left; return their number.

    If this is interrupted, the next call continues.
    """
    total = 0
    while True:
        with writing(engine) as connection:
            count = encrypt(connection)
        if not count:
            return total
        total += count


def rotate_persons(engine: Engine, keys: IdentityKeys) -> int:
    """Encrypt every person of an older key again with the current one; return their number.

    Raises
    ------
    LostKeyError
        If the key of one of the persons is missing.
    """

    def encrypt(connection: Connection) -> int:
        rows = repository.read_with_other_keys(connection, keys.current, BATCH)
        return keep_persons(connection, keys, (_decrypt(keys, row) for row in rows))

    return rotate(engine, encrypt)


def _find(connection: Connection, keys: IdentityKeys, region: str, column: str, text: str) -> list[str]:
    return sorted(repository.find_households(connection, region, column, keys.list_hashes(text, column)))


def _encrypt(keys: IdentityKeys, person: Person) -> dict[str, Any]:
    details = {name: getattr(person, name) for name in _DETAILS if getattr(person, name)}
    name, number = parse_name(person.name), parse_id_number(person.id_number)
    full = number.text if number is not None and number.kind == "full" else ""
    searched = {"name_hash": name.spellings[0] if name else "", "number_hash": full, "ending_hash": full[-4:]}
    return {
        **{field: getattr(person, field) for field in _OPEN},
        "key_id": keys.current,
        "name": keys.encrypt(person.name.encode(), *_locate(person.person_id, "name")),
        "details": keys.encrypt(_JSON.encode(details).encode(), *_locate(person.person_id, "details")),
        **{column: keys.hash_text(value, column) if value else None for column, value in searched.items()},
    }


def _decrypt(keys: IdentityKeys, row: Mapping[str, Any]) -> Person:
    details = json.loads(keys.decrypt(row["details"], *_locate(row["person_id"], "details")))
    if "birth_date" in details:
        details["birth_date"] = date.fromisoformat(details["birth_date"])
    name = keys.decrypt(row["name"], *_locate(row["person_id"], "name")).decode()
    return Person(**{field: row[field] for field in _OPEN}, name=name, **details)


def _locate(person_id: str, column: str) -> tuple[str, str, str]:
    return "persons", person_id, column
