"""Checks of records to score or to append."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from riskml.records.contract.personal import is_personal_name, select_personal
from riskml.records.contract.schema import CHANGED_CODE, NO_CODE, TABLES
from riskml.records.panel.clashes import find_repeated_rows, find_repeated_statements, find_total_clashes
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.checks.comparisons import list_faults
from riskml_serving.checks.fields import CLOSED, NOT_FOUND, find_future, list_closed, refuse, refuse_paths
from riskml_serving.people.auth import Caller, covers
from riskml_serving.store.records.columns import Columns, Rows, to_columns

_DECLARED = frozenset(TABLES["households"].names)

_SPOILT = (
    ("spoilt_code", CHANGED_CODE, "A program has changed the code; send it as text"),
    ("no_code", NO_CODE, "Not a code; leave the field out if it is unknown"),
)
"""Rules for codes that are not those of the source, their patterns and messages."""

TableRows = Mapping[str, Rows]
"""Rows in a request, by table."""


def check_score_request(
    caller: Caller, settings: Settings, tables: TableRows, columns: Mapping[str, Columns], today: dt.date
) -> None:
    """Check records to score, which must belong to households in the request and in the caller's region.

    Parameters
    ----------
    caller : Caller
    settings : Settings
    tables : dict of str to rows
    columns : dict of str to columns
        The same rows, as columns.
    today : date

    Raises
    ------
    Problem
        If a limit is exceeded, a row is invalid or repeated, or a household is not in the table ``households`` or not
        in the caller's region.
    """
    counts = _require_sizes(columns, settings)
    _require_sound_texts(tables, columns)
    households = {row["household_id"] for row in tables["households"]}
    if not households:
        refuse_paths(["tables.households"], "too_short", "At least one household is needed")
    _require_regions(tables, caller, {"households": "household-not-found"})
    if unknown := counts.keys() - households:
        refuse_paths(_list_households(tables, unknown), "no_such_household", "Not in the table households")
    _require_one_subject(tables)
    own = {name: columns[name] for name in tables}
    refuse(list_faults(own, today))  # what would be a fault in a records folder
    _require_once(own)
    require_one_income(tables["income"], columns["income"])


def check_new_records(caller: Caller, settings: Settings, tables: TableRows, today: dt.date) -> dict[str, Rows]:
    """Check records to append, as far as possible without the database.

    Returns
    -------
    dict of str to rows
        The rows, each with its date of recording, which is the date of receipt by default; rows of ``lines`` stay as
        they are.

    Raises
    ------
    Problem
        If a limit is exceeded, a row is invalid or repeated, a date of recording is before today, a right is missing,
        or a region is outside the caller's region.
    """
    columns = {name: to_columns(rows) for name, rows in tables.items()}
    _require_sizes(columns, settings)
    if not any(tables.values()):
        refuse_paths(["tables"], "too_short", "At least one row is needed")
    _require_sound_texts(tables, columns)
    _require_one_subject(tables)
    refuse(list_faults(columns, today))  # what would be a fault in a records folder
    _require_days(tables, today)
    dated = {
        name: rows
        if name == "lines"  # without a day of recording, a line counts from the day on which it takes effect
        else [{**row, "recorded_on": row.get("recorded_on") or today} for row in rows]
        for name, rows in tables.items()
    }
    _require_once({name: to_columns(rows) for name, rows in dated.items()})
    if tables.get("lines"):
        caller.require("admin")
    wider = {"disaster": "region-not-found", "lines": "region-not-found"}
    _require_regions(tables, caller, {"households": "household-not-found", **wider})
    return dated


def refuse_households(tables: TableRows, codes: Collection[str]) -> None:
    """Refuse rows for the given households, which are not in the caller's region; do nothing if there are none.

    Raises
    ------
    Problem
        ``household-not-found``.
    """
    refuse_paths(_list_households(tables, codes), *NOT_FOUND)


def refuse_closed(tables: TableRows, register: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse rows for households that are closed in the register, which has their rows by code.

    Raises
    ------
    Problem
        ``household-closed``.
    """
    refuse_paths(_list_households(tables, list_closed(register)), *CLOSED)


def require_one_income(rows: Rows, columns: Columns) -> None:
    """Refuse contradictory income rows.

    A month must not have both a total and an individual source of income. Two statements for the same source and
    start date must have been recorded on different days.

    Parameters
    ----------
    rows : list of dict
        Income rows in the request.
    columns : dict of columns
        All income rows of the households, including those in the request.

    Raises
    ------
    Problem
        ``invalid-request``.
    """

    def refuse(positions: Sequence[int], column: str, code: str, message: str) -> None:
        wrong = {columns["household_id"][i] for i in positions}
        income = {"income": rows} if wrong else {}
        refuse_paths(_list_rows(income, column, lambda row: row["household_id"] in wrong), code, message)

    message = "Two statements of one source and start date have the same recorded_on"
    refuse(find_repeated_statements(columns), "statement", "twice", message)
    refuse(find_total_clashes(columns), "source", "total_and_source", "A month has both a total and a source")


