"""The contract's tables as JSON: typed rows, generated from riskml's declaration."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, Strict, with_config
from typing_extensions import TypedDict

from riskml.records.contract.schema import TABLES, Column, Kind, Table

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "PLAIN",
    "ROWS",
    "make_choice_type",
    "make_day_type",
    "make_dict_type",
    "make_list_type",
    "make_tables_type",
]

FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2200, 12, 31)
MAX_VALUES = {Kind.COUNT: 1200, Kind.YEAR: 2200}
PLAIN = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: PostgreSQL rejects NUL, and a line break in a code is a mistake."""
REGION = r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"
MAX_AMOUNT, CENT = 1e12, 0.01
"""Amounts above 1e12 yuan, or a line below a cent, would overflow; neither is realistic."""
ATTRIBUTE = (
    Annotated[str, Field(max_length=1000)]
    | Annotated[float, Field(allow_inf_nan=False, ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
    | bool
    | None
)


def make_day_type(description: str) -> Any:
    """Make the type of a day in a body: written as 2024-12-31, within the years in which records can be."""
    return Annotated[dt.date, Strict(), Field(ge=FIRST_DAY, le=LAST_DAY, description=description)]


def _first_of_month(day: dt.date) -> dt.date:
    if day.day != 1:
        raise ValueError("must be the first day of a month")
    return day


def _make_type(column: Column) -> Any:
    text = f"{column.zh} · {column.en}" + (f" ({column.unit})" if column.unit else "")
    described: Any = {"description": text}
    match column.kind:
        case Kind.DATE:
            return make_day_type(text)
        case Kind.MONTH_START:
            return Annotated[make_day_type(text), AfterValidator(_first_of_month)]
        case Kind.COUNT | Kind.YEAR:
            least = int(column.minimum or 0)
            return Annotated[int, Strict(), Field(ge=least, le=MAX_VALUES[column.kind], **described)]
        case Kind.AMOUNT:
            floor = -MAX_AMOUNT if column.minimum is None else max(column.minimum, CENT if column.exclusive else 0.0)
            return Annotated[float, Strict(), Field(allow_inf_nan=False, ge=floor, le=MAX_AMOUNT, **described)]
        case Kind.FLAG:
            return Annotated[bool, Strict(), Field(**described)]
        case Kind.CODE:
            return Annotated[
                str, Field(pattern=_code_pattern(column), **described, json_schema_extra=_describe_codes(column))
            ]
        case Kind.CODES:
            one = _code_pattern(column)[1:-1]
            return Annotated[str, Field(pattern=f"^({one}(;{one})*)?$", **described)]
        case Kind.REGION:
            return Annotated[str, Field(pattern=r"^[0-9]{0,12}$", **described)]
        case _:
            return Annotated[str, Field(min_length=1, max_length=128, pattern=PLAIN, **described)]


def _code_pattern(column: Column) -> str:
    return f"^({'|'.join(column.allowed or ())})$"


def _describe_codes(column: Column) -> Any:
    return {"enum": list(column.allowed or ())}


def make_dict_type(name: str, fields: dict[str, Any], extra: Any = None) -> Any:
    """Make the type of a dictionary with these fields; others are refused, unless ``extra`` is their type."""
    make: Any = TypedDict
    if extra is None:
        return with_config(ConfigDict(extra="forbid"))(make(name, fields))
    return with_config(ConfigDict(extra="allow"))(make(name, fields, extra_items=extra))


def make_list_type(kind: Any) -> Any:
    """Make the type of a list; a checker takes no type that is known at run time only."""
    return list.__class_getitem__(kind)


def make_choice_type(*codes: str) -> Any:
    """Make the type of a text that is one of some codes."""
    return Literal.__getitem__(codes)


def _make_row_type(table: Table) -> Any:
    """Make the type of a row: a dictionary with the contract's columns and, where the table has them, attributes."""
    fields: dict[str, Any] = {}
    for column in table.columns:
        kind = _make_type(column)
        if column.name == "region_code" and table.name == "households":
            kind = Annotated[str, Field(pattern=REGION)]
        if column.nullable or not column.required:
            kind = kind | None
        fields[column.name] = kind if column.required else NotRequired[kind]
    return make_dict_type(f"{table.name.capitalize()}Row", fields, ATTRIBUTE if table.attributes else None)


@cache
def make_tables_type(name: str, required: tuple[str, ...]) -> Any:
    """Make the type of the tables in a request: an absent table means unknown, an empty one known to be none."""
    fields: dict[str, Any] = {}
    for table in TABLES.values():
        rows = make_list_type(ROWS[table.name])
        kind: Any = Annotated[rows, Field(description=f"{table.zh} · {table.en}")]
        fields[table.name] = kind if table.name in required else NotRequired[kind]
    return make_dict_type(name, fields)


ROWS: dict[str, Any] = {name: _make_row_type(table) for name, table in TABLES.items()}
"""Types of rows by table."""
