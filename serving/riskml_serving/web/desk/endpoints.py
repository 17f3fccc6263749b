"""``/lists`` and ``/lists/delivery``: import lists from departments, step by step, even without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from riskml.lists.reading.headers import read_headers
from riskml.lists.wording import explain_reason, name_outcome
from riskml.records.contract.schema import TABLES
from riskml.text import load_chinese
from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml.vocabulary.verdicts import COLOURS
from riskml_serving.base.clock import today
from riskml_serving.base.problems import Problem
from riskml_serving.desk import repository, service
from riskml_serving.judging.act import Act
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.service import name_caller
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, read_persons
from riskml_serving.web.desk.forms import list_fields, read_answers, read_headers_form, read_received
from riskml_serving.web.desk.uploads import read_uploads
from riskml_serving.web.desk.words import CHOICE_WORDS, PERSON_WORDS, STEP_WORDS, UNITS, name_field
from riskml_serving.web.shell.export import TYPE
from riskml_serving.web.shell.forms import Form, read_form
from riskml_serving.web.shell.page import Page, View
from riskml_serving.web.shell.page_router import PageRouter
from riskml_serving.web.shell.persons import get_keys
from riskml_serving.web.shell.rendering import get_language, render
from riskml_serving.web.shell.visitor import PageRequest, SignedIn
from riskml_serving.web.shell.words import describe_cut

router = PageRouter()

PAGE = Page(
    name="lists",
    path="/lists",
    zh="数据导入",
    en="Import lists",
    purpose="lists from departments: upload them, or continue with an earlier upload",
    action="lists.page",
    right="lists",
    menu=True,
)
DELIVERY = Page(
    name="delivery",
    path="/lists/delivery",
    zh="名单导入",
    en="Delivery",
    purpose="one upload of lists: columns, questions about persons, preview, import, and new warnings",
    action="lists.delivery",
    right="lists",
    households=True,
)


class _Opened(NamedTuple):
    """A delivery that a form changes, within its transaction."""

    act: Act
    delivery: dict[str, Any]
    keys: IdentityKeys

    def start(self, step: str, then: str = "columns") -> None:
        """Let a worker take the given step."""
        service.start_job(self.act, self.delivery, step, then)


MOST_DELIVERIES, PAGE_QUESTIONS, PAGE_RISEN, MOST_COLUMNS = 50, 20, 100, 200


@router.page(PAGE)
async def lists(request: SignedIn) -> View:
    """Show the form for uploading and the deliveries so far."""
    state = get_state(request)
    allowed = get_keys(request) is not None

    def read(connection: Connection) -> list[dict[str, Any]]:
        rows = repository.list_deliveries(connection, request.caller.region, MOST_DELIVERIES)
        return [
            {**row, **service.read_progress(connection, row), "author": name_caller(connection, row["created_by"])}
            for row in rows
        ]

    rows = await state.read(read) if allowed else []
    response = render(
        request,
        "lists.html",
        allowed=allowed,
        has_key=state.identity is not None,
        deliveries=rows,
        today=today(state.settings),
        most_megabytes=state.settings.max_upload_bytes // 1_000_000,
        steps=STEP_WORDS,
        discarded=request.query_params.get("done") == "discarded",
    )
    return View(response)


@router.post("/lists")
async def upload(request: SignedIn) -> Response:
    """Store uploaded files as a delivery, or add them to one."""
    state = get_state(request)
    keys = _require_keys(request)
    uploads, form = await read_uploads(request, request.visitor.token, state.settings.max_upload_bytes)
    received, earlier = read_received(uploads, form), form.get_text("earlier") == "1"
    call, code = request.call, form.get_text("id", 36)

    def write(connection: Connection) -> str:
        delivery = service.require_delivery(connection, code, request.caller) if code else None
        lists = [one for one in uploads if one.name != "received.csv"]
        return service.add_delivery(call.act(connection), keys, lists, received, earlier=earlier, delivery=delivery)

    return _redirect(await state.write(write))


@router.page(DELIVERY)
async def delivery(request: SignedIn) -> View:
    """Show a delivery at its step, or at the step that the address names."""
    state, lang = get_state(request), get_language(request)
    keys, code = get_keys(request), request.query_params.get("id", "")[:36]
    if keys is None or not code:
        return View(RedirectResponse("/lists", 303) if code else render(request, "delivery.html", it=None), [])

    def read(connection: Connection) -> dict[str, Any]:
        row = service.require_delivery(connection, code, request.caller)
        result = service.read_result(connection, keys, row)
        homes = [one["household_id"] for one in result.get("risen", ())[:PAGE_RISEN]]
        return {
            "it": row,
            "progress": service.read_progress(connection, row),
            "answered": repository.count_answers(connection, code),
            "result": result,
            "homes": result.get("heads") or _name_heads(read_persons(connection, keys, homes)),
        }

    content = await state.read(read)
    row, result = content["it"], content["result"]
    step = request.query_params.get("step", row["step"])
    seen = bool(result) and ("risen" in result or step not in ("preview", "done"))
    step = step if step in service.STEPS and seen and row["step"] not in service.ENDED else row["step"]
    questions = result.get("questions", [])
    shown = {"questions": questions[:PAGE_QUESTIONS], "preview": result.get("risen", [])[:PAGE_RISEN]}
    response = render(
        request,
        "delivery.html",
        **content,
        step=step,
        hidden_causes=HEALTH_CAUSES if request.caller.redact else (),
        fault=json.loads(row["fault"] or "{}"),
        name_table=lambda table: TABLES[table].zh if lang == "zh" else TABLES[table].en,
        steps=STEP_WORDS,
        name_stage=lambda stage: load_chinese().get(stage, stage) if lang == "zh" else stage,
        topics=read_headers().topics,
        units=UNITS,
        person_words=PERSON_WORDS,
        choice_words=CHOICE_WORDS,
        colours=COLOURS.codes,
        page_questions=PAGE_QUESTIONS,
        page_risen=PAGE_RISEN,
        cut=describe_cut(PAGE_RISEN, len(result.get("risen", ())), lang),
        policy=state.holder.current.policy,
        name_field=lambda field: name_field(field, lang),
        list_fields=list_fields,
        explain_reason=lambda reason: explain_reason(reason).read(lang),
        name_outcome=lambda outcome: name_outcome(outcome).read(lang),
    )
    if content["progress"]["busy"]:
        response.headers["Refresh"] = "2"  # the page follows the work even without JavaScript
    return View(response, _list_homes(step, shown), {"delivery": row["delivery_id"], "step": step})


def _name_heads(homes: dict[str, list[Person]]) -> dict[str, list[str]]:
    return {code: [persons[0].name, persons[0].town + persons[0].village] for code, persons in homes.items()}


def _list_homes(step: str, shown: dict[str, list[dict[str, Any]]]) -> list[str]:
    """List the households that a step names."""
    if step == "questions":
        persons = [person for question in shown["questions"] for person in question["candidates"]]
        return list(dict.fromkeys(person["household_id"] for person in persons if "household_id" in person))
    return [row["household_id"] for row in shown["preview"]] if step in ("preview", "done") else []


@router.post("/lists/columns")
async def change_columns(request: SignedIn) -> Response:
    """Store the headers that the user has confirmed, and read the lists again if this changes anything."""
    form = await read_form(request, request.visitor.token, MOST_COLUMNS * 2)

    def write(at: _Opened) -> str:
        sheets = service.read_result(at.act.connection, at.keys, at.delivery).get("sheets", [])
        if service.confirm(at.act.connection, at.delivery, read_headers_form(form, sheets)):
            at.start("read")
        return "columns"

    return await _change(request, form, write)


@router.post("/lists/answers")
async def answer(request: SignedIn) -> Response:
    """Store or forget answers, and match the persons again or, if asked to go on, compute the preview."""
    form = await read_form(request, request.visitor.token)
    goes_on = form.get_text("next") == "preview"

    def write(at: _Opened) -> str:
        if form.get_text("again"):
            service.ask_again(at.act, at.delivery)
            at.start("read", "questions")
            return "questions"
        count = service.answer(at.act, at.keys, at.delivery, read_answers(form))
        if count or goes_on:
            at.start("preview" if goes_on else "read", "questions")
        return "" if goes_on else "questions"

    return await _change(request, form, write)


@router.post("/lists/next")
async def go_on(request: SignedIn) -> Response:
    """Compute the preview, or import."""
    form = await read_form(request, request.visitor.token)
    step = form.get_text("step") or "preview"

    def write(at: _Opened) -> str:
        if step not in ("read", "preview", "import") or (step == "import" and at.delivery["step"] != "preview"):
            raise Problem("delivery-busy")
        at.start(step)
        return ""

    return await _change(request, form, write)


@router.post("/lists/discard")
async def discard(request: SignedIn) -> Response:
    """Remove a delivery that has not been imported."""
    form = await read_form(request, request.visitor.token)

    def write(at: _Opened) -> str:
        service.discard(at.act, at.delivery)
        return ""

    await _change(request, form, write)
    return RedirectResponse("/lists?done=discarded", 303)


@router.post("/lists/returned")
async def send_copy(request: SignedIn) -> Response:
    """Send the copy of a list with the outcome of each row."""
    state, form = get_state(request), await read_form(request, request.visitor.token)
    keys, number = _require_keys(request), form.get_text("number", 4)

    def read(connection: Connection) -> tuple[str, bytes]:
        row = service.require_delivery(connection, form.get_text("id", 36), request.caller)
        return service.read_copy(connection, keys, row, int(number) if number.isdecimal() else -1)

    name, content = await state.read(read)
    detail = {"delivery": form.get_text("id", 36), "file": number}
    await state.audit.record(request.caller, "lists.returned", None, request_id=request.state.request_id, **detail)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=TYPE, headers=headers)


async def _change(request: PageRequest, form: Form, write: Callable[[_Opened], str]) -> Response:
    """Change a delivery in one transaction, then show it at the step that ``write`` returns."""
    state, code = get_state(request), form.get_text("id", 36)
    keys, call = _require_keys(request), request.call

    def work(connection: Connection) -> str:
        row = service.require_delivery(connection, code, request.caller)
        return write(_Opened(call.act(connection), row, keys))

    return _redirect(code, await state.write(work))


def _redirect(code: str, step: str = "") -> Response:
    return RedirectResponse(f"/lists/delivery?id={quote(code)}" + (f"&step={step}" if step else ""), 303)


def _require_keys(request: PageRequest) -> IdentityKeys:
    keys = get_keys(request)
    if keys is None or not request.visitor.may("lists"):
        raise Problem("role-refused")
    return keys
