"""Response of ``GET /v1/regions/{code}/summary``."""

from __future__ import annotations

from typing import Any

from riskml.vocabulary.verdicts import AGREEMENTS, TIERS
from riskml_serving.base.contract import make_dict_type, make_list_type
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.scores.ranking import SIGNALS_BY_SECTION

__all__ = ["SUMMARY"]


def _make_counts(name: str, *codes: str) -> Any:
    return make_dict_type(name, dict.fromkeys(codes, int))


COUNTS: dict[str, Any] = {
    "households": int,
    "by_status": dict[str, int],
    "by_tier": _make_counts("ByTier", *TIERS, "none"),
    "by_section": make_dict_type(
        "BySection",
        {name: _make_counts(f"Signals{name.title()}", *signals) for name, signals in SIGNALS_BY_SECTION.items()},
    ),
    "by_agreement": _make_counts("ByAgreement", *AGREEMENTS),
}

Part = make_dict_type("RegionPart", {"region": str, **COUNTS})
SUMMARY = make_answer_type("Summary", {"region": str, "level": str, **COUNTS, "parts": make_list_type(Part)})
