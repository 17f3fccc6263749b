"""Body of ``POST /v1/batches``."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter

from riskml_serving.api.scores.schemas import DAY
from riskml_serving.base.contract import make_dict_type

__all__ = ["BATCH_REQUEST"]

REGION = Annotated[
    str, Field(pattern="^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$", description="The key's own.")
]

BATCH_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    make_dict_type("BatchRequest", {"as_of": NotRequired[DAY | None], "region": NotRequired[REGION | None]})
)
"""Whom to score as of when."""
