"""Every page, and what they are made with."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from riskml_serving.base.problems import Problem
from riskml_serving.web.household.endpoints import router as household
from riskml_serving.web.household.sheet import router as household_sheet
from riskml_serving.web.model.endpoints import router as model
from riskml_serving.web.overview.endpoints import router as overview
from riskml_serving.web.shell.by_provider import router as by_provider
from riskml_serving.web.shell.pages import STATIC
from riskml_serving.web.shell.refusals import PageRoute
from riskml_serving.web.shell.signing_in import router as signing_in
from riskml_serving.web.worklist.endpoints import router as worklist
from riskml_serving.web.worklist.sheet import router as worklist_sheet

__all__ = ["router"]

router = APIRouter(route_class=PageRoute, include_in_schema=False)
for part in (signing_in, by_provider, worklist, worklist_sheet, household, household_sheet, overview, model):
    router.include_router(part)

FILES = {"style.css": "text/css; charset=utf-8", "form.js": "text/javascript; charset=utf-8"}


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """Give the style sheet, or the script that keeps a form when the connection drops."""
    if name not in FILES:
        raise Problem("not-found")
    return FileResponse(STATIC / name, media_type=FILES[name], headers={"Cache-Control": "max-age=3600"})
