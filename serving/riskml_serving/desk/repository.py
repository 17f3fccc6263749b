"""SQL for the desk: deliveries and their contents, and what is known about a county's earlier lists."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from riskml.lists.outcomes import Fact
from riskml_serving.base.clock import now
from riskml_serving.base.database.upserts import upsert
from riskml_serving.desk.tables import ANSWERS, CONTENTS, COUNTIES, DELIVERIES, ENCRYPTED, FACTS, FILES, MEMORY
from riskml_serving.people.auth import Caller
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.store.records.repository import split_codes

__all__ = [
    "add_delivery",
    "add_files",
    "change_delivery",
    "drop_contents",
    "encrypt_again",
    "find_delivery",
    "list_deliveries",
    "read_answers",
    "read_content",
    "read_county",
    "read_facts",
    "read_files",
    "read_memory",
    "remove_delivery",
    "write_answer",
    "write_content",
    "write_county",
    "write_facts",
    "write_memory",
]

_FACT = ("person_id", "kind", "happened_on", "received_on")
_NEW_COUNTY = {"lists": 0, "states": "[]", "villages": "{}", "confirmed": "[]"}


def add_delivery(connection: Connection, caller: Caller, step: str) -> str:
    """Add a delivery to the caller's county; return its ID."""
    delivery_id = str(uuid.uuid4())
    row = {"delivery_id": delivery_id, "county": caller.region, "step": step, "fault": "", "counts": "{}"}
    connection.execute(insert(DELIVERIES).values(**row, created_by=caller.key_id, created_at=now()))
    return delivery_id


def find_delivery(connection: Connection, delivery_id: str, county: str) -> dict[str, Any] | None:
    """Find a delivery of a county."""
    if "\0" in delivery_id:
        return None
    query = select(DELIVERIES).where(DELIVERIES.c.delivery_id == delivery_id, DELIVERIES.c.county == county)
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def list_deliveries(connection: Connection, county: str, limit: int) -> list[dict[str, Any]]:
    """List the latest deliveries of a county, each with its files."""
    query = select(DELIVERIES).where(DELIVERIES.c.county == county).order_by(DELIVERIES.c.created_at.desc())
    rows = [dict(row) for row in connection.execute(query.limit(limit)).mappings()]
    return [{**row, "files": read_files(connection, row["delivery_id"])} for row in rows]


def change_delivery(connection: Connection, delivery_id: str, **values: Any) -> None:
    """Change columns of a delivery."""
    connection.execute(update(DELIVERIES).where(DELIVERIES.c.delivery_id == delivery_id).values(**values))


def remove_delivery(connection: Connection, delivery_id: str) -> None:
    """Remove a delivery with its files and contents."""
    for table in (CONTENTS, FILES, DELIVERIES):
        connection.execute(delete(table).where(table.c.delivery_id == delivery_id))


