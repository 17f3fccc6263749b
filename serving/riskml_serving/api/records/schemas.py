"""Request and response bodies of ``POST /v1/records``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from riskml_serving.api.openapi import Body
from riskml_serving.api.scores.schemas import WARNINGS
from riskml_serving.base.contract import make_dict_type, make_list_type, make_tables_type
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.verdict import BRIEF, type_fields

RECORDS_REQUEST = Body(
    "RecordsRequest",
    {
        "tables": Annotated[
            make_tables_type("NewRecords", ()),
            Field(
                description="Rows to append. An empty table means that the households of the request have no such rows."
            ),
        ]
    },
)
"""Rows to append; ``recorded_on`` is the day of receipt unless it names a later day."""

Brief = make_dict_type("Brief", type_fields(BRIEF))
CHANGED = make_dict_type("Changed", {"household_id": str, "changed": bool, "before": Brief | None, "after": Brief})
"""A household's score before and after a change."""

RECORDS_ANSWER = make_answer_type(
    "RecordsAnswer",
    {
        "accepted": dict[str, int],
        "rescored": int,
        "changed": int,
        "scores": make_list_type(CHANGED),
        **WARNINGS,
        "job": Annotated[str | None, Field(description="Job that will score the affected households.")],
    },
)
