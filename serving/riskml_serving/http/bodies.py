"""Parses the bytes of a body directly into typed values.

The validator holds up every other request while it runs, and it describes every error that it finds. So a large body is
validated in slices, in a thread, and validation ends with the slice that brings the number of errors to 50.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from operator import itemgetter
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from riskml.records.contract.schema import TABLES, Kind
from riskml.records.reading.cell_sql import strip_blanks
from riskml.records.reading.rules import RULES
from riskml.records.reading.tables import INDEX, LIKELY_INDEX
from riskml_serving.base.contract import ROWS, make_list_type
from riskml_serving.base.problems import MOST_ERRORS, FieldError, Problem, move_path, read_field_errors

SMALL = 32_000
"""Maximum number of bytes of a body without records: its validator describes every error at once."""
LARGE = 128_000
"""Number of bytes from which a body with records is validated in slices, in a thread. A wrong body just below it takes
some 10 ms. A household with years of monthly income is far below it; a thread would cost more than its validation."""
SLICE = 2_000
"""Number of fields that are validated at a time."""
SHORTEST_ROW = 20
"""No row with all required fields is as short as this, in bytes; millions of empty rows would hold up others."""
MOST_FIELDS = 1_000
"""Maximum number of fields in a row, and of tables in a body."""

Rows = list[dict[str, Any]]

_CODES = {
    name: tuple(
        c.name for c in table.columns if c.name in table.identifiers or c.kind in (Kind.REGION, Kind.CODE, Kind.CODES)
    )
    for name, table in TABLES.items()
}
"""Columns of codes of each table."""

_IDENTIFIERS = {
    name: tuple(column for column in table.columns if column.name in table.identifiers)
    for name, table in TABLES.items()
}

_NAMES = {name: frozenset(table.names) for name, table in TABLES.items()}


def parse(body: bytes, adapter: TypeAdapter[Any]) -> Any:
    """Parse a JSON body into a value of the adapter's type.

    Raises
    ------
    Problem
        ``invalid-json``, or ``invalid-request``, which lists the fields at fault without repeating their values.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            raise Problem("invalid-json") from None
        raise Problem("invalid-request", errors=read_field_errors(errors)) from None


def parse_records(body: bytes, adapter: TypeAdapter[dict[str, Any]]) -> tuple[dict[str, Any], list[FieldError]]:
    """Parse a body with records; blanks around codes, and row numbers, are removed, as ``riskml check`` does.

    Returns
    -------
    dict
        The parsed body.
    list of FieldError
        A warning for every code that had blanks or invisible characters around it, and for every column of row numbers.

    Raises
    ------
    Problem
        As in :func:`parse`; at most 50 fields are listed, then validation ends.
    """
    invalid, raw = None, None
    try:
        if (parsed := _parse_small(body, adapter)) is None:
            parsed = _parse_in_slices(raw := _read_json(body), adapter)
        # The types accept undeclared columns only in tables that may have attributes.
        passed = _drop_row_numbers({name: rows for name, rows in parsed["tables"].items() if TABLES[name].attributes})
        if all(strip_blanks(code) == code for code in _collect_codes(parsed["tables"])):
            return parsed, passed
    except Problem as problem:  # the types refuse blanks around codes that are not identifiers, and undeclared columns
        if problem.kind != "invalid-request" or all(error.code not in _CURABLE for error in problem.errors):
            raise
        invalid = problem
    raw = raw or _read_json(body)  # reading a large body again would hold up other requests twice
    tables = raw.get("tables") if isinstance(raw, dict) else None
    rows = {
        name: [row for row in rows if isinstance(row, dict)]
        for name, rows in (tables.items() if isinstance(tables, dict) else ())
        if name in TABLES and isinstance(rows, list)
    }
    text = "Blanks or invisible characters around the code were removed"
    warnings = [FieldError(path, "blank_around_code", text) for path in _strip_codes(rows)] + _drop_row_numbers(rows)
    if invalid is not None and not warnings:
        raise invalid
    return _parse_in_slices(raw, adapter), warnings


_CURABLE = {"unusable_code", "string_pattern_mismatch", "string_too_long", "extra_forbidden"}
"""Codes of errors that may disappear when blanks around codes, or row numbers, are removed."""


def _parse_small(body: bytes, adapter: TypeAdapter[dict[str, Any]]) -> dict[str, Any] | None:
    """Validate a small body in one go, the quickest way; return None if it is large or invalid."""
    try:
        return adapter.validate_json(body) if len(body) < LARGE else None
    except ValidationError:
        return None


def _read_json(body: bytes) -> Any:
    if body.count(b"{") > len(body) // SHORTEST_ROW + MOST_ERRORS:
        raise Problem("invalid-request", errors=[FieldError("tables", "missing", "Most rows lack required fields")])
    try:
        return json.loads(body.decode(), object_hook=_pause)
    except (ValueError, RecursionError):
        raise Problem("invalid-json") from None


def _pause(value: dict[str, Any]) -> dict[str, Any]:
    """Let other threads run while a body is being read: the interpreter switches threads only between Python calls."""
    return value


