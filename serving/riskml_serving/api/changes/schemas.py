"""Response of ``GET /v1/changes``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from riskml_serving.api.households.schemas import LIVING
from riskml_serving.api.scores.schemas import CURSOR, STORED
from riskml_serving.base.contract import make_dict_type, make_list_type
from riskml_serving.http.responses import make_answer_type

KIND = Annotated[
    Literal["scored", "moved", "left", "closed"],
    Field(
        description="scored: a new verdict · moved: now lives here · left: no longer in the requested region · "
        "closed: no longer a household, or its last member has left. The last three carry the score at that time."
    ),
]

ChangeRow = make_dict_type("ChangeRow", {"cursor": CURSOR, "change": KIND, **LIVING, **STORED})
CHANGES_PAGE = make_answer_type("ChangesPage", {"changes": make_list_type(ChangeRow), "next": str, "more": bool})
