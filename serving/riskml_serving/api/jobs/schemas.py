"""Request body of ``POST /v1/batches``, and the description of a job in responses."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field

from riskml_serving.api.openapi import Body
from riskml_serving.api.scores.schemas import DAY
from riskml_serving.http.responses import make_answer_type

REGION = Annotated[
    str,
    Field(
        pattern="^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$",
        description="Region to score; by default, that of the key.",
    ),
]

BATCH_REQUEST = Body(
    "BatchRequest",
    {"as_of": NotRequired[DAY | None], "region": NotRequired[REGION | None]},
)
"""Which region to score, and as of which day."""

JOB = make_answer_type(
    "Job",
    {
        "job": str,
        "kind": Literal["score", "rescore"],
        "state": Literal["waiting", "running", "done", "failed", "cancelled"],
        "region": str,
        "total": Annotated[int, Field(description="Households to score, as counted at the start.")],
        "judged": int,
        "kept": Annotated[int, Field(description="Households whose current score the job has written.")],
        "created_at": str,
        "finished_at": str | None,
        "problem": Annotated[str | None, Field(description="Type of the problem that ended the job.")],
        "results": Annotated[str | None, Field(description="Address of the results, once the job is done.")],
    },
)
