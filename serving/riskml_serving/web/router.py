"""Every page, in the order of the menu."""

from __future__ import annotations

from riskml_serving.web.account import router as account
from riskml_serving.web.clues.endpoints import router as clues
from riskml_serving.web.desk.endpoints import router as desk
from riskml_serving.web.household.endpoints import router as household
from riskml_serving.web.model import router as model
from riskml_serving.web.overview.endpoints import router as overview
from riskml_serving.web.shell.endpoints import router as shell
from riskml_serving.web.shell.page_router import PageRouter, require_declared
from riskml_serving.web.shell.rendering import show_in_menu
from riskml_serving.web.sign_in import router as sign_in
from riskml_serving.web.worklist.endpoints import router as worklist

ROUTERS = (shell, sign_in, worklist, household, clues, overview, desk, model, account)

OPEN_TO_ALL = frozenset(
    ("/", "/language/{lang}", "/static/{name}", "/sign-in", "/sign-in/provider", "/sign-in/provider/return")
)
"""Addresses that need no account and show nothing about the county."""

PAGES = require_declared(ROUTERS, OPEN_TO_ALL)
"""Every page and workbook; for each, the tests check roles, audit entries, regions, sizes, times, gallery and docs."""

show_in_menu(page for page in PAGES if page.menu)

router = PageRouter()
for part in ROUTERS:
    router.include_router(part)
