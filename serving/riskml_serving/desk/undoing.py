"""Keeps what an import of lists changes besides the records, and takes it back when the import is withdrawn."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection

from riskml.errors import UsageError
from riskml.lists.persons import register
from riskml.lists.persons.register import Register
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.desk import repository
from riskml_serving.desk.reading import Understood
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, keep_persons, restore_persons

_DAYS = ("known_from", "birth_date", "left_on")


def keep_rest(connection: Connection, keys: IdentityKeys, delivery_id: str, understood: Understood) -> None:
    """Keep the persons that a delivery changes, what its lists say, and facts; note what was there before.

    Parameters
    ----------
    connection : Connection
        Connection in the transaction that makes the records visible.
    keys : IdentityKeys
    delivery_id : str
    understood : Understood
    """
    known = repository.read_county(connection, understood.county["county"])
    county, texts = known["county"], understood.taken.texts
    changed = [one for one in _list_persons(understood) if understood.persons.get(one.person_id) != one]
    before = {
        "county": {"lists": known["lists"], "states": sorted(known["states"]), "villages": known["villages"]},
        "memory": dict.fromkeys(texts) | repository.read_memory(connection, keys, county, texts),
        "persons": {
            one.person_id: {"home": one.household_id, "before": _to_values(understood.persons.get(one.person_id))}
            for one in changed
        },
    }
    content = json.dumps(before, ensure_ascii=False, default=str).encode()
    repository.write_content(connection, keys, delivery_id, "before", content)
    keep_persons(connection, keys, changed)
    repository.write_memory(connection, keys, county, texts)
    repository.write_facts(connection, keys, delivery_id, understood.taken.facts)
    villages = {**known["villages"], **_name_regions(understood.register)}
    lists = known["lists"] + len(understood.deliveries)
    repository.write_county(connection, {**known, "lists": lists, "states": understood.states, "villages": villages})


def make_take_back(keys: IdentityKeys) -> Callable[[Connection, str], None]:
    """Make the function that takes back what `keep_rest` kept for an import of lists, and the answers given for it.

    Raises
    ------
    UsageError
        If it is no longer known what the import replaced.
    """

    def take_back(connection: Connection, source_id: str) -> None:
        county, _, delivery_id = source_id.partition("/")
        content = repository.read_content(connection, keys, delivery_id, "before")
        if content is None:
            raise UsageError(
                "What these lists replaced has been deleted, so they can no longer be withdrawn.",
                "It is kept for retention_jobs_days, and deleted when a household is forgotten. Send corrected lists.",
            )
        before = json.loads(content)
        known = {**repository.read_county(connection, county), **before["county"]}
        known["states"] = frozenset(map(dt.date.fromisoformat, known["states"]))
        repository.write_county(connection, known)
        repository.write_memory(connection, keys, county, before["memory"])
        persons = {code: (one["home"], _to_person(one["before"])) for code, one in before["persons"].items()}
        restore_persons(connection, keys, persons)
        repository.take_back(connection, delivery_id)
        repository.change_delivery(connection, delivery_id, step="withdrawn")

    return take_back


def _to_values(person: Person | None) -> dict[str, Any] | None:
    return None if person is None else {name: value for name, value in asdict(person).items() if value}


def _to_person(values: Mapping[str, Any] | None) -> Person | None:
    if values is None:
        return None
    return Person(**{**values, **{name: dt.date.fromisoformat(values[name]) for name in _DAYS if name in values}})


def _list_persons(understood: Understood) -> list[Person]:
    """List the latest version of every person, as the register of the service keeps it."""
    kept, known = [], understood.register
    for code, versions in known.versions.items():
        last, left = versions[-1], known.find_left(code, dt.date.max)
        if isinstance(last, Person):  # these lists say nothing new, unless the person has left now
            kept.append(replace(last, left_on=last.left_on or left))
        else:
            values = {name: getattr(last, name) for name in register.Person.__dataclass_fields__}
            kept.append(Person(**values, left_on=left))
    return kept


def _name_regions(known: Register) -> dict[str, str]:
    """Return the names of towns and villages, by code."""
    names: dict[str, str] = {}
    for village in known.villages.by_code.values():
        names |= {village.code: village.name, take_region(village.code, Level.TOWN): village.town}
    return names
