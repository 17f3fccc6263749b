"""From the bytes of a body straight to typed values, validated once."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from riskml_serving.base.limits import read_body
from riskml_serving.base.problems import Problem, field_errors

__all__ = ["documented", "parse", "parsed"]

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
        found = error.errors(include_url=False, include_input=False, include_context=False)
        if found[0]["type"] == "json_invalid":
            raise Problem("invalid-json") from None
        raise Problem("invalid-request", errors=field_errors(found)) from None


async def parsed(request: Request, adapter: TypeAdapter[T]) -> T:
    """Read the body of a request as a type; see :func:`parse`."""
    return parse(await read_body(request, request.app.state.settings.max_body_bytes), adapter)


def documented(name: str, *, idempotent: bool = False) -> dict[str, Any]:
    """Say in the OpenAPI what the body is, which the framework does not read itself."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    out: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    if idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 128}
        out["parameters"] = [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]
    return out
