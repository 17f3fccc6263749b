"""``/worklist`` and ``/worklist.xlsx``: which households to visit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from riskml.records.contract.as_of import AsOf
from riskml.vocabulary.verdicts import AGREEMENTS, TIERS
from riskml.workbook import Sheet
from riskml_serving.base.clock import today
from riskml_serving.casework.clues.repository import list_unscored
from riskml_serving.casework.clues.service import describe as describe_clue
from riskml_serving.casework.clues.service import read_open_clues
from riskml_serving.casework.deadlines import DEADLINES, Deadlines
from riskml_serving.casework.reassessments.repository import list_due
from riskml_serving.casework.worklist import repository
from riskml_serving.casework.worklist.repository import ListFilter
from riskml_serving.casework.worklist.states import CLUE_SECTION, LISTED, STATES
from riskml_serving.judging.judge import reveal
from riskml_serving.judging.scores.repository import read_as_of_day
from riskml_serving.operations.state import get_state
from riskml_serving.register.service import Person
from riskml_serving.web.shell.forms import read_form
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.persons import (
    decrypt_search,
    encrypt_search,
    find_by_person,
    get_keys,
    note_names,
    read_heads,
)
from riskml_serving.web.shell.region_names import list_regions
from riskml_serving.web.shell.rendering import get_language, make_namer, may_reveal, render, render_workbook
from riskml_serving.web.shell.sheets import CODE, CONTACT, Style, make_table
from riskml_serving.web.shell.visitor import PageRequest, SignedIn, require_region
from riskml_serving.web.shell.words import describe_cut, get_word, list_causes
from riskml_serving.web.worklist import service
from riskml_serving.web.worklist.sheet import COLUMNS, DUE_COLUMNS

router = PageRouter()

PAGE = Page(
    name="worklist",
    path="/worklist",
    zh="待核实名单",
    en="Work list",
    purpose="which households to visit: those with a clue, those flagged by the rule line, early warnings by the model",
    action="worklist.read",
    households=True,
    region=True,
    menu=True,
    examples=("", "state=overdue", "state=all&section=none&page=3", "state=all&cause=work"),
)

PAGE_ROWS, MAX_PAGES, MAX_WEEK = 20, 10_000, 500
MAX_SEARCH, MAX_ENCRYPTED = 128, 1000
"""Maximum number of characters in a search, and in an encrypted one."""
FIELDS = ("q", "region", "state", "section", "signal", "tier", "agreement", "category", "cause", "week")


@router.page(PAGE)
async def worklist(request: SignedIn) -> View:
    """Show the list, its filters and counts, and whom to visit this week."""
    state, caller = get_state(request), request.caller
    fields, wanted, deadlines = await _read_filter(request)
    region, whole = wanted.region, request.query_params.get("whole") == "1"
    size = service.MOST_ROWS if whole else PAGE_ROWS
    page = 1 if whole or not wanted.section else _parse_number(request.query_params.get("page"), 1, MAX_PAGES)
    capacity = _parse_number(fields["week"], state.settings.visits_a_week, MAX_WEEK)

    def read(connection: Connection) -> dict[str, Any]:
        listed = _add_named(request, connection, wanted)
        sections = service.read_sections(connection, listed, page, size)
        clued = [row["household_id"] for section in sections for row in section["rows"] if row["clued"]]
        due = _list_due(connection, fields, wanted, deadlines)
        unscored = [] if _is_narrowed(fields) else list_unscored(connection, region)[: service.MOST_ROWS]
        return {
            "as_of": read_as_of_day(connection, region),
            "heads": read_heads(request, connection, _list_codes(sections, due[:size], unscored)),
            "clues": {
                code: [describe_clue(connection, row, caller) for row in rows]
                for code, rows in read_open_clues(connection, region, clued).items()
            },
            "due": due[:size],
            "due_total": len(due),
            "due_late": sum(row["late"] for row in due),
            "unscored": unscored,
            "sections": [
                {**section, "rows": _describe_rows(request, section["rows"], deadlines)} for section in sections
            ],
            "week": service.plan_week(connection, listed, capacity) if STATES[wanted.state].to_visit else None,
            "regions": list_regions(connection, caller, region),
            "late": {
                LISTED.codes[i - CLUE_SECTION]: {DEADLINES[name].late.code: n for name, n in counts.items() if n}
                for i, counts in sorted(repository.count_late(connection, wanted).items())
                if any(counts.values())
            },
        }

    content = await state.read(read)
    chosen = _list_chosen(request, fields)
    response = render(
        request,
        "worklist.html",
        **content,
        today=deadlines.today,
        fields=fields,
        done=request.query_params.get("done") == "reported",
        wanted=wanted,
        by_person=get_keys(request) is not None,
        region=region,
        section_codes=LISTED,
        tiers=[*TIERS.codes[::-1], "none"],
        agreements=AGREEMENTS,
        causes=list_causes(caller),
        page=page,
        count_pages=lambda total: 1 if whole else math.ceil(total / PAGE_ROWS),
        describe_cut=lambda section: (
            describe_cut(len(section["rows"]), section["total"], get_language(request)) if whole else ""
        ),
        link=lambda **more: "/worklist?" + urlencode({**chosen, **more}),
        late_link=lambda section, code: "/worklist?" + urlencode({"region": region, "section": section, "state": code}),
        export_link="/worklist.xlsx?" + urlencode(chosen),
        deadline_notes=deadlines.notes,
        horizon=state.holder.current.narrator.settings.horizon,
    )
    codes = _list_codes(content["sections"], content["due"], content["unscored"])
    return View(response, codes, {"region": region, **note_names(content["heads"])})


@router.post("/worklist")
async def search(request: SignedIn) -> Response:
    """Turn the filters in a form into an address, in which a search for a person is encrypted."""
    form = await read_form(request, request.visitor.token)
    fields = {name: form.get_text(name, MAX_SEARCH) for name in FIELDS}
    if fields["q"]:
        fields["state"] = ""  # a search covers every state
    return RedirectResponse("/worklist?" + urlencode(_list_chosen(request, fields)), 303)


@router.page(PAGE.make_workbook("/worklist.xlsx", "the filtered list", "worklist.export", ("state=all",)))
async def worklist_workbook(request: SignedIn) -> View:
    """Export the filtered list as a workbook."""
    state, lang = get_state(request), get_language(request)
    fields, wanted, deadlines = await _read_filter(request)

    def read(
        connection: Connection,
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]], AsOf | None, dict[str, Person]]:
        listed = _add_named(request, connection, wanted)
        sections = service.read_sections(connection, listed, 1, service.MOST_ROWS)
        due = _list_due(connection, fields, wanted, deadlines)
        as_of = read_as_of_day(connection, wanted.region)
        return sections, due, as_of, read_heads(request, connection, _list_codes(sections, due))

    sections, due, as_of, heads = await state.read(read)
    rows = [row for section in sections for row in section["rows"]]
    title, name_region = PAGE.get_title(lang, ""), make_namer(request, heads)
    style, who = Style(lang, name_region, heads), (CODE, *(CONTACT if heads else ()))
    described = _describe_rows(request, rows, deadlines)
    sheets: list[Sheet] = [(title, *make_table((*who, *COLUMNS), described, style))]
    sheets += [(style.t("再评估", "second look"), *make_table((*who, *DUE_COLUMNS), due, style))] if due else []
    notes = []
    for section in sections:
        cut = describe_cut(len(section["rows"]), section["total"], lang)
        notes.append(f"{get_word('section', section['code'], lang)} {cut or section['total']}")
    name = (title, name_region(wanted.region), deadlines.today)
    response = render_workbook(request, sheets, *name, as_of=as_of, notes=notes)
    return View(response, _list_codes(sections, due), note_names(heads))


def _list_codes(sections: list[dict[str, Any]], *others: list[dict[str, Any]]) -> list[str]:
    """List the households on the page or in the workbook, each once."""
    shown = (*(section["rows"] for section in sections), *others)
    return list(dict.fromkeys(row["household_id"] for rows in shown for row in rows))


def _list_due(
    connection: Connection, fields: dict[str, str], wanted: ListFilter, deadlines: Deadlines
) -> list[dict[str, Any]]:
    """List the households that are due for a second look; none if the reader looks for something else."""
    return [] if _is_narrowed(fields) else list_due(connection, wanted.region, deadlines.today)[: service.MOST_ROWS]


def _is_narrowed(fields: dict[str, str]) -> bool:
    """Return whether the reader looks for certain households of the region."""
    return any(fields[name] for name in FIELDS if name not in ("region", "week"))


def _describe_rows(request: PageRequest, rows: list[dict[str, Any]], deadlines: Deadlines) -> list[dict[str, Any]]:
    """Describe the rows of the list for a visitor."""
    rows = [reveal(row) for row in rows] if may_reveal(request) else rows
    hardship = get_state(request).holder.hardship
    return [service.describe_row(row, request.caller, deadlines, hardship) for row in rows]


async def _read_filter(request: PageRequest) -> tuple[dict[str, str], ListFilter, Deadlines]:
    """Read the filter from a request; return the fields as entered, the filter they describe, and today's deadlines."""
    state = get_state(request)
    fields = {name: request.query_params.get(name, "")[:MAX_SEARCH] for name in FIELDS}
    entered = request.query_params.get("q", "")[:MAX_ENCRYPTED]
    fields["q"] = decrypt_search(request, entered)[:MAX_SEARCH]
    region = require_region(request)
    deadlines = Deadlines(state.holder.current.policy, state.settings, today(state.settings))
    return fields, service.build_filter(fields, region, request.caller, deadlines), deadlines


def _list_chosen(request: PageRequest, fields: dict[str, str]) -> dict[str, str]:
    """List the fields that are not empty, for an address; of a reader who may see names, the search is encrypted."""
    chosen = {name: value for name, value in fields.items() if value}
    return {**chosen, "q": encrypt_search(request, chosen["q"])} if "q" in chosen else chosen


def _add_named(request: PageRequest, connection: Connection, wanted: ListFilter) -> ListFilter:
    """Let the search also find households by the name or number of a person."""
    return replace(wanted, named=find_by_person(request, connection, wanted.region, wanted.search))


def _parse_number(text: str | None, default: int, most: int) -> int:
    """Parse the integer in a field, and limit it to the range from 1 to ``most``.

    >>> _parse_number("7", 1, 5), _parse_number("-3", 1, 5), _parse_number("x", 1, 5)
    (5, 1, 1)
    """
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default
    return min(max(number, 1), most)
