"""Receives rows, and keeps facts that staff stated from counting twice."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml_serving.store.facts.corrections import CORRECTED, Fact, plan_versions
from riskml_serving.store.facts.repository import list_stated, read_facts
from riskml_serving.store.records.columns import Rows, to_rows
from riskml_serving.store.records.receiving import append_rows
from riskml_serving.store.records.repository import read_rows

__all__ = ["dump_content", "load_content", "receive_rows", "settle_facts"]


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


def dump_content(content: Mapping[str, Any]) -> str:
    """Write what was stated, and its row of the contract, as JSON."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, default=dt.date.isoformat)


def load_content(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Read what :func:`dump_content` wrote; days in ``row`` are dates again."""
    content: dict[str, Any] = json.loads(fact["content"])
    days = {column.name for column in TABLES[fact["table_name"]].columns if column.name.endswith("_on")}
    row = content["row"]
    content["row"] = {k: dt.date.fromisoformat(v) if k in days and v else v for k, v in row.items()}
    return content
