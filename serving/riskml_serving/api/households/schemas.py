"""Body of ``POST /v1/households/{id}/closure``, and the filters of the list."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, Strict, TypeAdapter

from riskml_serving.base.contract import FIRST_DAY, LAST_DAY, PLAIN, make_dict_type

__all__ = ["CLOSURE_REQUEST"]

CLOSURE_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    make_dict_type(
        "ClosureRequest",
        {
            "because": Annotated[
                Literal["moved_away", "split", "merged", "died_out"],
                Field(description="moved_away 迁出 · split 分户 · merged 并户 · died_out 销户"),
            ],
            "closed_on": NotRequired[
                Annotated[dt.date, Strict(), Field(ge=FIRST_DAY, le=LAST_DAY, description="Today.")]
            ],
            "followed_by": NotRequired[
                Annotated[
                    list[Annotated[str, Field(min_length=1, max_length=128, pattern=PLAIN)]],
                    Field(max_length=10, description="Codes of the households that a split or a merge led to."),
                ]
            ],
        },
    )
)
"""Why a household is closed, when, and which households follow it; register those with POST /v1/records first."""