def add_files(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add files of a delivery."""
    connection.execute(insert(FILES), rows)


def read_files(connection: Connection, delivery_id: str) -> list[dict[str, Any]]:
    """Read the files of a delivery, in the order of their numbers."""
    query = select(FILES).where(FILES.c.delivery_id == delivery_id).order_by(FILES.c.number)
    return [dict(row) for row in connection.execute(query).mappings()]


def write_content(connection: Connection, keys: IdentityKeys, delivery_id: str, name: str, content: bytes) -> None:
    """Store a part of a delivery's content, encrypted."""
    encrypted = keys.encrypt(content, "delivery_contents", delivery_id, name)
    upsert(connection, CONTENTS, [{"delivery_id": delivery_id, "name": name, "content": encrypted}])


def read_content(connection: Connection, keys: IdentityKeys, delivery_id: str, name: str) -> bytes | None:
    """Read a part of a delivery's content; return None if there is none."""
    query = select(CONTENTS.c.content).where(CONTENTS.c.delivery_id == delivery_id, CONTENTS.c.name == name)
    content = connection.execute(query).scalar_one_or_none()
    return None if content is None else keys.decrypt(content, "delivery_contents", delivery_id, name)


def drop_contents(connection: Connection, delivery_id: str, names: Iterable[str]) -> None:
    """Delete parts of a delivery's content."""
    query = delete(CONTENTS).where(CONTENTS.c.delivery_id == delivery_id, CONTENTS.c.name.in_(list(names)))
    connection.execute(query)


def read_county(connection: Connection, county: str) -> dict[str, Any]:
    """Read what is known about a county's earlier lists; JSON is parsed."""
    row = connection.execute(select(COUNTIES).where(COUNTIES.c.county == county)).mappings().first()
    values = dict(row or {"county": county, **_NEW_COUNTY})
    values |= {name: json.loads(values[name]) for name in ("states", "villages", "confirmed")}
    return {**values, "states": frozenset(map(dt.date.fromisoformat, values["states"]))}


def write_county(connection: Connection, county: Mapping[str, Any]) -> None:
    """Store what the county's next lists need to know about earlier ones."""
    texts = {name: json.dumps(county[name], ensure_ascii=False) for name in ("villages", "confirmed")}
    states = json.dumps(sorted(day.isoformat() for day in county["states"]))
    upsert(connection, COUNTIES, [{**county, **texts, "states": states}])


def read_memory(connection: Connection, keys: IdentityKeys, county: str, codes: Collection[str]) -> dict[str, str]:
    """Read what earlier lists said about households and villages, by code."""
    texts = {}
    for part in split_codes(sorted(codes)):
        query = select(MEMORY).where(MEMORY.c.county == county, MEMORY.c.household_id.in_(part))
        for row in connection.execute(query).mappings():
            code = row["household_id"]
            texts[code] = keys.decrypt(row["content"], "list_memory", county, code).decode()
    return texts


def write_memory(connection: Connection, keys: IdentityKeys, county: str, texts: Mapping[str, str]) -> None:
    """Store what lists said about households and villages."""
    rows = [
        {"county": county, "household_id": code, "content": keys.encrypt(text.encode(), "list_memory", county, code)}
        for code, text in texts.items()
    ]
    upsert(connection, MEMORY, rows)


def read_answers(connection: Connection, keys: IdentityKeys, county: str) -> list[dict[str, Any]]:
    """Read the answers of a county: the words of a row, and the person whom they describe."""
    rows = connection.execute(select(ANSWERS).where(ANSWERS.c.county == county)).mappings()
    return [json.loads(keys.decrypt(row["content"], "list_answers", county, row["hash"])) for row in rows]


def write_answer(
    connection: Connection, keys: IdentityKeys, county: str, words: Mapping[str, Any], person: str
) -> None:
    """Store the person whom the words of a row describe."""
    digest = keys.hash_text(json.dumps(words, sort_keys=True, ensure_ascii=False), "list_answers")
    content = json.dumps({"words": words, "person": person}, ensure_ascii=False).encode()
    row = {"county": county, "hash": digest, "person_id": person}
    upsert(connection, ANSWERS, [{**row, "content": keys.encrypt(content, "list_answers", county, digest)}])


def write_facts(connection: Connection, keys: IdentityKeys, facts: Iterable[Fact]) -> None:
    """Store what property comparisons say; a list that repeats it changes nothing."""
    rows = {}
    for fact in facts:
        code = fact.household_id
        digest = keys.hash_text("|".join(map(str, (fact.person_id, fact.kind, fact.what, fact.happened_on))), "facts")
        content = json.dumps({"what": fact.what, "file": fact.file}, ensure_ascii=False).encode()
        rows[code, digest] = {
            "household_id": code,
            "hash": digest,
            **{name: getattr(fact, name) for name in _FACT},
            "content": keys.encrypt(content, "facts", code, digest),
        }
    upsert(connection, FACTS, list(rows.values()))


def read_facts(connection: Connection, keys: IdentityKeys, household_id: str) -> list[dict[str, Any]]:
    """Read what property comparisons say about a household whose region has been checked, the latest first."""
    query = select(FACTS).where(FACTS.c.household_id == household_id).order_by(FACTS.c.received_on.desc(), FACTS.c.hash)
    return [
        {**row, **json.loads(keys.decrypt(row["content"], "facts", household_id, row["hash"]))}
        for row in connection.execute(query).mappings()
    ]


def encrypt_again(connection: Connection, keys: IdentityKeys, limit: int) -> int:
    """Encrypt content of older keys again with the current one, at most ``limit`` rows a table; return their number."""
    total = 0
    for table in ENCRYPTED:
        own = [column.name for column in table.primary_key]
        start = bytes.fromhex(keys.current)
        query = select(table).where(func.substr(table.c.content, 1, len(start)) != start).limit(limit)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            where = (table.name, *(str(row[name]) for name in own))
            row["content"] = keys.encrypt(keys.decrypt(row["content"], *where), *where)
        upsert(connection, table, rows)
        total += len(rows)
    return total
