"""``/households/{id}``: a household's page, its workbook and its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from markupsafe import escape
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from riskml.records.contract.schema import TABLES
from riskml_serving.base.clock import today
from riskml_serving.base.problems import FieldError, Problem
from riskml_serving.casework.assignments.service import assign
from riskml_serving.casework.reassessments.service import begin_help
from riskml_serving.casework.visits.service import tell, undo, verify
from riskml_serving.desk.repository import read_facts
from riskml_serving.judging.act import Act
from riskml_serving.operations.state import get_state
from riskml_serving.store.facts.kinds import EVENTS, concerns_health
from riskml_serving.store.facts.outcomes import CHECKS
from riskml_serving.web.household.forms import (
    MAX_LENGTHS,
    OWN_FIELDS,
    name_errors,
    read_assignment,
    read_help,
    read_notification,
    read_verification,
)
from riskml_serving.web.household.service import HouseholdReader
from riskml_serving.web.household.sheet import build_sheets
from riskml_serving.web.shell.forms import Form, read_form_for, save_form_once
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.persons import note_names, read_clue_names, read_encrypted, read_heads
from riskml_serving.web.shell.rendering import get_language, make_namer, may_reveal, render, render_workbook
from riskml_serving.web.shell.sheets import Style
from riskml_serving.web.shell.visitor import PageRequest, SignedIn

Read = Callable[[Form], dict[str, Any]]

router = PageRouter()

PAGE = Page(
    name="household",
    path="/households/{household_id}",
    zh="农户",
    en="Household",
    purpose="both verdicts, reasons, timeline, what to verify, and the form for the finding; prints on two A4 pages",
    action="household.page",
    households=True,
    examples=("", "done=verified"),
)


PARTS = {
    "verified": "verification",
    "undone": "verification",
    "told": "verification",
    "helped": "help",
    "assigned": "assignment",
}
"""Part of the page that says what was done, by the query parameter ``done``."""


async def _gather(request: PageRequest, household_id: str) -> dict[str, Any]:
    """Gather what a household's page shows; refuse a household outside the reader's region."""
    state, lang, reveals = get_state(request), get_language(request), may_reveal(request)
    model, day = state.holder.current, today(state.settings)

    def read(connection: Connection) -> dict[str, Any]:
        reader = HouseholdReader(connection, model, request.caller, state.settings, day, lang, reveals)
        page = reader.read(household_id)
        numbers = [clue["number"] for clue in page["clues"]]
        return {
            **page,
            "heads": read_heads(request, connection, [household_id]),
            "clue_names": read_clue_names(request, connection, numbers),
            "facts": read_encrypted(
                request, lambda keys: read_facts(connection, keys, household_id), list[dict[str, Any]]()
            ),
        }

    return await state.read(read)


@router.page(PAGE)
async def household(request: SignedIn, household_id: str) -> View:
    """Show a household."""
    return await _show(request, household_id, Form({}), done=request.query_params.get("done", ""))


async def _show(
    request: PageRequest,
    household_id: str,
    entered: Form,
    errors: Mapping[str, FieldError] = MappingProxyType({}),
    done: str = "",
    refusal: Problem | None = None,
) -> View:
    page = await _gather(request, household_id)
    response = render(
        request,
        "household.html",
        status=refusal.status if refusal else 200,
        **page,
        head=page["heads"].get(household_id),
        entered=entered,
        errors=errors,
        refusal=refusal,
        most=MAX_LENGTHS,
        done=done,
        checks=[code for code in CHECKS if not (request.caller.redact and code == "body")],
        kinds={
            "bill": TABLES["illness"].find_column("kind"),
            "income": TABLES["income"].find_column("source"),
            "loss": TABLES["disaster"].find_column("kind"),
            "event": TABLES["events"].find_column("kind"),
            "per": TABLES["help"].find_column("per"),
        },
        events=[
            code
            for code in EVENTS
            if code not in OWN_FIELDS
            and not (request.caller.redact and concerns_health({"fact": "event", "kind": code}))
        ],
    )
    return View(response, [household_id], _note_view(request, page))


def _note_view(request: PageRequest, page: dict[str, Any]) -> dict[str, Any]:
    """Return what the audit entry says: what was left out, and whether names were shown."""
    return {"redacted": list(request.caller.redact), **note_names(page["heads"] | page["clue_names"])}


@router.page(
    PAGE.make_workbook("/households/{household_id}/export.xlsx", "the content of the page", "household.export")
)
async def household_workbook(request: SignedIn, household_id: str) -> View:
    """Export a household as a workbook."""
    page, lang = await _gather(request, household_id), get_language(request)
    style = Style(lang, make_namer(request, page["heads"]), page["heads"])
    region = style.name_region(page["register"]["region_code"])
    name = (PAGE.get_title(lang, ""), region, page["masked"].lstrip("…"), page["today"])
    response = render_workbook(request, build_sheets(page, style), *name, as_of=page["as_of"])
    return View(response, [household_id], _note_view(request, page))


@router.post("/households/{household_id}/verifications")
async def verification(request: SignedIn, household_id: str) -> Response:
    """Save the finding of a visit."""
    read = partial(read_verification, today=today(get_state(request).settings))
    return await _read_and_save(request, household_id, "write", "verified", read, verify)


@router.post("/households/{household_id}/verifications/{number}/undo")
async def undo_one(request: SignedIn, household_id: str, number: str) -> Response:
    """Undo a verification that the user saved today."""
    form = await read_form_for(request, "write")
    return await _save_form(request, household_id, form, "undone", undo, number)


@router.post("/households/{household_id}/verifications/{number}/told")
async def tell_one(request: SignedIn, household_id: str, number: str) -> Response:
    """Save the day on which the household was told that its risk was not confirmed."""

    def save(act: Act, household_id: str, body: dict[str, Any]) -> None:
        tell(act, household_id, number, body)

    return await _read_and_save(request, household_id, "write", "told", read_notification, save)


@router.post("/households/{household_id}/helps")
async def help_begun(request: SignedIn, household_id: str) -> Response:
    """Save new help."""
    return await _read_and_save(request, household_id, "write", "helped", read_help, begin_help)


@router.post("/households/{household_id}/assignments")
async def assignment(request: SignedIn, household_id: str) -> Response:
    """Assign the household, or hand it over."""
    return await _read_and_save(request, household_id, "assign", "assigned", read_assignment, assign)


async def _read_and_save(
    request: PageRequest, household_id: str, right: str, done: str, read: Read, save: Callable[..., Any]
) -> Response:
    """Save a form; if it has errors, show it again as it was filled in, so that nothing is lost."""
    form = await read_form_for(request, right)
    try:
        return await _save_form(request, household_id, form, done, save, read(form))
    except Problem as problem:
        if not problem.errors and problem.kind != "finding-changed":
            raise
        errors = name_errors(form, problem, "begun_" if done == "helped" else "")
        page = await _show(request, household_id, form, errors, refusal=problem)
        shown = bytes(page.response.body).decode()
        if not all(escape(text) in shown for text in form.list_typed()):  # the form is not on the page any more
            raise
        return await PAGE.answer(request, page)


async def _save_form(
    request: PageRequest, household_id: str, form: Form, done: str, save: Callable[..., Any], value: Any
) -> Response:
    """Save a form's value once, however often the form is sent, and redirect to the household."""
    call = request.call
    await save_form_once(request, form, lambda connection: save(call.act(connection), household_id, value))
    return RedirectResponse(f"/households/{quote(household_id, safe='')}?done={done}#{PARTS[done]}", 303)
