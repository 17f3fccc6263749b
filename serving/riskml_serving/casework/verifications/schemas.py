"""Body of ``POST /v1/households/{id}/verifications``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, NotRequired

from pydantic import Field, Strict, TypeAdapter

from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import CATEGORIES
from riskml_serving.base.contract import FIRST_DAY, LAST_DAY, PLAIN, list_of, make_dict_type, one_of
from riskml_serving.casework.verifications.outcomes import OUTCOMES

__all__ = ["VERIFICATION_REQUEST"]

Cause = one_of(*CAUSES)
Category = one_of(*CATEGORIES.codes)
Outcome = one_of(*OUTCOMES)
Measure = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]

VERIFICATION_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    make_dict_type(
        "VerificationRequest",
        {
            "outcome": Annotated[
                Outcome, Field(description=" · ".join(f"{term.code} {term.zh}" for term in OUTCOMES.values()))
            ],
            "category": NotRequired[
                Annotated[Category | None, Field(description="Of a household taken into monitoring.")]
            ],
            "causes": NotRequired[Annotated[list_of(Cause), Field(max_length=len(CAUSES))]],
            "measures": NotRequired[Annotated[list[Measure], Field(max_length=50, description="Measures agreed.")]],
            "note": NotRequired[Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]],
            "verified_on": NotRequired[
                Annotated[dt.date, Strict(), Field(ge=FIRST_DAY, le=LAST_DAY, description="Day of the visit; today.")]
            ],
        },
    )
)
"""What staff found at the door."""
