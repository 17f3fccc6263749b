"""SQL for the desk: deliveries and their contents, and what is known about a county's earlier lists."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from riskml.lists.outcomes import Fact
from riskml_serving.base.clock import now
from riskml_serving.base.database.upserts import insert_missing, upsert
from riskml_serving.desk.tables import ANSWERS, CONTENTS, COUNTIES, DELIVERIES, ENCRYPTED, FACTS, FILES, MEMORY
from riskml_serving.people.auth import Caller
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.store.records.repository import change_in, read_in

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
    rows = read_in(connection, select(MEMORY).where(MEMORY.c.county == county), MEMORY.c.household_id, codes)
    contents = {row["household_id"]: row["content"] for row in rows}
    return {code: keys.decrypt(content, "list_memory", county, code).decode() for code, content in contents.items()}


def write_memory(connection: Connection, keys: IdentityKeys, county: str, texts: Mapping[str, str | None]) -> None:
    """Store what lists said about households and villages; None deletes it."""
    rows = [
        {"county": county, "household_id": code, "content": keys.encrypt(text.encode(), "list_memory", county, code)}
        for code, text in texts.items()
        if text is not None
    ]
    upsert(connection, MEMORY, rows)
    gone = [code for code, text in texts.items() if text is None]
    change_in(connection, delete(MEMORY).where(MEMORY.c.county == county), MEMORY.c.household_id, gone)


def read_answers(connection: Connection, keys: IdentityKeys, county: str) -> list[dict[str, Any]]:
    """Read the answers of a county: the words of a row or of a question, and what was answered."""
    rows = connection.execute(select(ANSWERS).where(ANSWERS.c.county == county)).mappings()
    return [json.loads(keys.decrypt(row["content"], "list_answers", county, row["hash"])) for row in rows]


def list_answers(connection: Connection, county: str) -> list[str]:
    """List the hashes of a county's answers."""
    query = select(ANSWERS.c.hash).where(ANSWERS.c.county == county).order_by(ANSWERS.c.hash)
    return list(connection.execute(query).scalars())


def write_answer(
    connection: Connection,
    keys: IdentityKeys,
    delivery: Mapping[str, Any],
    words: Mapping[str, Any],
    text: str,
    about: str,
) -> None:
    """Store the answer to a question; ``about`` is the code of the person or household that it concerns, if any."""
    content = {"words": words, "answer": text}
    county, digest = delivery["county"], _hash(keys, ANSWERS, {}, content)
    row = {"county": county, "hash": digest, "person_id": about, "delivery_id": delivery["delivery_id"]}
    encrypted = keys.encrypt(_encode(content), "list_answers", county, digest)
    upsert(connection, ANSWERS, [{**row, "content": encrypted}])


def count_answers(connection: Connection, delivery_id: str) -> int:
    """Count the answers that were given last for a delivery."""
    query = select(func.count()).select_from(ANSWERS).where(ANSWERS.c.delivery_id == delivery_id)
    return int(connection.execute(query).scalar_one())


def delete_answers(connection: Connection, delivery_id: str) -> None:
    """Delete the answers that were given last for a delivery, so that they are asked again."""
    connection.execute(delete(ANSWERS).where(ANSWERS.c.delivery_id == delivery_id))


def write_facts(connection: Connection, keys: IdentityKeys, delivery_id: str, facts: Iterable[Fact]) -> None:
    """Store what property comparisons say; a list that repeats it changes nothing."""
    rows = {}
    for fact in facts:
        code, row = fact.household_id, {name: getattr(fact, name) for name in _FACT}
        content = {"what": fact.what, "file": fact.file}
        digest = _hash(keys, FACTS, row, content)
        encrypted = keys.encrypt(_encode(content), "facts", code, digest)
        rows[code, digest] = {"household_id": code, "hash": digest, **row, "content": encrypted}
    insert_missing(connection, FACTS, [{**row, "delivery_id": delivery_id} for row in rows.values()])


def _encode(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _hash(keys: IdentityKeys, table: Table, row: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """Return the keyed hash by which an answer or a fact is found again."""
    if table is ANSWERS:
        return keys.hash_text(json.dumps(content["words"], sort_keys=True, ensure_ascii=False), "list_answers")
    values = (row["person_id"], row["kind"], content["what"], row["happened_on"])
    return keys.hash_text("|".join(map(str, values)), "facts")


def take_back(connection: Connection, delivery_id: str) -> None:
    """Delete the answers and the facts of a delivery, and everything that was read from its files."""
    for table in (ANSWERS, FACTS, CONTENTS):
        connection.execute(delete(table).where(table.c.delivery_id == delivery_id))


def read_facts(connection: Connection, keys: IdentityKeys, household_id: str) -> list[dict[str, Any]]:
    """Read what property comparisons say about a household whose region has been checked, the latest first."""
    query = select(FACTS).where(FACTS.c.household_id == household_id).order_by(FACTS.c.received_on.desc(), FACTS.c.hash)
    return [
        {**row, **json.loads(keys.decrypt(row["content"], "facts", household_id, row["hash"]))}
        for row in connection.execute(query).mappings()
    ]


def encrypt_again(connection: Connection, keys: IdentityKeys, limit: int) -> int:
    """Encrypt content of older keys again with the current one, at most ``limit`` rows a table; return their number.

    The rows are locked: what is written or deleted meanwhile would otherwise be replaced by the content read before.
    """
    total = 0
    for table in ENCRYPTED:
        own = [column.name for column in table.primary_key]
        start = bytes.fromhex(keys.current)
        query = select(table).where(func.substr(table.c.content, 1, len(start)) != start).limit(limit)
        rows = [dict(row) for row in connection.execute(query.with_for_update()).mappings()]
        for row in rows:
            plain = keys.decrypt(row["content"], table.name, *(str(row[name]) for name in own))
            if "hash" in own:  # the hash needs the new key too; an answer that was given again under it stays
                connection.execute(delete(table).where(*(table.c[name] == row[name] for name in own)))
                row["hash"] = _hash(keys, table, row, json.loads(plain))
            row["content"] = keys.encrypt(plain, table.name, *(str(row[name]) for name in own))
        (insert_missing if "hash" in own else upsert)(connection, table, rows)
        total += len(rows)
    return total
