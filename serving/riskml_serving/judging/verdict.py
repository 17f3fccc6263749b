"""The fields of a score in the service: those that riskml declares, and those that the service adds.

Database columns, Arrow types and JSON types are derived from ``FIELDS`` here; ``wording`` puts their values into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import pyarrow as pa
import pydantic
from sqlalchemy import Column, Date, Double, SmallInteger, String, Text
from sqlalchemy.types import TypeEngine

from riskml import verdict
from riskml.verdict import Field, Kind
from riskml.vocabulary.terms import Term, Vocabulary
from riskml_serving.base.contract import make_choice_type

_OWN = {
    "agreement": Field(
        "agreement_by",
        Kind.WORD,
        terms=Vocabulary(Term("capacity", "走访名额", "visit capacity"), Term("tier", "模型分级", "tier")),
        nullable=True,
        description="What makes the model's verdict positive: the county's visit capacity, or the tier.",
    ),
    "income_until": Field(
        "records_end",
        Kind.DAY,
        nullable=True,
        identity=False,
        brief=False,
        description="Last day that any record of the household, or a disaster in its region, describes or was recorded "
        "on, if `as_of` is later.",
    ),
    "model_version": Field("feature_schema_hash", Kind.VERSION),
}
"""Fields that only the service has, keyed by the field that they follow."""

FIELDS: dict[str, Field] = {
    field.name: field for own in verdict.FIELDS for field in (own, _OWN.get(own.name)) if field is not None
}
"""Fields of a score by name, in the order that all tables follow."""

VERSIONS = tuple(name for name, field in FIELDS.items() if field.kind is Kind.VERSION)
"""Fields that state the provenance of a score."""

FULL = tuple(name for name in FIELDS if name not in VERSIONS)
"""Fields of a score in a response; its versions are among the fields that every response has."""

BRIEF = tuple(name for name in FULL if FIELDS[name].brief)
"""Fields of a score in a short response about a change."""

WITHHELD: dict[str, Any] = {"probability": None, "margin": None, "tier": -1}
"""Fields that a silent model withholds, besides its agreement with the rule line, and what is stored instead. A model
is silent if it was trained on a simulated county but judges real households."""

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

_HIDDEN = "Number of triggers that concern health and are left out for this key."


def make_columns(names: Iterable[str] = tuple(FIELDS), *, optional: bool = False) -> list[Column[Any]]:
    """Make the columns of a database table that holds scores; a missing level is -1, never null.

    With ``optional``, every column may be null, for tables whose rows may have no score at all.
    """
    return [
        Column(name, _SQL[field.kind], nullable=optional or (field.nullable and field.kind is not Kind.LEVEL))
        for name, field in ((name, FIELDS[name]) for name in names)
    ]


def make_schema() -> list[tuple[str, pa.DataType]]:
    """Make the names and types of the Arrow columns that hold the fields of a score."""
    return [(name, _ARROW.get(FIELDS[name].kind, pa.string())) for name in FULL]


def type_fields(names: Iterable[str]) -> dict[str, Any]:
    """Make the JSON types for some fields, in the form that :func:`riskml_serving.judging.wording.show` returns."""
    types: dict[str, Any] = {}
    for field in (FIELDS[name] for name in names):
        words = (*field.words, field.otherwise.code) if field.otherwise else field.words
        kind: Any = make_choice_type(*words) if words else _JSON[field.kind]
        kind = kind | None if field.nullable else kind
        if field.description:
            least, most = field.bounds or (None, None)
            kind = Annotated[kind, pydantic.Field(ge=least, le=most, description=field.description)]
        types[field.name] = kind
        if field.kind is Kind.FLAGS:
            types["hidden_flags"] = Annotated[int, pydantic.Field(description=_HIDDEN)]
    return types
