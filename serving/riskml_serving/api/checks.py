"""Checks on requests, beyond the types of their fields, which are checked earlier, when a body is parsed."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from riskml.records.contract.personal import is_personal_name, select_personal
from riskml.records.contract.schema import SPOILT_CODE, TABLES
from riskml.records.panel.clashes import find_repeated_rows, find_repeated_statements, find_total_clashes
from riskml_serving.api.call import Call
from riskml_serving.api.comparisons import list_faults
from riskml_serving.api.findings import list_known
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.base.settings import Settings
from riskml_serving.people.auth import Caller, covers
from riskml_serving.store.records.columns import Columns, Rows, to_columns

__all__ = [
    "TableRows",
    "check_clue",
    "check_followers",
    "check_new_records",
    "check_score_request",
    "find_code",
    "list_households",
    "refuse_closed",
    "refuse_households",
    "require_no_future",
    "require_one_income",
]

_DECLARED = frozenset(TABLES["households"].names)

TableRows = Mapping[str, Rows]
"""Rows in a request, by table."""

SUBJECTS = ("household_id", "unlisted", "region_code")
"""Fields of a clue that say what it is about."""

NOT_FOUND = ("not_found", "No such household in this key's region")


def check_score_request(call: Call, tables: TableRows, columns: Mapping[str, Columns]) -> None:
    """Check records to score, which must belong to households in the request and in the caller's region.

    Parameters
    ----------
    call : Call
    tables : dict of str to rows
    columns : dict of str to columns
        The same rows, as columns.

    Raises
    ------
    Problem
        If a limit is exceeded, a row is invalid or repeated, or a household is not in the table ``households`` or not
        in the caller's region.
    """
    counts = _require_sizes(columns, call.state.settings)
    _require_sound_texts(tables, columns)
    households = {row["household_id"] for row in tables["households"]}
    if not households:
        _refuse(["tables.households"], "too_short", "At least one household is needed")
    _require_regions(tables, call.caller, {"households": "household-not-found"})
    if unknown := counts.keys() - households:
        _refuse(list_households(tables, unknown), "no_such_household", "Not in the table households")
    _require_one_subject(tables)
    _refuse_faults(tables, columns)
    _require_once({name: columns[name] for name in tables})
    require_one_income(tables["income"], columns["income"])


def check_new_records(call: Call, tables: TableRows) -> dict[str, Rows]:
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
    _require_sizes(columns, call.state.settings)
    if not any(tables.values()):
        _refuse(["tables"], "too_short", "At least one row is needed")
    _require_sound_texts(tables, columns)
    _require_one_subject(tables)
    _refuse_faults(tables, columns)
    _require_days(tables, call.today)
    dated = {
        name: rows
        if name == "lines"  # without a day of recording, a line counts from the day on which it takes effect
        else [{**row, "recorded_on": row.get("recorded_on") or call.today} for row in rows]
        for name, rows in tables.items()
    }
    _require_once({name: to_columns(rows) for name, rows in dated.items()})
    if tables.get("lines"):
        call.caller.require("admin")
    wider = {"disaster": "region-not-found", "lines": "region-not-found"}
    _require_regions(tables, call.caller, {"households": "household-not-found", **wider})
    return dated


def check_clue(body: Mapping[str, Any], today: dt.date) -> str:
    """Check a clue, which must have exactly one subject; return the name of the field that holds it.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    named = [name for name in SUBJECTS if body.get(name)]
    if len(named) != 1:
        _refuse(named or SUBJECTS, "one_subject", "Exactly one of household_id, unlisted and region_code is needed")
    if "occurred_on" in body:
        require_no_future({"occurred_on": body["occurred_on"]}, today)
    if named == ["region_code"] and body["what"] != "disaster":
        _refuse(["what"], "disaster_only", "Only a disaster strikes a whole place")
    return named[0]


def refuse_households(tables: TableRows, codes: Collection[str]) -> None:
    """Refuse rows for the given households, which are not in the caller's region; do nothing if there are none.

    Raises
    ------
    Problem
        ``household-not-found``.
    """
    _refuse(list_households(tables, codes), *NOT_FOUND, "household-not-found")


def check_followers(followers: Sequence[str], register: Mapping[str, Mapping[str, Any]], household_id: str) -> None:
    """Check that a closed household's successors are other, open households in the caller's region.

    Parameters
    ----------
    followers : sequence of str
    register : dict of str to dict
        Rows of the register of households for the followers that live in the caller's region, by code.
    household_id : str
        Household to close.

    Raises
    ------
    Problem
        ``household-not-found``, ``household-closed``.
    """
    paths = {code: f"followed_by[{i}]" for i, code in enumerate(followers)}
    missing = [path for code, path in paths.items() if code not in register or code == household_id]
    _refuse(missing, *NOT_FOUND, "household-not-found")
    refuse_closed(register, lambda closed: [paths[code] for code in closed])


def refuse_closed(
    households: Mapping[str, Mapping[str, Any]], list_paths: Callable[[Collection[str]], Iterable[str]]
) -> None:
    """Raise a problem if any of the households is closed.

    Parameters
    ----------
    households : dict of str to dict
        Rows of the register of households, by code.
    list_paths : callable
        Returns the paths of the request's fields that name the given households.

    Raises
    ------
    Problem
        ``household-closed``.
    """
    if closed := [code for code, row in households.items() if row["closed_on"] is not None]:
        errors = [FieldError(path, "closed", "This household is closed") for path in list_paths(closed)]
        raise Problem("household-closed", errors=errors)


