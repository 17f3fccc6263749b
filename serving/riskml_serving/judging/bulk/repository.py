"""SQL that reads everything about a range of households, as text for a driver that returns Arrow tables."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, union
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite import dialect as sqlite

from riskml.records.contract.arrow_types import cast_values
from riskml.records.contract.schema import TABLES
from riskml.vocabulary.regions import Level
from riskml_serving.judging.scores.tables import CURRENT
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.households.repository import is_open, list_codes
from riskml_serving.store.households.tables import HOUSEHOLDS
from riskml_serving.store.records.repository import is_not_superseded
from riskml_serving.store.records.tables import RECORDS, list_columns

POSTGRESQL: Any = asyncpg.dialect()  # type: ignore[no-untyped-call]
SQLITE: Any = sqlite(paramstyle="qmark")
"""Dialects of the two drivers: parameters are written as $1, or as a question mark."""

REGISTER = pa.schema(
    [
        ("household_id", pa.string()),
        ("region_code", pa.string()),
        ("known_tables", pa.string()),
        ("seq", pa.int64()),
        ("scored_at", pa.timestamp("us")),
    ]
)
"""Columns that are read first: from the register of households, and the ``seq`` and ``scored_at`` that identify each
household's current score at that time."""


@dataclass(frozen=True)
class Selection:
    """Open households in a region that live in one of ``regions`` or are ``named``.

    Parameters
    ----------
    region : str
        Region that contains every selected household.
    regions : sequence of str
    named : sequence of str
        Codes, in ascending order.
    """

    region: str
    regions: Sequence[str]
    named: Sequence[str] = ()


@dataclass(frozen=True)
class Range(Selection):
    """The households in a selection with codes from ``first`` to ``last``; ``named`` holds only codes in this range."""

    first: str = ""
    last: str = ""


def find_range(connection: Connection, selection: Selection, after: str, size: int) -> Range | None:
    """Find the next households in a selection after a code; return None if there are no more."""
    start = bisect_right(selection.named, after)
    codes = set(selection.named[start : start + size])
    for region in selection.regions:
        codes.update(list_codes(connection, region, after, size))
    if not codes:
        return None
    chosen = sorted(codes)[:size]
    named = selection.named[start : bisect_right(selection.named, chosen[-1])]
    return Range(selection.region, selection.regions, named, chosen[0], chosen[-1])


def _is_in(range_: Range) -> ColumnElement[bool]:
    """Build the condition that a household in the register is in the range."""
    selected = [is_in_region(HOUSEHOLDS.c.region_code, region) for region in range_.regions]
    if range_.named:
        selected.append(HOUSEHOLDS.c.household_id.in_(range_.named))
    return (
        HOUSEHOLDS.c.household_id.between(range_.first, range_.last)
        & is_open()
        & is_in_region(HOUSEHOLDS.c.region_code, range_.region)
        & or_(*selected)
    )


def write_queries(range_: Range, backend: str) -> dict[str, tuple[str, list[Any]]]:
    """Write the queries that read a range, as SQL and parameters for a database's driver.

    Returns
    -------
    dict of str to (str, list)
        ``register``, ``regional`` (the disasters in the regions where the households have lived, and in all regions
        that contain these) and the contract's tables.
    """
    queries = {"register": _select_register(range_), **{name: _select_rows(range_, name) for name in TABLES}}
    dialect = POSTGRESQL if backend == "postgresql" else SQLITE
    out = {}
    for name, query in {**queries, "regional": _select_regional(range_)}.items():
        compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        values = compiled.params  # a property, which is computed again whenever it is read
        out[name] = str(compiled), [values[parameter] for parameter in compiled.positiontup or ()]
    return out


def _select_register(range_: Range) -> Select[Any]:
    """Select the households in the range, in code order, with their current scores."""
    columns = [HOUSEHOLDS.c[name] if name in HOUSEHOLDS.c else CURRENT.c[name] for name in REGISTER.names]
    joined = HOUSEHOLDS.outerjoin(CURRENT, CURRENT.c.household_id == HOUSEHOLDS.c.household_id)
    return (
        select(*columns)
        .select_from(joined)
        .where(_is_in(range_), is_in_region(HOUSEHOLDS.c.region_code, range_.region))
        .order_by(HOUSEHOLDS.c.household_id)
    )


def cast_register(table: pa.Table) -> pa.Table:
    """Cast the register to ``REGISTER``: SQLite returns columns without values as integers, and times as text."""
    columns = [cast_values(values, field.type) for values, field in zip(table.columns, REGISTER, strict=True)]
    return pa.table(columns, REGISTER)


def _select_codes(range_: Range) -> Select[Any]:
    """Select the codes of the households in the range."""
    inside = is_in_region(HOUSEHOLDS.c.region_code, range_.region)
    return select(HOUSEHOLDS.c.household_id).where(_is_in(range_), inside)


def _select_rows(range_: Range, name: str) -> Select[Any]:
    """Select the range's rows in one table, or all of ``lines``, in any order; superseded rows are left out."""
    table = RECORDS[name]
    query = select(*list_columns(name)).where(is_not_superseded(table))
    return query if name == "lines" else query.where(table.c.household_id.in_(_select_codes(range_)))


def _select_regional(range_: Range) -> Select[Any]:
    """Select the disasters that struck the regions of the range's households or any region that contains them."""
    table, homes = RECORDS["disaster"], RECORDS["households"]
    own = homes.c.household_id.in_(_select_codes(range_)), is_not_superseded(homes)
    lived = select(homes.c.region_code).where(*own).distinct().cte("lived")
    prefixes = union(*(select(func.substr(lived.c.region_code, 1, length)) for length in range(Level.VILLAGE + 1)))
    return select(*list_columns("disaster")).where(table.c.region_code.in_(prefixes), is_not_superseded(table))
