"""Cursors of a list: they say where the next page starts."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from riskml_serving.base.problems import FieldError, Problem

__all__ = ["decode_cursor", "encode_cursor"]


def encode_cursor(values: Sequence[Any]) -> str:
    """Encode the position of a row.

    >>> decode_cursor(encode_cursor([-3, -0.25, "h1"]), (int, float, str), "after")
    [-3, -0.25, 'h1']
    """
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).decode().rstrip("=")


def decode_cursor(text: str, types: Sequence[type], name: str) -> list[Any]:
    """Decode the position of a row.

    Raises
    ------
    Problem
        ``invalid-request`` if the text was not written by :func:`encode_cursor` for such a list.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        values = None
    if (
        not isinstance(values, list)
        or [type(value) for value in values] != list(types)
        or any(isinstance(value, float) and not abs(value) <= 2 for value in values)
        or any(isinstance(value, int) and abs(value) > 10 for value in values)
        or any(isinstance(value, str) and (len(value) > 128 or "\0" in value) for value in values)
    ):
        raise Problem("invalid-request", errors=[FieldError(name, "bad_cursor", "Not a cursor of this list")])
    return values
