"""Reads the bytes of a body straight as typed values, validated once."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from riskml_serving.base.problems import Problem, field_errors

__all__ = ["describe_body", "parse"]

T = TypeVar("T")


def parse(body: bytes, adapter: TypeAdapter[T]) -> T:
    """Read JSON as a type.

    Raises
    ------
    Problem
        ``invalid-json`` or ``invalid-request``, which names fields and no value.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            raise Problem("invalid-json") from None
        raise Problem("invalid-request", errors=field_errors(errors)) from None


def describe_body(name: str, *, idempotent: bool = False) -> dict[str, Any]:
    """Describe the body in the OpenAPI; the framework does not read it itself."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    out: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    if idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 128}
        out["parameters"] = [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]
    return out