def _parse_again(value: Any, adapter: TypeAdapter[Any]) -> tuple[Any, list[FieldError]]:
    r"""Validate a value that was read as JSON; return it, typed, or its errors.

    Raises
    ------
    Problem
        ``invalid-json``, for what no JSON can say: half of a surrogate pair, as in ``"\ud800"``.
    """
    try:
        return parse(to_json(value), adapter), []
    except ValueError:
        raise Problem("invalid-json") from None
    except Problem as problem:
        if not problem.errors:
            raise
        return None, list(problem.errors)


def _parse_in_slices(raw: Any, adapter: TypeAdapter[dict[str, Any]]) -> dict[str, Any]:
    """Validate a body that was read as JSON: first without the rows of its tables, then the rows in slices.

    Raises
    ------
    Problem
        ``invalid-request``, with the errors up to the slice that contains the fiftieth.
    """
    tables = raw.get("tables") if isinstance(raw, dict) else None
    tables = tables if isinstance(tables, dict) else {}
    errors = [error for part in (raw, tables) for error in _refuse_width(part, "tables")]
    if errors:
        raise Problem("invalid-request", errors=errors)
    long = {name: rows for name, rows in tables.items() if isinstance(rows, list) and name in TABLES}
    rest = {**raw, "tables": {**tables, **{name: [] for name in long}}} if tables else raw
    parsed: dict[str, Any]
    parsed, errors = _parse_again(rest, adapter)
    for name, rows in long.items():
        valid: Rows = []
        for start, part in _cut(rows):
            if len(errors) >= MOST_ERRORS:
                break
            path = f"tables.{name}"
            faults = [error for i, row in enumerate(part, start) for error in _refuse_width(row, f"{path}[{i}]")]
            if not faults:
                typed, wrong = _parse_again(part, _make_rows_adapter(name))
                valid += typed or []
                faults = [move_path(error, path, start) for error in wrong]
            errors += faults
        if not errors:
            parsed["tables"][name] = valid
    if errors:
        raise Problem("invalid-request", errors=errors[:MOST_ERRORS])
    return parsed


@cache
def _make_rows_adapter(table: str) -> TypeAdapter[Rows]:
    return TypeAdapter(make_list_type(ROWS[table]))


def _cut(rows: list[Any]) -> Iterator[tuple[int, list[Any]]]:
    """Cut rows into slices of about ``SLICE`` fields; yield the position of the first row with each slice."""
    start = fields = 0
    for end, row in enumerate(rows):
        fields += 1 + (len(row) if isinstance(row, dict) else 0)
        if fields > SLICE:
            yield start, rows[start : end + 1]
            start, fields = end + 1, 0
    if start < len(rows):
        yield start, rows[start:]


def _refuse_width(value: Any, path: str) -> list[FieldError]:
    """Refuse a value with more fields than anybody sends on purpose: each would get an error of its own."""
    if not isinstance(value, dict) or len(value) <= MOST_FIELDS:
        return []
    return [FieldError(path, "too_many_fields", f"At most {MOST_FIELDS} fields are accepted")]


def _collect_codes(tables: Mapping[str, Rows]) -> set[str]:
    """Collect the different identifiers in parsed rows: most requests name one household in many rows.

    >>> sorted(_collect_codes({"illness": [{"household_id": "a", "member_id": "1"}, {"household_id": "a"}]}))
    ['1', 'a']
    """
    codes: set[str | None] = set()
    for name, rows in tables.items():
        for column in _IDENTIFIERS[name]:
            codes.update(map(itemgetter(column.name), rows) if column.required else [r.get(column.name) for r in rows])
    return {code for code in codes if code is not None}


def _strip_codes(tables: Mapping[str, Rows]) -> Iterator[str]:
    """Remove blanks around codes in rows that may not follow the contract; yield the paths of the codes."""
    for name, rows in tables.items():
        for i, row in enumerate(rows):
            for column in _CODES[name]:
                text = row.get(column)
                if isinstance(text, str) and (plain := strip_blanks(text)) != text:
                    row[column] = plain
                    yield f"tables.{name}[{i}].{column}"


def _drop_row_numbers(tables: Mapping[str, Rows]) -> list[FieldError]:
    """Remove columns without a name or with row numbers from rows; return a warning for each."""
    warnings = []
    for name, rows in tables.items():
        declared = _NAMES[name]
        others = dict.fromkeys(column for row in rows if not row.keys() <= declared for column in row.keys() - declared)
        for column in others:
            numbers = [row.get(column) for row in rows] if LIKELY_INDEX.fullmatch(column) else []
            in_order = any(numbers == [*range(first, first + len(rows))] for first in (0, 1)) and numbers
            if in_order or INDEX.fullmatch(column) or not strip_blanks(column):
                for row in rows:
                    row.pop(column, None)
                path, rule = f"tables.{name}[0].{column}", RULES["passed_over_column"]
                warnings.append(FieldError(path, rule.code, rule.title, rule.zh))
    return warnings