def require_no_future(days: Mapping[str, dt.date], today: dt.date) -> None:
    """Refuse dates in the future.

    Parameters
    ----------
    days : dict of str to date
        Dates, keyed by the paths of their fields.
    today : date

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    _refuse((path for path, day in days.items() if day > today), "in_future", "Must not be later than today")


def find_code(field: str, code: str, allowed: Mapping[str, Any]) -> Any:
    """Return the value that a code stands for; the code must be one of those that the field allows.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    if code not in allowed:
        _refuse([field], "enum", f"One of: {', '.join(allowed)}")
    return allowed[code]


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
        _refuse(_list_rows(income, column, lambda row: row["household_id"] in wrong), code, message)

    message = "Two statements of one source and start date have the same recorded_on"
    refuse(find_repeated_statements(columns), "statement", "twice", message)
    refuse(find_total_clashes(columns), "source", "total_and_source", "A month has both a total and a source")


def _refuse(paths: Iterable[str], code: str, en: str, kind: str = "invalid-request") -> None:
    """Raise a problem that lists the paths of the wrong fields; do nothing if there are none."""
    if errors := [FieldError(path, code, en) for path in paths]:
        raise Problem(kind, errors=errors)


def _list_rows(tables: TableRows, column: str, is_wrong: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """List the paths of a column's fields in the rows that are wrong."""
    return [
        f"tables.{name}[{i}].{column}" for name, rows in tables.items() for i, row in enumerate(rows) if is_wrong(row)
    ]


def list_households(tables: TableRows, codes: Collection[str]) -> list[str]:
    """List the paths of the fields that name the given households."""
    return _list_rows(tables, "household_id", lambda row: row.get("household_id") in codes)


def _require_sizes(columns: Mapping[str, Columns], settings: Settings) -> Counter[str]:
    """Count the rows for each household; refuse a request with more households or rows than the settings allow."""
    counts: Counter[str] = Counter()
    for table in columns.values():
        counts.update(list_known(table, "household_id"))
    if len(counts) > (most := settings.max_households):
        raise Problem(
            "too-many-households",
            f"一次请求最多 {most} 户（设置 max_households）",
            f"At most {most} households per request (setting max_households)",
        )
    if counts and max(counts.values()) > (most := settings.max_rows_per_household):
        raise Problem(
            "too-many-rows",
            f"每户最多 {most} 行记录（设置 max_rows_per_household）",
            f"At most {most} rows per household (setting max_rows_per_household)",
        )
    return counts


def _require_sound_texts(tables: TableRows, columns: Mapping[str, Columns]) -> None:
    """Refuse codes that were turned into numbers, and personal data in attributes."""
    codes = {code for name in tables for c in TABLES[name].identifiers for code in columns[name].get(c, ())}
    if spoilt := {code for code in codes if code is not None and re.fullmatch(SPOILT_CODE, code)}:
        identifiers = (
            (name, i, row, c)
            for name, rows in tables.items()
            for i, row in enumerate(rows)
            for c in TABLES[name].identifiers
        )
        paths = (f"tables.{name}[{i}].{c}" for name, i, row, c in identifiers if row.get(c) in spoilt)
        _refuse(paths, "spoilt_code", "The code was turned into a number; send it as text")
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
        _refuse(paths, "personal_attribute", message)


def _require_one_subject(tables: TableRows) -> None:
    """Refuse a disaster that names both a household and a region, or neither."""
    rows = enumerate(tables.get("disaster", ()))
    paths = (
        f"tables.disaster[{i}]" for i, row in rows if bool(row.get("household_id")) == bool(row.get("region_code"))
    )
    _refuse(paths, "one_place", "Exactly one of household_id and region_code is needed")


def _refuse_faults(tables: TableRows, columns: Mapping[str, Columns]) -> None:
    """Refuse what would be a fault in a records folder."""
    if errors := list_faults(tables, columns):
        raise Problem("invalid-request", errors=errors)


def _require_once(tables: Mapping[str, Columns]) -> None:
    """Refuse records, versions and lines sent twice with the same date of recording: only one of the two can count."""
    paths = (f"tables.{name}[{i}]" for name, columns in tables.items() for i in find_repeated_rows(name, columns))
    _refuse(paths, "twice", "The same record or version appears twice with the same recorded_on")


def _require_days(tables: TableRows, today: dt.date) -> None:
    """Refuse dates of recording before today.

    For the table ``households``, also refuse later dates, because the register states where each household lives now.
    """
    rows = enumerate(tables.get("households", ()))
    days = {f"tables.households[{i}].recorded_on": row.get("recorded_on") or today for i, row in rows}
    require_no_future(days, today)
    early = _list_rows(tables, "recorded_on", lambda row: (row.get("recorded_on") or today) < today)
    if early:
        raise Problem(
            "recorded-too-early",
            f"今天是 {today}，登记日期不得更早",
            f"Today is {today}; recorded_on may not be earlier",
            errors=[FieldError(path, "too_early", "Must not be before today") for path in early],
        )


def _require_regions(tables: TableRows, caller: Caller, kinds: Mapping[str, str]) -> None:
    """Refuse regions outside the caller's region; ``kinds`` gives the kind of problem for each table."""
    for name, kind in kinds.items():
        paths = (
            f"tables.{name}[{i}].region_code"
            for i, row in enumerate(tables.get(name, ()))
            if not (name == "disaster" and row.get("household_id"))
            and not covers(caller.region, row.get("region_code") or "")
        )
        _refuse(paths, "outside_region", "Outside this key's region", kind)
