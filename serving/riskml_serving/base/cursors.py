"""Places in a list: opaque texts that say where the next page starts."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from riskml_serving.base.problems import FieldError, Problem

__all__ = ["decoded", "encoded", "limited"]


def encoded(values: Sequence[Any]) -> str:
    """Write a place.

    >>> decoded(encoded([-3, -0.25, "h1"]), (int, float, str), "after")
    [-3, -0.25, 'h1']
    """
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).decode().rstrip("=")


def decoded(text: str, types: Sequence[type], name: str) -> list[Any]:
    """Read a place.

    Raises
    ------
    Problem
        ``invalid-request`` if the text was not written by :func:`encoded` for such a list.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    if (
        not isinstance(values, list)
        or [type(value) for value in values] != list(types)
        or any(isinstance(value, float) and not abs(value) <= 2 for value in values)
        or any(isinstance(value, int) and abs(value) > 10 for value in values)
        or any(isinstance(value, str) and (len(value) > 128 or "\0" in value) for value in values)
    ):
        raise Problem("invalid-request", errors=[FieldError(name, "bad_cursor", "Not a place in this list")])
    return values


def limited(limit: int | None, default: int, most: int) -> int:
    """Rows of a page: what was asked for, up to the largest page."""
    return min(limit or default, most)
