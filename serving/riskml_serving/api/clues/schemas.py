"""Request and response bodies of ``/v1/clues``."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field

from riskml.records.contract.schema import HOUSEHOLD_CODE, MAX_TEXT, list_codes
from riskml.vocabulary.regions import Level
from riskml_serving.api.households.schemas import LISTED
from riskml_serving.api.openapi import Body, make_term_type
from riskml_serving.api.scores.schemas import WARNINGS
from riskml_serving.api.verifications.schemas import Note
from riskml_serving.base.contract import (
    REGION,
    make_amount_type,
    make_choice_type,
    make_day_type,
    make_dict_type,
    make_list_type,
    make_text_type,
)
from riskml_serving.casework.clues.kinds import CHANNELS, KINDS
from riskml_serving.casework.clues.states import CLUE_STATES
from riskml_serving.http.responses import make_answer_type

MAX_NAME = 60
"""Maximum number of characters in a name."""

What, Channel = make_choice_type(*KINDS), make_choice_type(*CHANNELS)
Disaster = make_choice_type(*list_codes("disaster", "kind"))
Unlisted = make_dict_type(
    "Unlisted",
    {
        "village": Annotated[str, Field(pattern=rf"^[0-9]{{{Level.VILLAGE}}}$")],
        "name": make_text_type(MAX_NAME),
    },
)

CLUE_REQUEST = Body(
    "ClueRequest",
    {
        "household_id": NotRequired[
            make_text_type(
                MAX_TEXT,
                "The household. Exactly one of household_id, unlisted and region_code is needed.",
                HOUSEHOLD_CODE,
            )
        ],
        "unlisted": NotRequired[
            Annotated[
                Unlisted,
                Field(description="A household that is not in the register. Its name is encrypted and never returned."),
            ]
        ],
        "region_code": NotRequired[
            Annotated[str, Field(pattern=REGION, description="A place, for a disaster that struck all of it.")]
        ],
        "what": make_term_type(KINDS),
        "disaster": NotRequired[Annotated[Disaster, Field(description="Kind of the disaster.")]],
        "channel": make_term_type(CHANNELS),
        "told_by": NotRequired[
            make_text_type(
                MAX_NAME, "Name of the person who told it, if it is known. It is encrypted and never returned."
            )
        ],
        "amount": NotRequired[make_amount_type("Amount in yuan, if it is known.", gt=0)],
        "occurred_on": NotRequired[make_day_type("Day of the event, if it is known.")],
        "note": NotRequired[Note],
    },
)
"""What somebody reported about a household or a place."""

CLUE = make_dict_type(
    "Clue",
    {
        "clue_id": str,
        "subject": make_choice_type("household", "unlisted", "place"),
        "household_id": NotRequired[str],
        "region_code": str,
        "what": What | None,
        "hidden": Annotated[bool, Field(description="Whether kind and amount are left out: they concern health.")],
        "disaster": Disaster | None,
        "channel": Channel,
        "amount": float | None,
        "occurred_on": str | None,
        "note": str | None,
        "state": make_choice_type(*CLUE_STATES),
        **dict.fromkeys(("outcome", "reason", "verified_on", "told_on", "closed_on"), str | None),
        **dict.fromkeys(("recorded_on", "created_by", "created_at"), str),
    },
)
CLUE_ANSWER = make_answer_type(
    "ClueAnswer",
    {
        "clue": CLUE,
        "households": Annotated[
            make_list_type(LISTED),
            Field(description="For a place: its households in ranked order, the first page of `GET /v1/households`."),
        ],
        "job": Annotated[str | None, Field(description="Job that will score the households of the place.")],
        **WARNINGS,
    },
)
CLUES_PAGE = make_answer_type("CluesPage", {"clues": make_list_type(CLUE), "next": str, "more": bool})
