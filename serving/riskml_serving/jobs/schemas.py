"""Body of ``POST /v1/batches``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, NotRequired

from pydantic import Field, Strict, TypeAdapter

from riskml_serving.contract import FIRST, LAST, dictionary

__all__ = ["BATCH_REQUEST"]

DAY = Annotated[dt.date, Strict(), Field(ge=FIRST, le=LAST, description="Day at whose end records count; today.")]
REGION = Annotated[
    str, Field(pattern="^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$", description="The key's own.")
]

BATCH_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    dictionary("BatchRequest", {"as_of": NotRequired[DAY | None], "region": NotRequired[REGION | None]})
)
"""Whom to score as of when."""
