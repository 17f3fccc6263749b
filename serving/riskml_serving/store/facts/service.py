"""Receives rows, saves what staff stated, and keeps facts from counting twice."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.store.facts.corrections import CORRECTED, Fact, plan_versions
from riskml_serving.store.facts.repository import add_facts, list_stated, read_facts
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.receiving import append_rows
from riskml_serving.store.records.repository import read_rows

__all__ = ["Stated", "load_content", "receive_rows", "save_stated", "settle_facts"]


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
    """Withdraw the facts about some locked households that other rows tell too, and restore those that none tells.

    It is called whenever rows were added or taken away, and does nothing the second time.
    """
    if not (stated := list_stated(connection, codes)):
        return
    facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in read_facts(connection, stated):
        row = load_content(fact)["row"]
        source = f"{fact['verification_id'] or fact['record_id']}"
        own = Fact(fact["record_id"], source, row, fact["undone_at"] is not None)
        facts[fact["table_name"], fact["household_id"]].append(own)
    for name in CORRECTED:
        rows = defaultdict[str, Rows](list)
        for row in to_rows(read_rows(connection, name, stated)):
            rows[row["household_id"]].append(row)
        planned = [row for code in stated for row in plan_versions(name, facts[name, code], rows[code])]
        append_rows(connection, {name: planned}, request_id)


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
