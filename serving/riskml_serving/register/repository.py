"""SQL for the register of persons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, update

from riskml_serving.base.database.upserts import upsert
from riskml_serving.register.tables import PERSONS
from riskml_serving.store.households.repository import is_open, narrow_to_region
from riskml_serving.store.records.repository import change_in, read_in

BATCH = 5_000
"""Number of rows that are written, or read, at a time."""


def upsert_persons(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store persons; those that are stored already are replaced."""
    for start in range(0, len(rows), BATCH):
        upsert(connection, PERSONS, rows[start : start + BATCH])


def read_persons_in(connection: Connection, household_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Read the persons in some households; a query limited to the reader's region must have returned the codes."""
    return read_in(connection, select(PERSONS), PERSONS.c.household_id, household_ids)


def read_persons(connection: Connection, person_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Read persons by their codes, without the encrypted columns."""
    query = select(PERSONS.c.person_id, PERSONS.c.household_id, PERSONS.c.left_on)
    return read_in(connection, query, PERSONS.c.person_id, person_ids)


def change_person(connection: Connection, person_id: str, **values: Any) -> None:
    """Change columns of a person that are not encrypted."""
    connection.execute(update(PERSONS).where(PERSONS.c.person_id == person_id).values(**values))


def move_persons(connection: Connection, household_id: str, new: str) -> None:
    """Move the persons of a household to another one."""
    connection.execute(update(PERSONS).where(PERSONS.c.household_id == household_id).values(household_id=new))


def delete_persons(connection: Connection, household_ids: Iterable[str]) -> None:
    """Delete every person in some households, which are deleted too."""
    change_in(connection, delete(PERSONS), PERSONS.c.household_id, household_ids)


def remove_persons(connection: Connection, person_ids: Iterable[str]) -> None:
    """Delete persons by their codes."""
    change_in(connection, delete(PERSONS), PERSONS.c.person_id, person_ids)


def find_households(connection: Connection, region: str, column: str, hashes: Sequence[str]) -> Sequence[str]:
    """Find the households in a region in which a person has one of these hashes in a column."""
    query = _select_in_region(region, PERSONS.c.household_id).where(PERSONS.c[column].in_(hashes))
    return connection.execute(query.distinct()).scalars().all()


def list_homes(connection: Connection, region: str) -> list[tuple[str, str, Any]]:
    """List the persons in the open households of a region, with their households and days of leaving."""
    columns = (PERSONS.c.person_id, PERSONS.c.household_id, PERSONS.c.left_on)
    query = narrow_to_region(select(*columns), PERSONS, region).where(is_open()).order_by(PERSONS.c.person_id)
    return [tuple(row) for row in connection.execute(query)]


def read_names(connection: Connection, region: str) -> Iterable[RowMapping]:
    """Read the encrypted names of the persons in a region, with their household."""
    query = _select_in_region(region, PERSONS.c.person_id, PERSONS.c.household_id, PERSONS.c.name)
    return connection.execute(query.execution_options(yield_per=BATCH)).mappings()


def _select_in_region(region: str, *columns: Any) -> Select[Any]:
    return narrow_to_region(select(*columns), PERSONS, region).where(PERSONS.c.left_on.is_(None))


def list_key_ids(connection: Connection) -> list[str]:
    """List the ids of the keys that encrypted persons: one index look-up for each key, not for each person."""
    ids: list[str] = []
    while True:
        after = ids[-1] if ids else ""
        key_id = connection.execute(select(func.min(PERSONS.c.key_id)).where(PERSONS.c.key_id > after)).scalar_one()
        if key_id is None:
            return ids
        ids.append(key_id)


def read_with_other_keys(connection: Connection, key_id: str, limit: int) -> list[dict[str, Any]]:
    """Read persons that were encrypted with any key but this one, and lock their rows."""
    query = select(PERSONS).where(PERSONS.c.key_id != key_id).order_by(PERSONS.c.person_id).limit(limit)
    return list(map(dict, connection.execute(query.with_for_update()).mappings()))
