"""Body and answer of ``POST /v1/scores``, and the score as every answer shows it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, NotRequired

from pydantic import Field, Strict, TypeAdapter

from riskml_serving.base.contract import FIRST_DAY, LAST_DAY, list_of, make_dict_type, make_tables_type
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.verdict import FIELDS, FULL, json_types

__all__ = ["CURSOR", "DAY", "EXPLANATION", "SCORES_ANSWER", "SCORE_REQUEST", "STORED"]

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

STORED: dict[str, Any] = {**json_types(FIELDS), "as_of": str, "scored_at": str}
"""A score that is kept: the verdicts, and by what and when they were made."""

CURSOR = Annotated[str, Field(description="Names a change; `since` of /v1/changes takes it.")]
EXPLANATION = Annotated[dict[str, Any], Field(description="See docs/explanation.md.")]

Scored = make_dict_type("Scored", {"household_id": str, **json_types(FULL), "explanation": NotRequired[EXPLANATION]})
SCORES_ANSWER = make_answer_type("ScoreAnswer", {"scores": list_of(Scored), "unknown": list[str]})
