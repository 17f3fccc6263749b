"""Request and response bodies of a verification, and its export as rows of ``monitoring``."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field

from riskml.records.contract.schema import PLAIN
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import CATEGORIES
from riskml_serving.api.openapi import Body
from riskml_serving.api.scores.schemas import CURSOR
from riskml_serving.base.contract import make_choice_type, make_day_type, make_dict_type, make_list_type
from riskml_serving.casework.verifications.outcomes import OUTCOMES
from riskml_serving.casework.verifications.tables import SNAPSHOT
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.verdict import type_fields

__all__ = ["MAX_NOTE", "MONITORING", "MONITORING_PAGE", "VERIFICATION", "VERIFICATION_ANSWER", "VERIFICATION_REQUEST"]

Outcome = make_choice_type(*OUTCOMES)
Category = make_choice_type(*CATEGORIES.codes)
Measure = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]

MAX_NOTE = 4000
"""Maximum number of characters in a note."""

VERIFICATION_REQUEST = Body(
    "VerificationRequest",
    {
        "outcome": Annotated[
            Outcome, Field(description=" · ".join(f"{term.code} {term.zh}" for term in OUTCOMES.values()))
        ],
        "category": NotRequired[
            Annotated[Category | None, Field(description="Category under which the household enters monitoring.")]
        ],
        "causes": NotRequired[Annotated[make_list_type(make_choice_type(*CAUSES)), Field(max_length=len(CAUSES))]],
        "measures": NotRequired[Annotated[list[Measure], Field(max_length=50, description="Measures agreed.")]],
        "note": NotRequired[Annotated[str, Field(max_length=MAX_NOTE, pattern=r"^[^\x00]*$")]],
        "verified_on": NotRequired[make_day_type("Day of the visit; today by default.")],
    },
    example={
        "outcome": "confirmed",
        "category": "sudden_hardship",
        "causes": ["illness"],
        "measures": ["临时救助"],
        "note": "已核实住院支出",
        "verified_on": "2024-12-20",
    },
)
"""What staff found on a visit."""

ScoreThen = make_dict_type(
    "ScoreThen", {"cursor": CURSOR | None, **{name: kind | None for name, kind in type_fields(SNAPSHOT).items()}}
)
VERIFICATION = make_dict_type(
    "Verification",
    {
        "verification_id": str,
        "outcome": Outcome,
        "category": str | None,
        "causes": list[str],
        "measures": list[str],
        "note": str | None,
        "verified_on": str,
        "created_by": str,
        "created_at": str,
        "score": ScoreThen,
    },
)
"""What staff found, and the score at that time."""

VERIFICATION_ANSWER = make_answer_type("VerificationAnswer", {"household_id": str, "verification": VERIFICATION})

MONITORING: dict[str, Any] = {
    **dict.fromkeys(("household_id", "category", "entered_on"), str),
    "cleared_on": str | None,
    **dict.fromkeys(("causes", "recorded_on"), str),
}
"""Columns of an export: those of the contract's table ``monitoring``."""

MonitoringExport = make_dict_type("MonitoringExport", MONITORING)
MONITORING_PAGE = make_answer_type(
    "MonitoringPage", {"monitoring": make_list_type(MonitoringExport), "next": str, "more": bool}
)
