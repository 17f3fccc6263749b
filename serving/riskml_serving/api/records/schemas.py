"""Body and answer of ``POST /v1/records``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from riskml_serving.base.contract import list_of, make_dict_type, make_tables_type
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.verdict import BRIEF, json_types

__all__ = ["RECORDS_ANSWER", "RECORDS_REQUEST"]

RECORDS_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    make_dict_type(
        "RecordsRequest",
        {
            "tables": Annotated[
                make_tables_type("NewRecords", ()),
                Field(description="Rows to append. An empty table says that the households of the request have none."),
            ]
        },
    )
)
"""Rows to append; ``recorded_on`` is the day of receipt unless it names a later day."""

Brief = make_dict_type("Brief", json_types(BRIEF))
Changed = make_dict_type("Changed", {"household_id": str, "changed": bool, "before": Brief | None, "after": Brief})
RECORDS_ANSWER = make_answer_type(
    "RecordsAnswer",
    {
        "accepted": dict[str, int],
        "rescored": int,
        "changed": int,
        "scores": list_of(Changed),
        "job": Annotated[str | None, Field(description="Job that will score the households concerned.")],
    },
)
