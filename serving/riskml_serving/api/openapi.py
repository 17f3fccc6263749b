"""The OpenAPI description: FastAPI's, plus error responses, links, and the bodies that endpoints parse themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NotRequired

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import Field, TypeAdapter
from starlette.responses import FileResponse

from riskml.text import read_data
from riskml.vocabulary.terms import Term
from riskml_serving.base.contract import make_choice_type, make_dict_type, make_list_type
from riskml_serving.base.problems import MEDIA_TYPE

FOLLOW = "x-follow"
"""Key under which a route's ``responses`` hold what its response gives, until they are turned into links."""

TEMPLATE = "#/components/schemas/{model}"

PROBLEM = make_dict_type(
    "Problem",
    {
        "type": Annotated[str, Field(description="Stable: urn:riskml:problem:…")],
        **dict.fromkeys(("title", "title_en"), str),
        "status": int,
        **dict.fromkeys(("detail", "detail_en", "request_id"), str),
        "errors": NotRequired[
            make_list_type(make_dict_type("FieldFault", dict.fromkeys(("path", "code", "detail", "detail_en"), str)))
        ],
        "error_count": NotRequired[int],
        "verification": NotRequired[
            Annotated[dict[str, Any], Field(description="finding-changed: the other finding.")]
        ],
        "seen": NotRequired[Annotated[str, Field(description="finding-changed: what to send as `seen` next time.")]],
    },
)
"""Problem details (RFC 9457)."""

PROBLEM_RESPONSE: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": TEMPLATE.format(model="Problem")}}},
    }
}
"""Description of the error responses that every endpoint has."""


EXAMPLES: dict[str, dict[str, Any]] = read_data("riskml_serving.api", "examples.yaml")

BODIES: dict[str, Body] = {}
"""Request bodies by name."""


class Body:
    """A request body that endpoints parse themselves, without FastAPI.

    Parameters
    ----------
    name : str
        Name of the body's schema, and of its example in ``examples.yaml``, which the tests send.
    fields : dict of str to type
    """

    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        self.name, self.fields, self.example = name, fields, EXAMPLES[name]
        self.adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(make_dict_type(name, fields))
        BODIES[name] = self

    def describe(self, *, idempotent: bool = False) -> dict[str, Any]:
        """Describe the body for a route's ``openapi_extra``; idempotent writes get an ``Idempotency-Key`` header."""
        media = {"schema": {"$ref": TEMPLATE.format(model=self.name)}, "example": self.example}
        out: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": media}}}
        if idempotent:
            schema = {"type": "string", "minLength": 1, "maxLength": 128}
            out["parameters"] = [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]
        return out


def explain_codes(terms: Mapping[str, Term]) -> str:
    """Explain the codes of terms, for the description of a field.

    >>> explain_codes({"pass": Term("pass", "通过", "passed"), "fail": Term("fail", "未通过", "failed")})
    'pass 通过 · fail 未通过'
    """
    return " · ".join(f"{term.code} {term.zh}" for term in terms.values())


def make_term_type(terms: Mapping[str, Term], heading: str = "") -> Any:
    """Make the type for the code of one of the terms; the description explains the codes, after a heading."""
    return Annotated[make_choice_type(*terms), Field(description=heading + explain_codes(terms))]


def follow(**names: str) -> dict[str, Any]:
    """Describe what a response gives for later requests, as a part of a route's ``responses``.

    Parameters
    ----------
    **names : str
        For each parameter of later requests, the part of the body that holds its value.

    >>> follow(household_id="/household_id")
    {'x-follow': {'household_id': '$response.body#/household_id'}}
    """
    return {FOLLOW: {name: f"$response.body#{part}" for name, part in names.items()}}


def _add_links(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """Turn what responses give into links: to every operation whose path has the parameter, or to the same operation.

    A parameter of a query, such as the position of the next page, has a meaning for its own operation only.
    """
    operations = [operation for item in paths.values() for operation in item.values()]
    for own in operations:
        for response in own["responses"].values():
            for name, value in response.pop(FOLLOW, {}).items():
                for other in operations:
                    kinds = {part["in"] for part in other.get("parameters", ()) if part["name"] == name}
                    if "path" in kinds or (kinds and other is own):
                        link = {"operationId": other["operationId"], "parameters": {name: value}}
                        response.setdefault("links", {})[other["operationId"]] = link


def list_endpoints(routers: Iterable[APIRouter]) -> list[APIRoute]:
    """List the endpoints of the given routers.

    Raises
    ------
    TypeError
        If a router contains anything else, such as another router, because the checks would miss its endpoints.
    """
    endpoints = []
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route!r} is not an endpoint: add its router to ROUTERS, not to another router")
        endpoints.append(route)
    return endpoints


def require_answer_types(routers: Iterable[APIRouter]) -> dict[tuple[str, str], Any]:
    """Return the response type for each method and path in the OpenAPI description.

    Raises
    ------
    TypeError
        If a route has neither a ``response_model`` nor a file as its ``response_class``.
    """
    types = {}
    for route in list_endpoints(routers):
        for method in (route.methods or ()) if route.include_in_schema else ():
            kind = route.response_model or route.response_class
            if route.response_model is None and kind is not FileResponse:
                raise TypeError(f"{method} {route.path} declares no response type: add response_model to the route")
            types[method.lower(), route.path] = kind
    return types


def install(app: FastAPI) -> None:
    """Add bodies and problems to the application's OpenAPI description."""
    describe = app.openapi

    def describe_in_full() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = describe()["components"]["schemas"]
            adapters = {name: body.adapter for name, body in BODIES.items()}
            for name, adapter in (adapters | {"Problem": TypeAdapter(PROBLEM)}).items():
                schema = adapter.json_schema(ref_template=TEMPLATE)
                for own, part in (*schema.pop("$defs", {}).items(), (name, schema)):
                    if schemas.setdefault(own, part) != part:
                        raise TypeError(f"Two API types are named {own}")
            _add_links(describe()["paths"])
        return describe()

    app.openapi = describe_in_full  # type: ignore[method-assign]
