"""Types of the answers, as the OpenAPI tells them; tests hold real answers against them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field

from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, STATUSES, TIERS
from riskml_serving.base.contract import make_dict_type
from riskml_serving.casework.verifications.schemas import OUTCOMES

__all__ = ["ANSWERS", "PROBLEM"]


def _words(*values: str) -> Any:
    return Literal.__getitem__(values)


def _list(kind: Any) -> Any:
    return list.__class_getitem__(kind)


def _counts(name: str, *words: str) -> Any:
    return make_dict_type(name, dict.fromkeys(words, int))


ENVELOPE: dict[str, Any] = {
    "model_name": str,
    "model_version": str,
    "feature_schema_hash": str,
    "policy_version": str,
    "data_as_of": Annotated[str | None, Field(description="Day as of which records counted.")],
    "scored_at": Annotated[str | None, Field(description="UTC.")],
    "request_id": str,
}
VERDICT: dict[str, Any] = {
    "status": _words(*STATUSES),
    "probability": Annotated[float | None, Field(ge=0, le=1, description="Calibrated; null unless at risk.")],
    "tier": _words(*TIERS) | None,
    "rule_signal": _words(*COLOURS),
    "signal": Annotated[_words(*COLOURS), Field(description="Never greener than the rule line's.")],
    "rule_flags": Annotated[list[str], Field(description="Triggers that fired.")],
    "hidden_flags": Annotated[int, Field(description="Triggers that tell of health and are left out for this key.")],
    "agreement": _words(*AGREEMENTS),
    "agreement_by": Annotated[
        Literal["capacity", "tier"],
        Field(description="What made the model's yes: a place in the county's visit capacity, or a tier."),
    ],
}
MARGIN = Annotated[float | None, Field(description="Log odds before calibration.")]
STORED = {
    **VERDICT,
    "margin": MARGIN,
    "as_of": str,
    "scored_at": str,
    "model_version": str,
    "feature_schema_hash": str,
    "policy_version": str,
}
EXPLANATION = Annotated[dict[str, Any], Field(description="See docs/explanation.md.")]
PLACE: dict[str, Any] = {"household_id": str, "region_code": str}

Scored = make_dict_type(
    "Scored", {"household_id": str, **VERDICT, "margin": MARGIN, "explanation": NotRequired[EXPLANATION]}
)
Brief = make_dict_type("Brief", VERDICT)
Changed = make_dict_type("Changed", {"household_id": str, "changed": bool, "before": Brief | None, "after": Brief})
Stored = make_dict_type("StoredScore", STORED)
CURSOR = Annotated[str, Field(description="Names a change; `since` of /v1/changes takes it.")]
Past = make_dict_type("PastScore", {"cursor": CURSOR, "change": Literal["scored", "moved", "closed"], **STORED})
Listed = make_dict_type("Listed", {**PLACE, **STORED})
ChangeRow = make_dict_type(
    "ChangeRow",
    {
        "cursor": CURSOR,
        "change": Annotated[
            Literal["scored", "moved", "left", "closed"],
            Field(
                description="scored: another verdict · moved: lives here now · left: no longer in the region asked "
                "about · closed: is no household any more. The last three come with the score that stood."
            ),
        ],
        **PLACE,
        **STORED,
    },
)
Stood = make_dict_type(
    "ScoreThen",
    {"cursor": CURSOR | None, "probability": float | None, "signal": str | None, "agreement": str | None},
)
Verification = make_dict_type(
    "Verification",
    {
        "verification_id": str,
        "outcome": _words(*OUTCOMES),
        "category": str | None,
        "causes": list[str],
        "measures": list[str],
        "note": str | None,
        "verified_on": str,
        "created_by": str,
        "created_at": str,
        "score": Stood,
    },
)
Monitoring = make_dict_type(
    "MonitoringRow",
    {
        "household_id": str,
        "category": str,
        "entered_on": str,
        "cleared_on": str | None,
        "causes": str,
        "recorded_on": str,
    },
)
COUNTS: dict[str, Any] = {
    "households": int,
    "by_status": dict[str, int],
    "by_tier": _counts("ByTier", *TIERS, "none"),
    "by_signal": _counts("BySignal", *COLOURS),
    "by_agreement": _counts("ByAgreement", *AGREEMENTS),
}
Part = make_dict_type("RegionPart", {"region": str, **COUNTS})


def _answer(name: str, fields: dict[str, Any]) -> Any:
    return make_dict_type(name, {**ENVELOPE, **fields})


Job = _answer(
    "Job",
    {
        "job": str,
        "kind": Literal["score", "rescore"],
        "state": Literal["waiting", "running", "done", "failed", "cancelled"],
        "region": str,
        "total": Annotated[int, Field(description="Households to do, as counted at the start.")],
        "judged": int,
        "kept": Annotated[int, Field(description="Households whose current score the job has written.")],
        "created_at": str,
        "finished_at": str | None,
        "problem": Annotated[str | None, Field(description="Type of the problem that ended it.")],
        "results": Annotated[str | None, Field(description="Where the results are, once it is done.")],
    },
)

ANSWERS: dict[tuple[str, str], Any] = {
    ("post", "/v1/scores"): _answer("ScoreAnswer", {"scores": _list(Scored), "unknown": list[str]}),
    ("post", "/v1/records"): _answer(
        "RecordsAnswer",
        {
            "accepted": dict[str, int],
            "rescored": int,
            "changed": int,
            "scores": _list(Changed),
            "job": Annotated[str | None, Field(description="Job that will score whom the records touch.")],
        },
    ),
    ("post", "/v1/batches"): Job,
    ("get", "/v1/jobs/{job_id}"): Job,
    ("delete", "/v1/jobs/{job_id}"): Job,
    ("get", "/v1/jobs/{job_id}/results"): make_dict_type("ResultsFile", {}),
    ("get", "/v1/households"): _answer(
        "HouseholdsPage", {"region": str, "households": _list(Listed), "next": str | None}
    ),
    ("get", "/v1/households/{household_id}"): _answer(
        "Household",
        {
            **PLACE,
            "opened_on": str,
            "closed_on": str | None,
            "closed_because": str | None,
            "followed_by": Annotated[list[str], Field(description="Those of them that live in the region of the key.")],
            "followed_elsewhere": Annotated[int, Field(description="How many more there are.")],
            "score": Stored | None,
            "history": _list(Past),
            "verifications": _list(Verification),
        },
    ),
    ("get", "/v1/households/{household_id}/explanation"): _answer("ExplanationAnswer", {"explanation": EXPLANATION}),
    ("post", "/v1/households/{household_id}/closure"): _answer(
        "ClosureAnswer", {"household_id": str, "closed_on": str, "closed_because": str, "followed_by": list[str]}
    ),
    ("post", "/v1/households/{household_id}/verifications"): _answer(
        "VerificationAnswer", {"household_id": str, "verification": Verification}
    ),
    ("get", "/v1/verifications/monitoring"): _answer(
        "MonitoringPage", {"monitoring": _list(Monitoring), "next": str, "more": bool}
    ),
    ("get", "/v1/changes"): _answer("ChangesPage", {"changes": _list(ChangeRow), "next": str, "more": bool}),
    ("get", "/v1/regions/{code}/summary"): _answer(
        "Summary", {"region": str, "level": str, **COUNTS, "parts": _list(Part)}
    ),
    ("get", "/v1/model"): _answer(
        "ModelAnswer",
        {
            "source": str,
            "loaded_at": str,
            "settings": dict[str, Any],
            "thresholds": dict[str, Any],
            "manifest": dict[str, Any],
            "evaluation": dict[str, Any],
        },
    ),
    ("get", "/healthz"): make_dict_type("Alive", {"status": Literal["ok"]}),
}
"""Type of the answer to each method and path."""

FieldFault = make_dict_type("FieldFault", {"path": str, "code": str, "detail": str, "detail_en": str})
PROBLEM = make_dict_type(
    "Problem",
    {
        "type": Annotated[str, Field(description="Stable: urn:riskml:problem:…")],
        "title": str,
        "title_en": str,
        "status": int,
        "detail": str,
        "detail_en": str,
        "request_id": str,
        "errors": NotRequired[_list(FieldFault)],
        "error_count": NotRequired[int],
    },
)
"""Problem details (RFC 9457)."""
