"""The OpenAPI description: the framework's, with problems and the bodies that endpoints read themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NotRequired

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import Field, TypeAdapter
from starlette.responses import FileResponse

from riskml_serving.base.contract import list_of, make_dict_type
from riskml_serving.base.problems import MEDIA_TYPE

__all__ = ["BODIES", "EXAMPLES", "PROBLEM", "PROBLEM_RESPONSE", "describe_body", "install", "require_answer_types"]

EXAMPLES_FILE = Path(__file__).with_name("examples.json")
EXAMPLES: dict[str, Any] = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
"""One body of each kind; the tests send them."""

BODIES: dict[str, TypeAdapter[Any]] = {}
"""Types of request bodies by name; :func:`describe_body` adds them."""

TEMPLATE = "#/components/schemas/{model}"

PROBLEM = make_dict_type(
    "Problem",
    {
        "type": Annotated[str, Field(description="Stable: urn:riskml:problem:…")],
        "title": str,
        "title_en": str,
        "status": int,
        "detail": str,
        "detail_en": str,
        "request_id": str,
        "errors": NotRequired[
            list_of(make_dict_type("FieldFault", dict.fromkeys(("path", "code", "detail", "detail_en"), str)))
        ],
        "error_count": NotRequired[int],
    },
)
"""Problem details (RFC 9457)."""

PROBLEM_RESPONSE: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": TEMPLATE.format(model="Problem")}}},
    }
}
"""What every endpoint answers where it cannot answer otherwise."""


def describe_body(name: str, adapter: TypeAdapter[Any], *, idempotent: bool = False) -> dict[str, Any]:
    """Describe a body that the endpoint reads itself, with its example.

    Raises
    ------
    TypeError
        If there is no example.
    """
    if name not in EXAMPLES:
        raise TypeError(f"The body {name} has no example: add one to {EXAMPLES_FILE.name}")
    BODIES[name] = adapter
    media = {"schema": {"$ref": TEMPLATE.format(model=name)}, "example": EXAMPLES[name]}
    out: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": media}}}
    if idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 128}
        out["parameters"] = [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]
    return out


def require_answer_types(routers: Iterable[APIRouter]) -> dict[tuple[str, str], Any]:
    """Return the type of the answer to each method and path.

    Raises
    ------
    TypeError
        If an endpoint of the description names none: neither ``response_model`` nor a file as ``response_class``.
    """
    types = {}
    for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
        for method in (route.methods or ()) if route.include_in_schema else ():
            kind = route.response_model or route.response_class
            if route.response_model is None and kind is not FileResponse:
                raise TypeError(f"{method} {route.path} names no type for its answer: add response_model to the route")
            types[method.lower(), route.path] = kind
    return types


def install(app: FastAPI) -> None:
    """Let the application describe bodies and problems too."""
    describe = app.openapi

    def describe_in_full() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = describe()["components"]["schemas"]
            for name, adapter in (*BODIES.items(), ("Problem", TypeAdapter(PROBLEM))):
                schema = adapter.json_schema(ref_template=TEMPLATE)
                for own, part in (*schema.pop("$defs", {}).items(), (name, schema)):
                    if schemas.setdefault(own, part) != part:
                        raise TypeError(f"Two types of the API are named {own}")
        return describe()

    app.openapi = describe_in_full  # type: ignore[method-assign]
