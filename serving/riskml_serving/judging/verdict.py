"""What a score says of a household in the service: riskml's declaration, with what only a service knows.

Columns of the database, Arrow types, JSON types, words of answers and of pages follow from ``FIELDS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import pyarrow as pa
import pydantic
from sqlalchemy import Column, Date, Double, SmallInteger, String, Text
from sqlalchemy.types import TypeEngine

from riskml import verdict
from riskml.explanation.reasons.redaction import redact_flags
from riskml.policy import Policy
from riskml.verdict import Field, Kind
from riskml_serving.base.contract import one_of

__all__ = ["BRIEF", "FIELDS", "FULL", "VERSIONS", "json_types", "list_facts", "make_columns", "make_schema", "show"]

_OWN = {
    "agreement": Field(
        "agreement_by",
        Kind.WORD,
        words=("capacity", "tier"),
        description="Basis of the model's positive: a place in the county's visit capacity, or the tier.",
    ),
    "model_version": Field("feature_schema_hash", Kind.VERSION),
}
"""Fields that only the service has, by the field that they stand behind."""

FIELDS: dict[str, Field] = {
    field.name: field for own in verdict.FIELDS for field in (own, _OWN.get(own.name)) if field is not None
}
"""Fields of a score by name, in the order of all tables."""

VERSIONS = tuple(name for name, field in FIELDS.items() if field.kind is Kind.VERSION)
"""By what a score was made."""

FULL = tuple(name for name in FIELDS if name not in VERSIONS)
"""What an answer says of a score beside the versions, which stand once in its envelope."""

BRIEF = tuple(name for name in FULL if FIELDS[name].brief)
"""What a short answer about a change says."""

_SQL: dict[Kind, TypeEngine[Any]] = {
    Kind.WORD: String(16),
    Kind.LEVEL: SmallInteger(),
    Kind.NUMBER: Double(),
    Kind.FLAGS: Text(),
    Kind.DAY: Date(),
    Kind.VERSION: String(64),
}
_ARROW = {Kind.LEVEL: pa.int8(), Kind.NUMBER: pa.float64(), Kind.DAY: pa.date32()}
_JSON = {Kind.NUMBER: float, Kind.FLAGS: list[str], Kind.DAY: str, Kind.VERSION: str}

_HIDDEN = "Triggers that tell of health and are left out for this key."


def make_columns() -> list[Column[Any]]:
    """Make the columns of a table of the database that holds scores; a level that is none is -1, never null."""
    return [
        Column(name, _SQL[field.kind], nullable=field.nullable and field.kind is not Kind.LEVEL)
        for name, field in FIELDS.items()
    ]


def make_schema() -> list[tuple[str, pa.DataType]]:
    """Make the Arrow columns of what is said of a household alone, in plain values."""
    own = [field for field in FIELDS.values() if field.read is not None]
    return [(field.name, _ARROW.get(field.kind, pa.string())) for field in own]


def json_types(names: Iterable[str]) -> dict[str, Any]:
    """Type some fields as :func:`show` gives them."""
    types: dict[str, Any] = {}
    for field in (FIELDS[name] for name in names):
        kind: Any = one_of(*field.words) if field.words else _JSON[field.kind]
        kind = kind | None if field.nullable else kind
        if field.description:
            least, most = field.bounds or (None, None)
            kind = Annotated[kind, pydantic.Field(ge=least, le=most, description=field.description)]
        types[field.name] = kind
        if field.kind is Kind.FLAGS:
            types["hidden_flags"] = Annotated[int, pydantic.Field(description=_HIDDEN)]
    return types


def show(
    row: Mapping[str, Any], policy: Policy, redact: tuple[str, ...] = (), names: Iterable[str] = tuple(FIELDS)
) -> dict[str, Any]:
    """Put fields of a score into words; flags that tell of health are only counted if redacted.

    >>> from riskml.policy import load_policy
    >>> row = {"tier": -1, "signal": 3, "rule_flags": "accident;dropout"}
    >>> show(row, load_policy(), names=row)
    {'tier': None, 'signal': 'red', 'rule_flags': ['accident', 'dropout'], 'hidden_flags': 0}
    """
    out: dict[str, Any] = {}
    for name in names:
        field, value = FIELDS[name], row[name]
        match field.kind:
            case Kind.LEVEL:
                out[name] = None if value < 0 else field.words[value]
            case Kind.FLAGS:
                out[name], out["hidden_flags"] = redact_flags(value.split(";") if value else [], policy, redact)
            case Kind.DAY:
                out[name] = None if value is None else value.isoformat()
            case _:
                out[name] = value
    return out


def list_facts(shown: Mapping[str, Any], lang: str) -> list[tuple[str, Any]]:
    """List the label and the value of the fields for which a page has no layout of its own."""
    facts = [(field.label[lang == "en"], shown[name]) for name, field in FIELDS.items() if field.label]
    return [(label, "—" if value is None else value) for label, value in facts]
