"""Request and response bodies of ``POST /v1/scores``, and the fields of a score in every response."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field, Strict

from riskml_serving.api.openapi import Body
from riskml_serving.base.contract import make_day_type, make_dict_type, make_list_type, make_tables_type
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.verdict import FIELDS, FULL, type_fields

DAY = make_day_type("Date as of which records are read, including that day; today by default.")

SCORE_REQUEST = Body(
    "ScoreRequest",
    {
        "as_of": NotRequired[DAY | None],
        "reasons": NotRequired[Annotated[bool, Strict(), Field(description="Whether to explain each score.")]],
        "tables": Annotated[
            make_tables_type("ScoreTables", ("households", "income")),
            Field(description="Without `lines`, the lines stored by the service apply, then those of the policy."),
        ],
    },
)
"""Records of one or more households, and the date as of which they are read."""

STORED: dict[str, Any] = {**type_fields(FIELDS), "as_of": str, "scored_at": str}
"""A stored score: the verdicts, their provenance and as-of date, and the time of scoring."""

CURSOR = Annotated[str, Field(description="Identifies the change; it can be passed to /v1/changes as `since`.")]
EXPLANATION = Annotated[dict[str, Any], Field(description="See docs/explanation.md.")]

WARNINGS: dict[str, Any] = {
    "warnings": Annotated[
        make_list_type(make_dict_type("RowWarning", dict.fromkeys(("path", "code", "detail", "detail_en"), str))),
        Field(
            description="What `riskml check` would warn of in these rows, at most 50: the rows were accepted, but "
            "should be looked at."
        ),
    ],
    "warning_count": int,
}
"""Fields with the warnings about the rows of a request."""

Scored = make_dict_type("Scored", {"household_id": str, **type_fields(FULL), "explanation": NotRequired[EXPLANATION]})
SCORES_ANSWER = make_answer_type("ScoreAnswer", {"scores": make_list_type(Scored), "unknown": list[str], **WARNINGS})
