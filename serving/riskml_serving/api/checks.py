"""What a request must fulfil beyond the types of its fields."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping

from riskml.records.contract.schema import TABLES
from riskml.records.panel.clashes import find_repeated_rows, find_total_clashes
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.people.auth import Caller, covers
from riskml_serving.store.records.columns import Columns, Rows, to_columns

__all__ = ["TableRows", "check_new_records", "check_score_request", "require_no_future", "require_one_income"]

TableRows = Mapping[str, Rows]
"""Rows of a request by table."""


def check_score_request(tables: TableRows, columns: Mapping[str, Columns], caller: Caller, settings: Settings) -> None:
    """Check records that are only scored: every row belongs to a household of the request and of the caller's region.

    Parameters
    ----------
    tables : dict of str to rows
    columns : dict of str to columns
        The same rows.
    caller : Caller
    settings : Settings

    Raises
    ------
    Problem
    """
    counts = _require_sizes(tables, settings)
    households = {row["household_id"] for row in tables["households"]}
    if not households:
        _refuse([FieldError("tables.households", "too_short", "At least one household is needed")])
    _require_regions(tables, caller, {"households": "household-not-found"})
    if counts.keys() - households:
        _refuse(
            FieldError(f"tables.{name}[{i}].household_id", "no_such_household", "The table households does not hold it")
            for name, rows in tables.items()
            for i, row in enumerate(rows)
            if name != "lines" and row.get("household_id") and row["household_id"] not in households
        )
    _require_one_subject(tables)
    _require_once({name: columns[name] for name in tables})
    require_one_income(tables["income"], columns["income"])


def check_new_records(tables: TableRows, caller: Caller, settings: Settings, today: dt.date) -> dict[str, Rows]:
    """Check records to append, as far as the database need not be asked.

    Returns
    -------
    dict of str to rows
        The rows, each with its day of recording: the day of receipt where it names none.

    Raises
    ------
    Problem
        Limits, days of recording before today, two rows of one record, rights, regions outside the caller's.
    """
    _require_sizes(tables, settings)
    if not any(tables.values()):
        _refuse([FieldError("tables", "too_short", "At least one row is needed")])
    _require_one_subject(tables)
    _require_days(tables, today)
    dated = {
        name: rows
        if TABLES[name].column("recorded_on") is None
        else [{**row, "recorded_on": row.get("recorded_on") or today} for row in rows]
        for name, rows in tables.items()
    }
    _require_once({name: to_columns(rows) for name, rows in dated.items()})
    if tables.get("lines"):
        caller.require("admin")
    wider = {"disaster": "region-not-found", "lines": "region-not-found"}
    _require_regions(tables, caller, {"households": "household-not-found", **wider})
    return dated


def require_no_future(day: dt.date, today: dt.date, error: FieldError) -> None:
    """Refuse a day that is still to come.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    if day > today:
        _refuse([error])


def require_one_income(rows: Rows, columns: Columns) -> None:
    """Refuse a month that has both a total and a source.

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
    clashes = {columns["household_id"][i] for i in find_total_clashes(columns)}
    _refuse(
        FieldError(f"tables.income[{i}].source", "total_and_source", "A month has both a total and a source")
        for i, row in enumerate(rows)
        if row["household_id"] in clashes
    )


def _refuse(errors: Iterable[FieldError], kind: str = "invalid-request") -> None:
    """Raise the problem if there is any error."""
    if listed := list(errors):
        raise Problem(kind, errors=listed)


def _require_sizes(tables: TableRows, settings: Settings) -> Counter[str]:
    """Count the rows of each household, and refuse more households or rows than the settings allow."""
    counts: Counter[str] = Counter()
    for name, rows in tables.items():
        if name != "lines":
            counts.update([row.get("household_id") or "" for row in rows])
    counts.pop("", None)
    if len(counts) > (most := settings.max_households):
        raise Problem(
            "too-many-households",
            f"一次请求最多 {most} 户（设置 max_households）",
            f"At most {most} households a request (setting max_households)",
        )
    if counts and max(counts.values()) > (most := settings.max_rows_per_household):
        raise Problem(
            "too-many-rows",
            f"每户最多 {most} 行记录（设置 max_rows_per_household）",
            f"At most {most} rows a household (setting max_rows_per_household)",
        )
    return counts


def _require_one_subject(tables: TableRows) -> None:
    """Refuse a disaster that strikes both a household and a region, or neither."""
    _refuse(
        FieldError(f"tables.disaster[{i}]", "one_place", "Exactly one of household_id and region_code is needed")
        for i, row in enumerate(tables.get("disaster", ()))
        if bool(row.get("household_id")) == bool(row.get("region_code"))
    )


def _require_once(tables: Mapping[str, Columns]) -> None:
    """Refuse a record, version or line that stands twice for one day of recording: which of them counts is unknown."""
    _refuse(
        FieldError(f"tables.{name}[{i}]", "twice", "The same record or version stands twice for one recorded_on")
        for name, columns in tables.items()
        for i in find_repeated_rows(name, columns)
    )


def _require_days(tables: TableRows, today: dt.date) -> None:
    """Refuse days before the receipt; and later ones of households, since the register says where each lives now."""
    _refuse(
        FieldError(f"tables.households[{i}].recorded_on", "in_future", "Not later than today")
        for i, row in enumerate(tables.get("households", ()))
        if (row.get("recorded_on") or today) > today
    )
    early = [
        FieldError(f"tables.{name}[{i}].recorded_on", "too_early", "Not before the day of receipt")
        for name, rows in tables.items()
        for i, row in enumerate(rows)
        if row.get("recorded_on") is not None and row["recorded_on"] < today
    ]
    if early:
        raise Problem(
            "recorded-too-early",
            f"今天是 {today}，登记日期不得更早",
            f"Today is {today}; recorded_on may not be earlier",
            errors=early,
        )


def _require_regions(tables: TableRows, caller: Caller, kinds: Mapping[str, str]) -> None:
    """Refuse regions that the caller does not cover, by table with the kind of problem."""
    for name, kind in kinds.items():
        errors = (
            FieldError(f"tables.{name}[{i}].region_code", "outside_region", "Outside the region of the key")
            for i, row in enumerate(tables.get(name, ()))
            if not (name == "disaster" and row.get("household_id"))
            and not covers(caller.region, row.get("region_code") or "")
        )
        _refuse(errors, kind)
