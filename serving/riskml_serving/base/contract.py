"""Types for the data contract's tables as JSON, generated from riskml's declaration of the contract."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, Strict, with_config
from typing_extensions import TypedDict

from riskml.records.checking.cell_checks import ENDS, FIRST_YEAR, LAST_YEAR
from riskml.records.contract.schema import (
    HOUSEHOLD_CODE,
    LARGEST_COUNT,
    MAX_AMOUNT,
    MAX_TEXT,
    PLAIN,
    TABLES,
    Column,
    Kind,
    Table,
)

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MAX_AMOUNT",
    "make_amount_type",
    "make_choice_type",
    "make_day_type",
    "make_dict_type",
    "make_list_type",
    "make_tables_type",
    "make_text_type",
]

FIRST_DAY, LAST_DAY = dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31)
MAX_VALUES = {Kind.COUNT: LARGEST_COUNT, Kind.YEAR: LAST_YEAR}
REGION = r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"
CENT = 0.01
"""Smallest amount in a column that must be above zero (the monitoring line), in yuan."""
ATTRIBUTE = (
    Annotated[str, Field(max_length=1000)]
    | Annotated[float, Field(allow_inf_nan=False, ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
    | bool
    | None
)


def make_day_type(description: str, last: dt.date = LAST_DAY) -> Any:
    """Make the type for a date in a request body, such as 2024-12-31, from the first year allowed up to ``last``."""
    return Annotated[dt.date, Strict(), Field(ge=FIRST_DAY, le=last, description=description)]


def make_text_type(most: int, description: str | None = None, pattern: str = PLAIN) -> Any:
    """Make the type for a text in a request body that is not empty and has at most so many characters."""
    return Annotated[str, Field(min_length=1, max_length=most, pattern=pattern, description=description)]


def make_amount_type(description: str | None = None, ge: float | None = None, gt: float | None = None) -> Any:
    """Make the type for an amount in yuan in a request body, at least ``ge`` or above ``gt``."""
    limits = Field(allow_inf_nan=False, ge=ge, gt=gt, le=MAX_AMOUNT, description=description)
    return Annotated[float, Strict(), limits]


def _require_month_start(day: dt.date) -> dt.date:
    if day.day != 1:
        raise ValueError("must be the first day of a month")
    return day


def _make_type(column: Column) -> Any:
    description = f"{column.zh} · {column.en}" + (f" ({column.unit})" if column.unit else "")
    kind: Any
    limits: dict[str, Any]
    match column.kind:
        case Kind.DATE:
            return make_day_type(description, dt.date.max if column.name in ENDS else LAST_DAY)
        case Kind.MONTH_START:
            return Annotated[make_day_type(description), AfterValidator(_require_month_start)]
        case Kind.COUNT | Kind.YEAR:
            kind, limits = int, {"ge": int(column.minimum or 0), "le": MAX_VALUES[column.kind]}
        case Kind.AMOUNT:
            floor = -MAX_AMOUNT if column.minimum is None else max(column.minimum, CENT if column.exclusive else 0.0)
            kind, limits = float, {"allow_inf_nan": False, "ge": floor, "le": MAX_AMOUNT}
        case Kind.FLAG:
            kind, limits = bool, {}
        case Kind.CODE:
            codes = column.allowed or ()
            kind, limits = str, {"pattern": f"^({'|'.join(codes)})$", "json_schema_extra": {"enum": list(codes)}}
        case Kind.CODES:
            code = f"({'|'.join(column.allowed or ())})"
            kind, limits = str, {"pattern": f"^({code}(;{code})*)?$"}
        case Kind.REGION:
            kind, limits = str, {"pattern": r"^[0-9]{0,12}$"}
        case _:
            pattern = HOUSEHOLD_CODE if column.name == "household_id" else PLAIN
            kind, limits = str, {"min_length": 1, "max_length": MAX_TEXT, "pattern": pattern}
    return Annotated[kind, Strict(), Field(**limits, description=description)]


def make_dict_type(name: str, fields: dict[str, Any], extra: Any = None) -> Any:
    """Make the type for a dictionary with these fields; other fields are refused unless ``extra`` gives their type."""
    make: Any = TypedDict
    if extra is None:
        return with_config(ConfigDict(extra="forbid"))(make(name, fields))
    return with_config(ConfigDict(extra="allow"))(make(name, fields, extra_items=extra))


def make_list_type(kind: Any) -> Any:
    """Make the type for a list of items of one type."""
    return list.__class_getitem__(kind)


def make_choice_type(*codes: str) -> Any:
    """Make the type for a string that must be one of the codes."""
    return Literal.__getitem__(codes)


def _make_row_type(table: Table) -> Any:
    """Make the type for a row: a dictionary with the contract's columns, and attributes if the table has them."""
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
    """Make the type for the tables in a request; an absent table means 'unknown', an empty one means 'no rows'."""
    fields: dict[str, Any] = {}
    for table in TABLES.values():
        rows = make_list_type(ROWS[table.name])
        versions = " · 每行一个版本 · one row per version" if table.key else ""
        kind: Any = Annotated[rows, Field(description=f"{table.zh} · {table.en}{versions}")]
        fields[table.name] = kind if table.name in required else NotRequired[kind]
    return make_dict_type(name, fields)


ROWS: dict[str, Any] = {name: _make_row_type(table) for name, table in TABLES.items()}
"""Type of the rows of each table, by the table's name."""
