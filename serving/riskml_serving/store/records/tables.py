"""The data contract's tables in the database, generated from riskml's declaration; rows are kept as received."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Index, Integer, SmallInteger, String, Table, Text
from sqlalchemy import Column as Field
from sqlalchemy.types import TypeEngine

from riskml.records.contract.schema import TABLES, Column, Kind
from riskml.records.contract.schema import Table as Declared
from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Text(),
    Kind.REGION: Code(Level.VILLAGE),
    Kind.DATE: Date(),
    Kind.MONTH_START: Date(),
    Kind.COUNT: Integer(),
    Kind.YEAR: SmallInteger(),
    Kind.AMOUNT: Double(),
    Kind.FLAG: Boolean(),
    Kind.CODE: String(32),
    Kind.CODES: Text(),
}

_CODES = ("household_id", "member_id", "record_id")


def write_attributes(attributes: Mapping[str, Any]) -> str | None:
    """Write the attributes of a household as JSON, leaving out missing attributes.

    >>> write_attributes({"b": 1.0, "a": "砖房", "c": None}), write_attributes({"c": None})
    ('{"a": "砖房", "b": 1.0}', None)
    """
    known = {name: value for name, value in attributes.items() if value is not None}
    return json.dumps(known, sort_keys=True, ensure_ascii=False) if known else None


def read_attributes(texts: Sequence[str | None]) -> dict[str, list[Any]]:
    """Turn the attributes of households, stored as JSON, into columns.

    >>> read_attributes(['{"a": "砖房", "b": 1.0}', None])
    {'a': ['砖房', None], 'b': [1.0, None]}
    """
    rows = [json.loads(text) if text else {} for text in texts]
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}


def _make_field(column: Column) -> Field[object]:
    kind = Code(128) if column.name in _CODES else _TYPES[column.kind]
    return Field(column.name, kind, nullable=not column.required or column.nullable)


def _make_table(declared: Declared) -> Table:
    """Make a database table with the contract's columns and some others.

    The others hold the order of receipt, a household's attributes as JSON, when and with which request a row arrived,
    and whether a row received later on the same day replaced it.
    """
    name = f"record_{declared.name}"
    fields = [_make_field(column) for column in declared.columns]
    if declared.attributes:
        fields.append(Field("attributes", Text, nullable=True))
    table = Table(
        name,
        METADATA,
        Field("row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        *fields,
        Field("received_at", DateTime, nullable=False),
        Field("request_id", String(64), nullable=False),
        Field("superseded", Boolean, nullable=False),
    )
    if declared.find_column("household_id") is not None:
        Index(f"ix_{name}_household_id", table.c.household_id)
    if declared.name == "disaster":
        Index(f"ix_{name}_region_code", table.c.region_code)
    return table


RECORDS: dict[str, Table] = {name: _make_table(declared) for name, declared in TABLES.items()}
"""Database tables by their name in the contract."""


PURPOSE = Table(
    "purpose",
    METADATA,
    Field("purpose_id", SmallInteger, primary_key=True, autoincrement=False),
    Field("simulated", Boolean, nullable=False),
)
"""Whether the records count as simulated: at most one row, with the number 1, added together with the first records."""


def list_columns(name: str) -> list[Field[Any]]:
    """List the columns that riskml reads from a table: those of the contract, and the attributes as JSON."""
    names = (*TABLES[name].names, "attributes") if TABLES[name].attributes else TABLES[name].names
    return [RECORDS[name].c[column] for column in names]
