"""``/clues`` and ``/clues/new``: the register of clues, and the form to report one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from riskml.records.contract.schema import TABLES
from riskml.vocabulary.regions import Level
from riskml_serving.api.clues.service import register_clue, resolve
from riskml_serving.api.regions.service import next_level
from riskml_serving.base.clock import today
from riskml_serving.base.problems import Problem
from riskml_serving.casework.clues.kinds import KINDS
from riskml_serving.casework.clues.repository import read_clues
from riskml_serving.casework.clues.service import describe, find_closing_day
from riskml_serving.casework.clues.states import CLUE_STATES
from riskml_serving.casework.worklist.repository import list_parts
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.service import name_caller
from riskml_serving.store.households.repository import list_villages, require_household, search_codes
from riskml_serving.web.clues.forms import MAX_LENGTHS, read_report
from riskml_serving.web.clues.sheet import COLUMNS
from riskml_serving.web.shell.forms import Form, read_form_for, save_form_once
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.persons import find_by_person, note_names, read_clue_names, read_heads
from riskml_serving.web.shell.region_names import list_regions
from riskml_serving.web.shell.rendering import get_language, make_namer, render, render_workbook
from riskml_serving.web.shell.sheets import Style, make_table
from riskml_serving.web.shell.visitor import PageRequest, SignedIn, require_region
from riskml_serving.web.shell.words import describe_cut

router = PageRouter()

PAGE = Page(
    name="clues",
    path="/clues",
    zh="线索登记表",
    en="Register of clues",
    purpose="every clue with what became of it: who reported it and how, who went, the finding, when it was closed",
    action="clues.read",
    households=True,
    region=True,
    examples=("", "state=open"),
)
REPORT = Page(
    name="report-clue",
    path="/clues/new",
    zh="上报线索",
    en="Report a clue",
    purpose="report what happened to a household, whether it is in the register or not, or to a whole place",
    action="clues.form",
    right="write",
    households=True,
)

MOST_CANDIDATES, MOST_SHOWN, MOST_ROWS = 20, 100, 5_000
"""Maximum number of households that a search offers, and of clues on the page and in the workbook."""

FIELDS = ("region", "state", "since", "until")


@router.page(REPORT)
async def report_form(request: SignedIn) -> View:
    """Show the form, for the household that the address names or for one to be searched."""
    return await _show_form(request, Form({"household_id": [request.query_params.get("household", "")]}))


async def _show_form(
    request: PageRequest, entered: Form, errors: Collection[str] = (), candidates: Collection[str] = ()
) -> View:
    state, region = get_state(request), request.caller.region

    def read(connection: Connection) -> dict[str, Any]:
        code = entered.get_text("household_id", 128)
        codes = list(dict.fromkeys([*([code] if code else []), *candidates]))
        homes = {one: require_household(connection, one, region) for one in codes}
        regions = [one for one in list_parts(connection, region, next_level(region)) if len(one) <= Level.TOWN]
        villages = list_villages(connection, region)
        return {
            "homes": [{"code": one, "region": row["region_code"]} for one, row in homes.items()],
            "heads": read_heads(request, connection, codes),
            "villages": villages,
            "regions": [*([region] if region else []), *regions, *villages] if request.visitor.may("resolve") else [],
        }

    content = await state.read(read)
    response = render(
        request,
        "report_clue.html",
        status=422 if errors else 200,
        **content,
        entered=entered,
        errors=errors,
        candidates=candidates,
        most=MAX_LENGTHS,
        today=today(state.settings),
        kinds=KINDS,
        usual="grid_worker" if len(region) == Level.VILLAGE else "hotline",
        disaster=TABLES["disaster"].find_column("kind"),
        named=state.identity is not None,
    )
    return View(response, [home["code"] for home in content["homes"]], note_names(content["heads"]))


@router.post("/clues/new")
async def add_clue(request: SignedIn) -> Response:
    """Save a report; if the household is not certain, show the form again with the households to choose from."""
    form = await read_form_for(request, "write")
    subject, candidates = await _find_subject(request, form)
    try:
        body = read_report(form, subject)
    except Problem as problem:
        errors = {error.path.partition(".")[0] for error in problem.errors}
        return await REPORT.answer(request, await _show_form(request, form, errors, candidates))
    call = request.call
    await save_form_once(request, form, lambda connection: register_clue(connection, call, body))
    if "household_id" in body:
        return RedirectResponse(f"/households/{quote(body['household_id'], safe='')}?done=reported#clues", 303)
    if "region_code" in body:
        chosen = {"region": body["region_code"], "state": "all", "done": "reported"}
        return RedirectResponse("/worklist?" + urlencode(chosen), 303)
    return RedirectResponse("/clues?done=reported", 303)


async def _find_subject(request: PageRequest, form: Form) -> tuple[dict[str, Any], list[str]]:
    """Find whom a report is about: the subject, empty if it is not certain, and the households to choose from."""
    if struck := form.get_text("region_code", Level.VILLAGE):
        if not request.visitor.may("resolve"):
            raise Problem("role-refused")
        return {"region_code": struck}, []
    text = form.get_text("q", MAX_LENGTHS["q"])
    if form.get_text("unlisted") == "1":
        return {"unlisted": {"village": form.get_text("village", Level.VILLAGE), "name": text}}, []
    if code := form.get_text("household_id", 128):
        return {"household_id": code}, []
    if not text:
        return {}, []
    region = request.caller.region

    def search(connection: Connection) -> list[str]:
        named = find_by_person(request, connection, region, text)
        return list(dict.fromkeys([*named, *search_codes(connection, region, text, MOST_CANDIDATES)]))[:MOST_CANDIDATES]

    candidates = await get_state(request).read(search)
    return ({"household_id": candidates[0]}, []) if len(candidates) == 1 else ({}, candidates)


def _read_day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


async def _gather(request: PageRequest, limit: int) -> dict[str, Any]:
    """Read the clues that the filters in the address choose, the latest first."""
    region, caller = require_region(request), request.caller
    fields = {name: request.query_params.get(name, "")[:20] for name in FIELDS}
    fields["state"] = fields["state"] if fields["state"] in CLUE_STATES else ""
    since, until = _read_day(fields["since"]), _read_day(fields["until"])
    now = today(get_state(request).settings)

    def read(connection: Connection) -> dict[str, Any]:
        chosen: dict[str, Any] = {"state": fields["state"], "since": since, "until": until}
        rows = read_clues(connection, region, **chosen, limit=limit + 1, latest=True)
        shown = rows[:limit]
        codes = sorted({row["household_id"] for row in shown if row["household_id"]})
        names = read_clue_names(request, connection, [row["clue_id"] for row in shown])
        keys = {key for row in shown for key in (row["created_by"], row["visitor"]) if key}
        authors = {key: name_caller(connection, key) for key in keys}
        clues = []
        for row in shown:
            end = row["verified_on"] or find_closing_day(row) or now
            own = {"names": names.get(row["clue_id"], {}), "author": authors[row["created_by"]]}
            own |= {"visitor": authors.get(row["visitor"], ""), "days": max(0, (end - row["recorded_on"]).days)}
            own |= {"resolution": row["resolution"] if not caller.redact else ""}
            clues.append({**describe(connection, row, caller), **own})
        return {
            "clues": clues,
            "more": len(rows) > limit,
            "heads": read_heads(request, connection, codes),
            "regions": list_regions(connection, caller, region),
        }

    content = await get_state(request).read(read)
    return {**content, "region": region, "fields": fields, "today": now}


@router.page(PAGE)
async def register(request: SignedIn) -> View:
    """Show the register of clues."""
    page = await _gather(request, MOST_SHOWN)
    chosen = urlencode({name: value for name, value in page["fields"].items() if value})
    response = render(
        request,
        "clues.html",
        **page,
        done=request.query_params.get("done", ""),
        most=MAX_LENGTHS,
        most_shown=MOST_SHOWN,
        export_link="/clues.xlsx" + (f"?{chosen}" if chosen else ""),
    )
    return _note_view(response, page)


def _note_view(response: Response, page: dict[str, Any]) -> View:
    """Return the view of the register: the households and the number of names that it shows."""
    codes = sorted({clue["household_id"] for clue in page["clues"] if "household_id" in clue})
    names = {**page["heads"], **{clue["clue_id"]: clue["names"] for clue in page["clues"] if clue["names"]}}
    return View(response, codes, {"region": page["region"], **note_names(names)})


@router.page(PAGE.make_workbook("/clues.xlsx", "the filtered register", "clues.export"))
async def register_workbook(request: SignedIn) -> View:
    """Export the register of clues as a workbook."""
    page, lang = await _gather(request, MOST_ROWS), get_language(request)
    title, name_region = PAGE.get_title(lang, ""), make_namer(request, page["heads"])
    sheet = (title, *make_table(COLUMNS, page["clues"], Style(lang, name_region, page["heads"])))
    cut = [describe_cut(MOST_ROWS, MOST_ROWS + 1, lang)] if page["more"] else []
    name = (title, name_region(page["region"]), page["today"])
    response = render_workbook(request, [sheet], *name, notes=cut)
    return _note_view(response, page)


@router.post("/clues/{number}/resolution")
async def resolve_one(request: SignedIn, number: str) -> Response:
    """Say which household a clue is about, or why that household does not belong to the county."""
    form = await read_form_for(request, "resolve")
    code, why = form.get_text("household_id", 128), form.get_text("resolution", MAX_LENGTHS["resolution"])
    if bool(code) == bool(why):
        raise Problem("form-refused", "resolution")
    call = request.call
    await save_form_once(request, form, lambda connection: resolve(connection, call, number, code, why))
    return RedirectResponse("/clues?done=resolved", 303)
