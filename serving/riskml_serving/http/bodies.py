"""Parses the bytes of a body directly into typed values, and validates them only once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from riskml.records.contract.schema import TABLES, Kind
from riskml.records.reading.cell_sql import strip_blanks
from riskml.records.reading.file_rules import PASSED_OVER_COLUMN
from riskml.records.reading.tables import INDEX, LIKELY_INDEX
from riskml_serving.base.problems import FieldError, Problem, read_field_errors

__all__ = ["collect_codes", "parse", "parse_records"]

T = TypeVar("T")

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


def parse(body: bytes, adapter: TypeAdapter[T]) -> T:
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
        As in :func:`parse`.
    """
    invalid = None
    try:
        parsed = parse(body, adapter)
        # The types accept undeclared columns only in tables that may have attributes.
        passed = _drop_row_numbers({name: rows for name, rows in parsed["tables"].items() if TABLES[name].attributes})
        if all(strip_blanks(code) == code for code in collect_codes(parsed["tables"])):
            return parsed, passed
    except Problem as problem:  # the types refuse blanks around codes that are not identifiers, and undeclared columns
        if problem.kind != "invalid-request":
            raise
        invalid = problem
    raw = json.loads(body)
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
    return parse(json.dumps(raw).encode(), adapter), warnings


def collect_codes(tables: Mapping[str, Rows]) -> set[str]:
    """Collect the different identifiers in parsed rows: most requests name one household in many rows.

    >>> sorted(collect_codes({"illness": [{"household_id": "a", "member_id": "1"}, {"household_id": "a"}]}))
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
                path, rule = f"tables.{name}[0].{column}", PASSED_OVER_COLUMN
                warnings.append(FieldError(path, rule.code, rule.title, rule.zh))
    return warnings
