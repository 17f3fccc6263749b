"""Receives rows, saves what staff stated, and keeps facts from counting twice."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.store.facts.corrections import CORRECTED, UNCORRECTED, Fact, find_stated_by_others, plan_versions
from riskml_serving.store.facts.repository import add_facts, list_stated, move_fact, read_facts
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.receiving import append_rows
from riskml_serving.store.records.repository import read_rows


class Stated(NamedTuple):
    """What staff stated, and the row of the contract that it becomes.

    Parameters
    ----------
    record_id, kind, table : str
        Record number and table of the row, and the kind of what was stated.
    fact : mapping
        What was stated.
    row : mapping
        The row, without the household and the day of recording.
    """

    record_id: str
    kind: str
    table: str
    fact: Mapping[str, Any]
    row: Mapping[str, Any]


def save_stated(connection: Connection, origin: Mapping[str, Any], stated: Iterable[Stated]) -> None:
    """Save what staff stated about a locked household, and receive its rows of the contract.

    ``origin`` holds the values of the other columns of ``CASE_FACTS``, which all that was stated has in common.
    """
    tables, facts = defaultdict[str, Rows](list), []
    for one in stated:
        row = {"household_id": origin["household_id"], **one.row, "recorded_on": origin["recorded_on"]}
        tables[one.table].append({**row, "record_id": one.record_id})
        own = {"kind": one.kind, "table_name": one.table, "record_id": one.record_id}
        facts.append({**origin, **own, "content": _dump_content({"fact": dict(one.fact), "row": row})})
    add_facts(connection, facts)
    receive_rows(connection, tables, origin["request_id"])


def receive_rows(connection: Connection, tables: Mapping[str, Rows], request_id: str) -> None:
    """Append rows of households that the caller has checked and locked, and let them correct what staff stated."""
    append_rows(connection, tables, request_id)
    codes = {row["household_id"] for name in CORRECTED for row in tables.get(name, ()) if row.get("household_id")}
    settle_facts(connection, codes, request_id)


def settle_facts(connection: Connection, codes: Collection[str], request_id: str) -> None:
    """Withdraw the facts about some locked households that other rows state too, and restore those that none tells.

    It is called whenever rows were added or taken away, and does nothing the second time.
    """
    if not (stated := list_stated(connection, codes)):
        return
    stored = read_facts(connection, stated)
    for name in CORRECTED:
        planned = [row for own in _group(connection, name, stored).values() for row in plan_versions(name, *own)]
        append_rows(connection, {name: planned}, request_id)


def _group(
    connection: Connection, name: str, stored: Iterable[Mapping[str, Any]]
) -> dict[str, tuple[list[Fact], list[Any]]]:
    """Return the facts in a table, and all rows in it that are in force, by household."""
    out = defaultdict[str, tuple[list[Fact], list[Any]]](lambda: ([], []))
    for fact in stored:
        if fact["table_name"] == name:
            source = f"{fact['verification_id'] or fact['record_id']}"
            own = Fact(fact["record_id"], source, load_content(fact)["row"], fact["undone_at"] is not None)
            out[fact["household_id"]][0].append(own)
    for row in to_rows(read_rows(connection, name, sorted(out))):
        out[row["household_id"]][1].append(row)
    return out


def move_facts(
    connection: Connection,
    codes: Collection[str],
    locate: Callable[[Collection[str]], Mapping[str, str]],
    today: dt.date,
    request_id: str,
    *,
    rest: str | None = None,
    write: bool = True,
) -> None:
    """Let the facts of visits to some locked households follow the persons who live elsewhere now.

    From today on, such a fact counts in the other household, and no longer in this one: a department's rows follow the
    person too, and correct it there. A fact that a row of this household still states stays.

    Parameters
    ----------
    connection : Connection
    codes : collection of str
    locate : callable
        Returns the households in which some members live, by member.
    today : date
    request_id : str
    rest : str, optional
        Household for all other facts; without it, they stay.
    write : bool, default True
        Whether rows of the contract say so; not if rows that said otherwise have just been taken back.
    """
    moved, stored = set[str](), read_facts(connection, list_stated(connection, codes))
    corrected = {
        (code, record_id)
        for name in CORRECTED
        for code, own in _group(connection, name, stored).items()
        for record_id in find_stated_by_others(name, *own)
    }
    contents = [load_content(fact) for fact in stored]
    homes = locate({content["row"].get("member_id") or "" for content in contents})
    for fact, content in zip(stored, contents, strict=True):
        row, old = content["row"], fact["household_id"]
        new = homes.get(row.get("member_id"), rest)
        if fact["verification_id"] is None or new in (None, old) or row.get("kind") in UNCORRECTED:
            continue
        if write and (old, fact["record_id"]) in corrected:
            continue
        if write and fact["undone_at"] is None:
            own = {**row, "record_id": fact["record_id"], "recorded_on": today}
            rows = [{**own, "household_id": old, "withdrawn": True}, {**own, "household_id": new}]
            append_rows(connection, {fact["table_name"]: rows}, request_id)
        row["household_id"] = new
        move_fact(connection, fact["fact_id"], new, _dump_content(content))
        moved |= {old, new}
    settle_facts(connection, moved, request_id)


def _dump_content(content: Mapping[str, Any]) -> str:
    """Write what was stated, and its row of the contract, as JSON."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, default=dt.date.isoformat)


def load_content(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Read what :func:`_dump_content` wrote; days in ``row`` are dates again."""
    content: dict[str, Any] = json.loads(fact["content"])
    days = {column.name for column in TABLES[fact["table_name"]].columns if column.name.endswith("_on")}
    row = content["row"]
    content["row"] = {k: dt.date.fromisoformat(v) if k in days and v else v for k, v in row.items()}
    return content
