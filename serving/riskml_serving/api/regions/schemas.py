"""Response of ``GET /v1/regions/{code}/summary``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from riskml.vocabulary.verdicts import AGREEMENTS, TIERS
from riskml_serving.base.contract import make_dict_type, make_list_type
from riskml_serving.http.responses import make_answer_type
from riskml_serving.judging.scores.ranking import SIGNALS_BY_SECTION

_EVERY_SECTION = Field(description="Households of all sections together.")


def _make_counts(name: str, *codes: str) -> Any:
    return make_dict_type(name, dict.fromkeys(codes, int))


COUNTS: dict[str, Any] = {
    "households": Annotated[int, _EVERY_SECTION],
    "by_status": Annotated[dict[str, int], _EVERY_SECTION],
    "by_tier": Annotated[_make_counts("ByTier", *TIERS, "none"), _EVERY_SECTION],
    "by_section": make_dict_type(
        "BySection",
        {name: _make_counts(f"Signals{name.title()}", *signals) for name, signals in SIGNALS_BY_SECTION.items()},
    ),
    "by_agreement": Annotated[_make_counts("ByAgreement", *AGREEMENTS), _EVERY_SECTION],
}

Part = make_dict_type("RegionPart", {"region": str, **COUNTS})
SUMMARY = make_answer_type("Summary", {"region": str, "level": str, **COUNTS, "parts": make_list_type(Part)})
