"""Responses about households, and the request body that closes one."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field

from riskml.records.contract.schema import HOUSEHOLD_CODE, MAX_TEXT
from riskml_serving.api.openapi import Body
from riskml_serving.api.scores.schemas import CURSOR, EXPLANATION, STORED
from riskml_serving.api.verifications.schemas import HELP, VERIFICATION
from riskml_serving.base.contract import make_choice_type, make_day_type, make_dict_type, make_list_type
from riskml_serving.casework.worklist.states import BRINGERS
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.scores.ranking import SECTIONS

CLOSURE_REQUEST = Body(
    "ClosureRequest",
    {
        "because": Annotated[
            Literal["moved_away", "split", "merged", "died_out"],
            Field(description="moved_away 迁出 · split 分户 · merged 并户 · died_out 销户"),
        ],
        "closed_on": NotRequired[make_day_type("Day of the closure; today by default.")],
        "followed_by": NotRequired[
            Annotated[
                list[Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=HOUSEHOLD_CODE)]],
                Field(max_length=10, description="Codes of the households that resulted from a split or a merge."),
            ]
        ],
    },
)
"""Why and when a household is closed, and which households follow it; register those with POST /v1/records first."""

LIVING: dict[str, Any] = {"household_id": str, "region_code": str}
"""Fields that state a household's code and the code of the region in which it lives."""

BROUGHT_BY: Any = Annotated[
    make_list_type(make_choice_type(*BRINGERS)),
    Field(description="Who warns of the household: a clue that no visit has settled, the rule line, the model."),
]
LISTED = make_dict_type(
    "Listed", {**LIVING, "section": make_choice_type(*SECTIONS), "brought_by": BROUGHT_BY, **STORED}
)
HOUSEHOLDS_PAGE = make_answer_type(
    "HouseholdsPage", {"region": str, "households": make_list_type(LISTED), "next": str | None}
)

Stored = make_dict_type("StoredScore", STORED)
Past = make_dict_type("PastScore", {"cursor": CURSOR, "change": Literal["scored", "moved", "closed"], **STORED})
HOUSEHOLD_ANSWER = make_answer_type(
    "Household",
    {
        **LIVING,
        "opened_on": str,
        "closed_on": str | None,
        "closed_because": str | None,
        "deserted_on": Annotated[
            str | None,
            Field(description="Day on which the last member left; such a household is in no list, though not closed."),
        ],
        "followed_by": Annotated[
            list[str], Field(description="The households that follow it and live in the region of the key.")
        ],
        "followed_elsewhere": Annotated[
            int, Field(description="Number of households that follow it and live elsewhere.")
        ],
        "score": Stored | None,
        "brought_by": BROUGHT_BY,
        "history": make_list_type(Past),
        "verifications": make_list_type(VERIFICATION),
        "help": make_list_type(HELP),
    },
)

EXPLANATION_ANSWER = make_answer_type("ExplanationAnswer", {"explanation": EXPLANATION})

CLOSURE_ANSWER = make_answer_type(
    "ClosureAnswer", {"household_id": str, "closed_on": str, "closed_because": str, "followed_by": list[str]}
)
