"""Body and answer of ``POST /v1/scores``, and the score as every answer shows it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, Strict, TypeAdapter

from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, STATUSES, TIERS
from riskml_serving.base.contract import FIRST_DAY, LAST_DAY, list_of, make_dict_type, make_tables_type, one_of
from riskml_serving.http.responses import make_answer_type

__all__ = ["CURSOR", "DAY", "EXPLANATION", "SCORES_ANSWER", "SCORE_REQUEST", "STORED", "VERDICT"]

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

VERDICT: dict[str, Any] = {
    "status": one_of(*STATUSES),
    "probability": Annotated[float | None, Field(ge=0, le=1, description="Calibrated; null unless at risk.")],
    "tier": one_of(*TIERS) | None,
    "rule_signal": one_of(*COLOURS),
    "signal": Annotated[one_of(*COLOURS), Field(description="Never greener than the rule line's.")],
    "rule_flags": Annotated[list[str], Field(description="Triggers that fired.")],
    "hidden_flags": Annotated[int, Field(description="Triggers that tell of health and are left out for this key.")],
    "agreement": one_of(*AGREEMENTS),
    "agreement_by": Annotated[
        Literal["capacity", "tier"],
        Field(description="What made the model's yes: a place in the county's visit capacity, or a tier."),
    ],
}
"""Both verdicts on a household."""

MARGIN = Annotated[float | None, Field(description="Log odds before calibration.")]

STORED: dict[str, Any] = {
    **VERDICT,
    "margin": MARGIN,
    "as_of": str,
    "scored_at": str,
    "model_version": str,
    "feature_schema_hash": str,
    "policy_version": str,
}
"""A score that is kept: the verdicts, and by what and when they were made."""

CURSOR = Annotated[str, Field(description="Names a change; `since` of /v1/changes takes it.")]
EXPLANATION = Annotated[dict[str, Any], Field(description="See docs/explanation.md.")]

Scored = make_dict_type(
    "Scored", {"household_id": str, **VERDICT, "margin": MARGIN, "explanation": NotRequired[EXPLANATION]}
)
SCORES_ANSWER = make_answer_type("ScoreAnswer", {"scores": list_of(Scored), "unknown": list[str]})
