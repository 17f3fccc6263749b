"""What checks of single fields share: each raises a problem that names the wrong fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from riskml_serving.base.problems import FieldError, Problem

NOT_FOUND = ("not_found", "No such household in this key's region", "household-not-found")
CLOSED = ("closed", "This household is closed", "household-closed")


def refuse(errors: Iterable[FieldError], kind: str = "invalid-request") -> None:
    """Raise a problem that lists the errors; do nothing if there are none."""
    if errors := list(errors):
        raise Problem(kind, errors=errors)


def refuse_paths(paths: Iterable[str], code: str, en: str, kind: str = "invalid-request") -> None:
    """Raise a problem that lists the paths of the wrong fields; do nothing if there are none."""
    refuse((FieldError(path, code, en) for path in paths), kind)


def find_future(days: Mapping[str, dt.date], today: dt.date) -> Iterator[FieldError]:
    """Find days in the future, keyed by the paths of their fields."""
    text = "Must not be later than today"
    yield from (FieldError(path, "in_future", text) for path, day in days.items() if day > today)


def list_closed(register: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """List the households that are closed in the register, which has their rows by code."""
    return [code for code, row in register.items() if row["closed_on"] is not None]


def find_code(field: str, code: str, allowed: Mapping[str, Any]) -> Any:
    """Return the value that a code stands for; the code must be one of those that the field allows.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    if code not in allowed:
        refuse_paths([field], "enum", f"One of: {', '.join(allowed)}")
    return allowed[code]


def require_choice(value: object, allowed: Collection[object]) -> None:
    """Refuse a value that the form did not offer, so that no field of the form can be named.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    if value not in allowed:
        raise Problem("invalid-request")


def read_day(field: str, text: str) -> dt.date:
    """Read a day that somebody typed.

    Raises
    ------
    Problem
        ``invalid-request``.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        words = "The day cannot be read; write it as 2024-03-05", "日期无法识别，请写成 2024-03-05"
        raise Problem("invalid-request", errors=[FieldError(field, "date", *words)]) from None
