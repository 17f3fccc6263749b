"""The OpenAPI description: the framework's, with the bodies that the service parses itself, answers and examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from riskml_serving.api.answer_types import ANSWERS, PROBLEM
from riskml_serving.api.households.schemas import CLOSURE_REQUEST
from riskml_serving.api.jobs.schemas import BATCH_REQUEST
from riskml_serving.api.records.schemas import RECORDS_REQUEST
from riskml_serving.api.scores.schemas import SCORE_REQUEST
from riskml_serving.base.problems import MEDIA_TYPE
from riskml_serving.casework.verifications.schemas import VERIFICATION_REQUEST
from riskml_serving.judging.jobs.exporting import FORMATS

__all__ = ["BODIES", "EXAMPLES", "describe", "install"]

BODIES: dict[str, TypeAdapter[Any]] = {
    "BatchRequest": BATCH_REQUEST,
    "ClosureRequest": CLOSURE_REQUEST,
    "RecordsRequest": RECORDS_REQUEST,
    "ScoreRequest": SCORE_REQUEST,
    "VerificationRequest": VERIFICATION_REQUEST,
}
"""Types of request bodies by their name in the description."""

EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
"""One body of each kind; the tests send them."""

TEMPLATE = "#/components/schemas/{model}"
SECURITY = {"type": "http", "scheme": "bearer", "description": "API key: `riskml-serving keys create`."}


def install(app: FastAPI) -> None:
    """Let the application describe itself in full."""
    framework = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(framework())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def describe(found: dict[str, Any]) -> dict[str, Any]:
    """Complete the framework's description of paths and parameters."""
    components = found.setdefault("components", {})
    schemas: dict[str, Any] = {}
    for name, adapter in BODIES.items():
        _add(schemas, name, adapter)
    _add(schemas, "Problem", TypeAdapter(PROBLEM))
    for path, item in found["paths"].items():
        for method, operation in item.items():
            name = _name_of(ANSWERS[method, path])
            _add(schemas, name, TypeAdapter(ANSWERS[method, path]))
            _complete(operation, name, open_to_all=path == "/healthz")
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = {"key": SECURITY}
    return found


def _name_of(kind: Any) -> str:
    return str(kind.__name__)


def _add(schemas: dict[str, Any], name: str, adapter: TypeAdapter[Any]) -> None:
    body = adapter.json_schema(ref_template=TEMPLATE)
    schemas.update(body.pop("$defs", {}))
    schemas[name] = body


def _complete(operation: dict[str, Any], answer: str, *, open_to_all: bool) -> None:
    """Add the type of the answer, the form of problems and the example of the body to one operation."""
    responses = operation["responses"]
    responses.pop("422", None)
    good = next(status for status in sorted(responses) if status.startswith("2"))
    responses[good]["content"] = {"application/json": {"schema": {"$ref": TEMPLATE.format(model=answer)}}}
    if answer == "ResultsFile":
        responses[good]["content"] = {media.partition(";")[0]: {} for media, _ in FORMATS.values()}
    if any(parameter["name"] == "format" for parameter in operation.get("parameters", ())):
        responses[good]["content"].setdefault("text/csv", {"schema": {"type": "string"}})
    if answer == "RecordsAnswer":
        responses["202"] = {**responses[good], "description": "A job will score whom the records touch"}
    problem = {"schema": {"$ref": TEMPLATE.format(model="Problem")}}
    responses["default"] = {"description": "Problem details (RFC 9457)", "content": {MEDIA_TYPE: problem}}
    if not open_to_all:
        operation["security"] = [{"key": []}]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        content["example"] = EXAMPLES[name]
