"""Parses the bytes of a body directly into typed values, and validates them only once."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from riskml_serving.base.problems import Problem, read_field_errors

__all__ = ["parse"]

T = TypeVar("T")


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