def _list_rows(tables: TableRows, column: str, is_wrong: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """List the paths of a column's fields in the rows that are wrong."""
    return [
        f"tables.{name}[{i}].{column}" for name, rows in tables.items() for i, row in enumerate(rows) if is_wrong(row)
    ]


def _list_households(tables: TableRows, codes: Collection[str]) -> list[str]:
    """List the paths of the fields that name the given households."""
    return _list_rows(tables, "household_id", lambda row: row.get("household_id") in codes)


def _require_sizes(columns: Mapping[str, Columns], settings: Settings) -> Counter[str]:
    """Count the rows for each household; refuse a request with more households or rows than the settings allow."""
    counts: Counter[str] = Counter()
    for table in columns.values():
        counts.update(code for code in table.get("household_id", ()) if code is not None)
    if len(counts) > (most := settings.max_households):
        raise Problem("too-many-households", "request", most=most)
    if counts and max(counts.values()) > (most := settings.max_rows_per_household):
        raise Problem("too-many-rows", "household", most=most)
    return counts


def _require_sound_texts(tables: TableRows, columns: Mapping[str, Columns]) -> None:
    """Refuse codes that were turned into numbers, and personal data in attributes."""
    codes = {code for name in tables for c in TABLES[name].identifiers for code in columns[name].get(c, ())}
    for rule, pattern, message in _SPOILT:
        spoilt = {code for code in codes if code is not None and re.fullmatch(pattern, code)}
        if not spoilt:
            continue
        identifiers = (
            (name, i, row, c)
            for name, rows in tables.items()
            for i, row in enumerate(rows)
            for c in TABLES[name].identifiers
        )
        paths = (f"tables.{name}[{i}].{c}" for name, i, row, c in identifiers if row.get(c) in spoilt)
        refuse_paths(paths, rule, message)
    attributes: dict[str, dict[int, str]] = {}
    for i, row in enumerate(tables.get("households", ())):
        for name in row.keys() - _DECLARED:
            if (cell := row[name]) is not None:
                text = cell if isinstance(cell, str) else f"{cell:.0f}"
                attributes.setdefault(name, {})[i] = text
    for name, cells in attributes.items():
        personal = cells.values() if is_personal_name(name) else select_personal({*cells.values()}, len(cells), name)
        paths = (f"tables.households[{i}].{name}" for i, text in cells.items() if text in personal)
        message = "Attributes must not hold names, identity card numbers or telephone numbers"
        refuse_paths(paths, "personal_attribute", message)


def _require_one_subject(tables: TableRows) -> None:
    """Refuse a disaster that names both a household and a region, or neither."""
    rows = enumerate(tables.get("disaster", ()))
    paths = (
        f"tables.disaster[{i}]" for i, row in rows if bool(row.get("household_id")) == bool(row.get("region_code"))
    )
    refuse_paths(paths, "one_place", "Exactly one of household_id and region_code is needed")


def _require_once(tables: Mapping[str, Columns]) -> None:
    """Refuse records, versions and lines sent twice with the same date of recording: only one of the two can count."""
    paths = (f"tables.{name}[{i}]" for name, columns in tables.items() for i in find_repeated_rows(name, columns))
    refuse_paths(paths, "twice", "The same record or version appears twice with the same recorded_on")


def _require_days(tables: TableRows, today: dt.date) -> None:
    """Refuse dates of recording before today.

    For the table ``households``, also refuse later dates, because the register states where each household lives now.
    """
    rows = enumerate(tables.get("households", ()))
    days = {f"tables.households[{i}].recorded_on": row.get("recorded_on") or today for i, row in rows}
    refuse(find_future(days, today))
    early = _list_rows(tables, "recorded_on", lambda row: (row.get("recorded_on") or today) < today)
    if early:
        errors = [FieldError(path, "too_early", "Must not be before today") for path in early]
        raise Problem("recorded-too-early", "today", today=today, errors=errors)


def _require_regions(tables: TableRows, caller: Caller, kinds: Mapping[str, str]) -> None:
    """Refuse regions outside the caller's region; ``kinds`` gives the kind of problem for each table."""
    for name, kind in kinds.items():
        paths = (
            f"tables.{name}[{i}].region_code"
            for i, row in enumerate(tables.get(name, ()))
            if not (name == "disaster" and row.get("household_id"))
            and not covers(caller.region, row.get("region_code") or "")
        )
        refuse_paths(paths, "outside_region", "Outside this key's region", kind)
