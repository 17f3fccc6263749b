"""Body of ``POST /v1/scores``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, NotRequired

from pydantic import Field, Strict, TypeAdapter

from riskml_serving.base.contract import FIRST_DAY, LAST_DAY, make_dict_type, make_tables_type

__all__ = ["DAY", "SCORE_REQUEST"]

DAY = Annotated[
    dt.date, Strict(), Field(ge=FIRST_DAY, le=LAST_DAY, description="Day at whose end records count; today.")
]

SCORE_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    make_dict_type(
        "ScoreRequest",
        {
            "as_of": NotRequired[DAY | None],
            "reasons": NotRequired[Annotated[bool, Strict(), Field(description="Whether to explain each score.")]],
            "tables": Annotated[
                make_tables_type("ScoreTables", ("households", "income")),
                Field(description="Without `lines`, those that the service holds are in force, then the policy's."),
            ],
        },
    )
)
"""Records of one or more households, and the day as of which they are read."""
