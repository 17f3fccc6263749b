"""What new records must fulfil beyond the types of their fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from riskml.records.contract.schema import TABLES
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.judging.scores.requests import check_sizes, require_once, require_one_place
from riskml_serving.judging.scores.service import columns_of
from riskml_serving.people.auth import Caller, covers

__all__ = ["Rows", "check_rows", "require_region"]

Rows = dict[str, list[dict[str, Any]]]


def check_rows(tables: Rows, caller: Caller, settings: Settings, today: dt.date) -> Rows:
    """Check what can be said without the database; return the rows, each with its day of recording.

    Raises
    ------
    Problem
        Limits, days of recording before today, two rows of one record, rights, regions outside the caller's.
    """
    check_sizes(tables, settings)
    if not any(tables.values()):
        raise Problem("invalid-request", errors=[FieldError("tables", "too_short", "At least one row is needed")])
    require_one_place(tables)
    _require_days(tables, today)
    rows = {name: [_dated(name, row, today) for row in table] for name, table in tables.items()}
    require_once({name: columns_of(table) for name, table in rows.items()})
    if tables.get("lines"):
        caller.require("admin")
    require_region(tables, caller)
    return rows


def _require_days(tables: Rows, today: dt.date) -> None:
    """Refuse days before the receipt; and later ones of households, since the register says where each lives now."""
    future = [
        FieldError(f"tables.households[{i}].recorded_on", "in_future", "Not later than today")
        for i, row in enumerate(tables.get("households", ()))
        if (row.get("recorded_on") or today) > today
    ]
    if future:
        raise Problem("invalid-request", errors=future)
    early = [
        FieldError(f"tables.{name}[{i}].recorded_on", "too_early", "Not before the day of receipt")
        for name, rows in tables.items()
        for i, row in enumerate(rows)
        if row.get("recorded_on") is not None and row["recorded_on"] < today
    ]
    if early:
        raise Problem(
            "recorded-too-early",
            f"今天是 {today},登记日期不得更早",
            f"Today is {today}; recorded_on may not be earlier",
            errors=early,
        )


def require_region(tables: Rows, caller: Caller) -> None:
    """Refuse regions that the caller does not cover.

    Raises
    ------
    Problem
        ``household-not-found`` for a household moved out of reach, ``region-not-found`` for a wider region struck.
    """
    for name, kind in (
        ("households", "household-not-found"),
        ("disaster", "region-not-found"),
        ("lines", "region-not-found"),
    ):
        outside = [
            FieldError(f"tables.{name}[{i}].region_code", "outside_region", "Outside the region of the key")
            for i, row in enumerate(tables.get(name, ()))
            if not (name == "disaster" and row.get("household_id"))
            and not covers(caller.region, row.get("region_code") or "")
        ]
        if outside:
            raise Problem(kind, errors=outside)


def _dated(name: str, row: Mapping[str, Any], today: dt.date) -> dict[str, Any]:
    """Row with the day of receipt as the day of recording, where it names none."""
    if TABLES[name].column("recorded_on") is None or row.get("recorded_on") is not None:
        return dict(row)
    return {**row, "recorded_on": today}
