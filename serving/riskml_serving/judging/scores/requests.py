"""What a request with records must fulfil beyond the types of its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from riskml.records.contract.schema import TABLES
from riskml.records.panel.clashes import find_repeated_rows, find_total_clashes
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.judging.scores.service import Columns, columns_of
from riskml_serving.people.auth import Caller, covers

__all__ = [
    "EMPTY",
    "Tables",
    "check",
    "check_sizes",
    "require_once",
    "require_one_income",
    "require_one_place",
    "with_lines",
]

Tables = dict[str, Columns]

EMPTY: Tables = {name: {column.name: [] for column in table.columns} for name, table in TABLES.items()}
"""Tables that are there without rows: known to be none."""

Rows = dict[str, list[dict[str, Any]]]


def check_sizes(tables: Rows, settings: Settings) -> Counter[str]:
    """Count the rows of each household.

    Raises
    ------
    Problem
        ``too-many-households`` or ``too-many-rows``.
    """
    rows: Counter[str] = Counter()
    for name, table in tables.items():
        if name != "lines":
            rows.update([row.get("household_id") or "" for row in table])
    rows.pop("", None)
    if len(rows) > settings.max_households:
        most = settings.max_households
        raise Problem(
            "too-many-households",
            f"一次请求最多 {most} 户(设置 max_households)",
            f"At most {most} households a request (setting max_households)",
        )
    if rows and max(rows.values()) > settings.max_rows_per_household:
        most = settings.max_rows_per_household
        raise Problem(
            "too-many-rows",
            f"每户最多 {most} 行记录(设置 max_rows_per_household)",
            f"At most {most} rows a household (setting max_rows_per_household)",
        )
    return rows


def check(tables: Rows, columns: Tables, caller: Caller, settings: Settings) -> None:
    """Check the limits, the caller's region, and that every row belongs to a household of the request.

    Parameters
    ----------
    tables : dict of str to rows
    columns : dict of str to columns
        The same, as :func:`with_lines` turned them.
    caller : Caller
    settings : Settings

    Raises
    ------
    Problem
    """
    rows = check_sizes(tables, settings)
    own = {row["household_id"] for row in tables["households"]}
    if not own:
        errors = [FieldError("tables.households", "too_short", "At least one household is needed")]
        raise Problem("invalid-request", errors=errors)
    outside = [
        FieldError(f"tables.households[{i}].region_code", "outside_region", "Outside the region of the key")
        for i, row in enumerate(tables["households"])
        if not covers(caller.region, row["region_code"])
    ]
    if outside:
        raise Problem("household-not-found", errors=outside)
    if rows.keys() - own:
        raise Problem("invalid-request", errors=_strangers(tables, own))
    require_one_place(tables)
    require_once({name: columns[name] for name in tables})
    require_one_income(tables["income"], columns["income"])


def _strangers(tables: Rows, own: set[str]) -> list[FieldError]:
    return [
        FieldError(f"tables.{name}[{i}].household_id", "no_such_household", "The table households does not hold it")
        for name, table in tables.items()
        for i, row in enumerate(table)
        if name != "lines" and row.get("household_id") and row["household_id"] not in own
    ]


def require_one_place(tables: Rows) -> None:
    """Check that each disaster strikes either a household or a region.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    errors = [
        FieldError(f"tables.disaster[{i}]", "one_place", "Exactly one of household_id and region_code is needed")
        for i, row in enumerate(tables.get("disaster", ()))
        if bool(row.get("household_id")) == bool(row.get("region_code"))
    ]
    if errors:
        raise Problem("invalid-request", errors=errors)


def require_once(tables: Tables) -> None:
    """Check that no record, version or line is there twice for one day of recording: nobody could say which counts.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    errors = [
        FieldError(f"tables.{name}[{i}]", "twice", "The same record or version stands twice for one recorded_on")
        for name, columns in tables.items()
        for i in find_repeated_rows(name, columns)
    ]
    if errors:
        raise Problem("invalid-request", errors=errors)


def require_one_income(rows: list[dict[str, Any]], columns: Columns) -> None:
    """Check that no month has both a total and a source.

    Parameters
    ----------
    rows : list of dict
        Of the request.
    columns : dict of columns
        All rows of the households, those of the request among them.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    clashes = find_total_clashes(columns)
    if not clashes:
        return
    said = {(columns["household_id"][i]) for i in clashes}
    errors = [
        FieldError(f"tables.income[{i}].source", "total_and_source", "A month has both a total and a source")
        for i, row in enumerate(rows)
        if row["household_id"] in said
    ]
    raise Problem("invalid-request", errors=errors)


def with_lines(tables: Rows, lines: Callable[[], Columns]) -> Tables:
    """Turn a request's tables into columns, with the service's lines where it does not have that table.

    A table without rows keeps its columns, so that it still says that there is nothing: without lines, those of the
    policy table count.
    """
    out = {name: columns_of(rows) or EMPTY[name] for name, rows in tables.items()}
    if "lines" not in tables:
        out["lines"] = lines()
    return out
