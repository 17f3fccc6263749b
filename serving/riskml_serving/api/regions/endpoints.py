"""``GET /v1/regions/{code}/summary``: counts for a region and its subregions."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from riskml_serving.api.call import ReadCall
from riskml_serving.api.openapi import follow
from riskml_serving.api.regions import repository
from riskml_serving.api.regions.schemas import SUMMARY
from riskml_serving.api.regions.service import next_level, sum_counts
from riskml_serving.http.responses import respond
from riskml_serving.judging.wording import find_as_of_day

router = APIRouter(tags=["regions"])


@router.get("/v1/regions/{code}/summary", response_model=SUMMARY, responses={200: follow(code="/parts/0/region")})
async def summary(call: ReadCall, code: str) -> Response:
    """Count households in a region (`all`: everywhere) and its subregions by status, tier, section and agreement."""
    region = call.caller.resolve_region("" if code == "all" else code)
    level = next_level(region)
    rows = await call.state.read(lambda connection: repository.count_scores(connection, region, level))
    scored_at = max((row["scored_at"] for row in rows), default=None)
    return respond({**call.make_envelope(find_as_of_day(rows), scored_at), **sum_counts(region, rows)})
