"""A verification in answers, and its export as rows of ``monitoring``."""

from __future__ import annotations

from riskml_serving.api.scores.schemas import CURSOR
from riskml_serving.base.contract import list_of, make_dict_type, one_of
from riskml_serving.casework.verifications.outcomes import OUTCOMES
from riskml_serving.http.responses import make_answer_type

__all__ = ["MONITORING_PAGE", "VERIFICATION", "VERIFICATION_ANSWER"]

ScoreThen = make_dict_type(
    "ScoreThen",
    {"cursor": CURSOR | None, "probability": float | None, "signal": str | None, "agreement": str | None},
)
VERIFICATION = make_dict_type(
    "Verification",
    {
        "verification_id": str,
        "outcome": one_of(*OUTCOMES),
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
"""What staff found, and the score that stood then."""

VERIFICATION_ANSWER = make_answer_type("VerificationAnswer", {"household_id": str, "verification": VERIFICATION})

MonitoringExport = make_dict_type(
    "MonitoringExport",
    {
        "household_id": str,
        "category": str,
        "entered_on": str,
        "cleared_on": str | None,
        "causes": str,
        "recorded_on": str,
    },
)
MONITORING_PAGE = make_answer_type(
    "MonitoringPage", {"monitoring": list_of(MonitoringExport), "next": str, "more": bool}
)
