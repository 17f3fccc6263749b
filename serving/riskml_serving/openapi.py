"""The OpenAPI description: the framework's, with the bodies that the service parses itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from riskml_serving.households.schemas import CLOSURE_REQUEST
from riskml_serving.intake.schemas import RECORDS_REQUEST
from riskml_serving.scoring.schemas import SCORE_REQUEST
from riskml_serving.verifications.schemas import VERIFICATION_REQUEST

__all__ = ["BODIES", "install"]

BODIES: dict[str, TypeAdapter[Any]] = {
    "ClosureRequest": CLOSURE_REQUEST,
    "RecordsRequest": RECORDS_REQUEST,
    "ScoreRequest": SCORE_REQUEST,
    "VerificationRequest": VERIFICATION_REQUEST,
}
"""Types of request bodies by their name in the description."""

TEMPLATE = "#/components/schemas/{model}"


def install(app: FastAPI) -> None:
    """Let the application describe itself in full."""
    framework = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = framework()
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for name, adapter in BODIES.items():
                body = adapter.json_schema(ref_template=TEMPLATE)
                schemas.update(body.pop("$defs", {}))
                schemas[name] = body
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
