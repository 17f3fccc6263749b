"""Request and response bodies of verifications and help, and their export as rows of ``monitoring``."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field

from riskml.records.contract.schema import MAX_TEXT, list_codes
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import CATEGORIES
from riskml_serving.api.openapi import Body, explain_codes, make_term_type
from riskml_serving.api.records.schemas import CHANGED
from riskml_serving.api.scores.schemas import CURSOR
from riskml_serving.base.contract import (
    MAX_AMOUNT,
    make_amount_type,
    make_choice_type,
    make_day_type,
    make_dict_type,
    make_list_type,
    make_text_type,
)
from riskml_serving.casework.verifications.tables import SNAPSHOT
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.verdict import type_fields
from riskml_serving.store.facts.kinds import FACTS
from riskml_serving.store.facts.outcomes import CHECKS, OUTCOMES, REASONS, REASSESSMENTS

Outcome = make_choice_type(*OUTCOMES)
Category = make_choice_type(*CATEGORIES.codes)
Measure = make_text_type(100)
MAX_NOTE = 4000
"""Maximum number of characters in a note."""
Note = Annotated[str, Field(max_length=MAX_NOTE, pattern=r"^[^\x00]*$")]

FACT = make_dict_type(
    "Fact",
    {
        "fact": make_term_type(FACTS),
        "day": make_day_type("Day on which it happened or began."),
        "kind": NotRequired[
            Annotated[
                str,
                Field(
                    max_length=32,
                    description=" · ".join(f"{k.code}: {', '.join(k.kinds)}" for k in FACTS.values() if k.kinds),
                ),
            ]
        ],
        "amount": NotRequired[
            make_amount_type("Yuan; for `income`, the change a month, below zero if it fell.", ge=-MAX_AMOUNT)
        ],
        "member_id": NotRequired[make_text_type(MAX_TEXT)],
        "measure": NotRequired[Measure],
        "until": NotRequired[make_day_type("Last day of help.")],
        "per": NotRequired[make_choice_type(*list_codes("help", "per"))],
    },
)
"""A fact that the household stated, such as a bill; it becomes a row of the contract."""

MAX_FACTS = 20
"""Maximum number of facts in one visit."""

VERIFICATION_REQUEST = Body(
    "VerificationRequest",
    {
        "outcome": make_term_type(OUTCOMES),
        "category": NotRequired[
            Annotated[Category | None, Field(description="Category under which the household enters monitoring.")]
        ],
        "causes": NotRequired[Annotated[make_list_type(make_choice_type(*CAUSES)), Field(max_length=len(CAUSES))]],
        "measures": NotRequired[
            Annotated[make_list_type(Measure), Field(max_length=50, description="Measures agreed.")]
        ],
        "note": NotRequired[Note],
        "verified_on": NotRequired[make_day_type("Day of the visit; today by default.")],
        "facts": NotRequired[Annotated[make_list_type(FACT), Field(max_length=MAX_FACTS)]],
        "checks": NotRequired[
            Annotated[
                make_dict_type("Checks", dict.fromkeys(CHECKS, NotRequired[Literal["ok", "bad"]])),
                Field(description=explain_codes(CHECKS)),
            ]
        ],
        "reason": NotRequired[make_term_type(REASONS, "Why the finding is `rejected`: ")],
        "told_on": NotRequired[make_day_type("Day on which the household was told that it is not taken in.")],
        "reassessment": NotRequired[
            Annotated[make_choice_type(*REASSESSMENTS), Field(description="Second look: whether help works.")]
        ],
        "seen": NotRequired[
            Annotated[
                str,
                Field(max_length=64, description="`verification_id` of the last finding that was read; `0` if none."),
            ]
        ],
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
        "reason": str | None,
        "told_on": str | None,
        "reassessment": str | None,
        "checks": dict[str, str],
        "facts": NotRequired[make_list_type(FACT)],
        "hidden_facts": NotRequired[int],
        "created_by": str,
        "created_at": str,
        "score": ScoreThen,
    },
)
"""What staff found, and the score at that time."""

VERIFICATION_ANSWER = make_answer_type(
    "VerificationAnswer",
    {
        "household_id": str,
        "verification": VERIFICATION,
        "score": Annotated[CHANGED | None, Field(description="Score before and after; null without the right `read`.")],
    },
)
HELP_REQUEST = Body(
    "HelpRequest",
    {
        "measure": Measure,
        "given_by": make_text_type(100, "Who gives it."),
        "started_on": make_day_type("First day of the help."),
        "ended_on": NotRequired[make_day_type("Last day of the help, if known.")],
        "amount": NotRequired[make_amount_type(ge=0)],
        "per": NotRequired[make_choice_type(*list_codes("help", "per"))],
    },
)
"""New help; the policy says after how many months it is assessed again."""

HELP = make_dict_type(
    "Help",
    {
        "measure": Annotated[str | None, Field(description="Null for readers who may not see health data.")],
        "started_on": str,
        "given_by": Annotated[str | None, Field(description="Null unless staff recorded it as new help.")],
        "ended_on": str | None,
        "amount": float | None,
        "per": str | None,
        "due_on": Annotated[str, Field(description="Day of the second look.")],
        "reassessed": bool,
        "created_by": str | None,
        "created_at": str,
    },
)
HELP_ANSWER = make_answer_type("HelpAnswer", {"household_id": str, "help": HELP, "score": CHANGED | None})

DUE = make_dict_type(
    "Due",
    {
        **dict.fromkeys(("household_id", "region_code"), str),
        "due_on": Annotated[
            str, Field(description="Day of the second look, or of the visit that found that help does not work.")
        ],
        "failing": Annotated[bool, Field(description="Whether the last visit found that the help does not work.")],
        "late": bool,
    },
)
DUE_PAGE = make_answer_type("ReassessmentsPage", {"region": str, "households": make_list_type(DUE), "next": str | None})

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
