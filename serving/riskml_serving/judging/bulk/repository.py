"""SQL that reads everything about a range of households, as text for a driver that answers with Arrow tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite import dialect as sqlite

from riskml.records.contract.schema import TABLES
from riskml_serving.judging.scores.tables import CURRENT
from riskml_serving.people.auth import within
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.tables import RECORDS

__all__ = ["REGISTER", "Range", "cast_register", "compiled", "regional", "register", "rows"]

POSTGRESQL: Any = asyncpg.dialect()  # type: ignore[no-untyped-call]
SQLITE: Any = sqlite(paramstyle="qmark")
"""How statements are written for the drivers: parameters as $1, and as a question mark."""

REGISTER = pa.schema(
    [
        ("household_id", pa.string()),
        ("region_code", pa.string()),
        ("known_tables", pa.string()),
        ("seq", pa.int64()),
        ("scored_at", pa.timestamp("us")),
    ]
)
"""Columns of the register that a range begins with; ``seq`` and ``scored_at`` name the score that stood then."""


@dataclass(frozen=True)
class Range:
    """Open households of a region from one code to another.

    Parameters
    ----------
    region : str
        What the job may touch.
    first, last : str
    regions : tuple of str, optional
        Only those that live in any of these, or are named.
    named : tuple of str, optional
    """

    region: str
    first: str
    last: str
    regions: tuple[str, ...] = ("",)
    named: tuple[str, ...] = field(default=())


def _chosen(which: Range) -> ColumnElement[bool]:
    """Condition that a household of the register is in the range."""
    asked = [within(HOUSEHOLDS.c.region_code, region) for region in which.regions]
    named = [code for code in which.named if which.first <= code <= which.last]
    if named:
        asked.append(HOUSEHOLDS.c.household_id.in_(named))
    return (
        HOUSEHOLDS.c.household_id.between(which.first, which.last)
        & HOUSEHOLDS.c.closed_on.is_(None)
        & within(HOUSEHOLDS.c.region_code, which.region)
        & or_(*asked)
    )


def register(which: Range) -> Select[Any]:
    """Households of the range, in their order, with the score that stands."""
    mine = [HOUSEHOLDS.c[name] if name in HOUSEHOLDS.c else CURRENT.c[name] for name in REGISTER.names]
    joined = HOUSEHOLDS.outerjoin(CURRENT, CURRENT.c.household_id == HOUSEHOLDS.c.household_id)
    return (
        select(*mine)
        .select_from(joined)
        .where(_chosen(which), within(HOUSEHOLDS.c.region_code, which.region))
        .order_by(HOUSEHOLDS.c.household_id)
    )


def cast_register(table: pa.Table) -> pa.Table:
    """Cast the register to ``REGISTER``: a column without a value comes as integers from SQLite, and times as text."""
    columns = [
        pa.nulls(len(c), f.type) if c.null_count == len(c) else c.cast(f.type)
        for c, f in zip(table.columns, REGISTER, strict=True)
    ]
    return pa.table(columns, REGISTER)


def rows(which: Range, name: str) -> Select[Any]:
    """Rows of the range in one table, in any order: what replaced another row on its day has marked it superseded."""
    table = RECORDS[name]
    chosen = [table.c[column.name] for column in TABLES[name].columns]
    if TABLES[name].attributes:
        chosen.append(table.c.attributes)
    query = select(*chosen).where(~table.c.superseded)
    if name != "lines":
        codes = select(HOUSEHOLDS.c.household_id).where(_chosen(which), within(HOUSEHOLDS.c.region_code, which.region))
        query = query.where(table.c.household_id.in_(codes))
    return query


def regional(regions: Sequence[str]) -> Select[Any]:
    """Disasters that struck any region around the given ones."""
    prefixes = sorted({code[:length] for code in regions for length in range(len(code) + 1)})
    table = RECORDS["disaster"]
    chosen = [table.c[column.name] for column in TABLES["disaster"].columns]
    return select(*chosen).where(table.c.region_code.in_(prefixes), ~table.c.superseded)


def compiled(query: Select[Any], backend: str) -> tuple[str, list[Any]]:
    """SQL and parameters as the driver of a database takes them."""
    dialect: Any = POSTGRESQL if backend == "postgresql" else SQLITE
    found = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return str(found), [found.params[name] for name in found.positiontup or ()]
