"""Everything that a household's page says, without what the reader may not see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from riskml.explanation import Explanation
from riskml.explanation.household.clearance import check_clearance
from riskml.explanation.household.rendering import UNITS, describe_probability
from riskml.explanation.timeline.data import Timeline
from riskml.explanation.timeline.lanes import describe_mark
from riskml.explanation.timeline.timeline import draw_timeline_svg
from riskml.policy import Policy
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import SOURCES, TABLES
from riskml_serving.base.settings import Settings
from riskml_serving.casework.assignments.repository import of_household as assignments
from riskml_serving.casework.deadlines import Deadlines
from riskml_serving.casework.verifications.repository import of_household as verifications
from riskml_serving.casework.verifications.service import told
from riskml_serving.casework.worklist.repository import ListFilter, read_list
from riskml_serving.http.sealed_cursors import VERIFICATION, encrypt_cursor
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.repository import read_current, read_history
from riskml_serving.judging.scores.service import shown
from riskml_serving.judging.scores.stored import judge_stored
from riskml_serving.people.auth import Caller
from riskml_serving.store.households.repository import require_household
from riskml_serving.web.household.repository import freshness
from riskml_serving.web.shell.region_names import mask_code
from riskml_serving.web.shell.words import SHAPES, tag_of, together

__all__ = ["page_of"]

HISTORY, SHOWN_MONTHS = 60, 24


def page_of(
    connection: Connection,
    model: Model,
    caller: Caller,
    household_id: str,
    settings: Settings,
    today: dt.date,
    lang: str,
) -> dict[str, Any]:
    """Gather a household's page.

    Parameters
    ----------
    connection : Connection
    model : Model
    caller : Caller
    household_id : str
    settings : Settings
    today : date
    lang : {"zh", "en"}

    Raises
    ------
    Problem
        ``household-not-found``, whether it does not exist or lives elsewhere.
    """
    place = require_household(connection, household_id, caller.region)
    current = read_current(connection, [household_id], caller.region).get(household_id)
    history = read_history(connection, household_id, HISTORY)
    visits = [_visit(connection, row, caller, today) for row in verifications(connection, household_id, caller.region)]
    page: dict[str, Any] = {
        "household_id": household_id,
        "masked": mask_code(household_id),
        "register": place,
        "shapes": SHAPES,
        "units": UNITS,
        "assignments": [
            {**row, "note": row["note"] if _open_to(row, caller) else ""}
            for row in assignments(connection, household_id, caller.region)
        ],
        "visits": visits,
        "history": [_score(row, model.policy, caller) for row in _last_of_each_day(history)],
        "current": None,
        "options": [],
        "deadlines": [],
        "today": today,
    }
    if current is not None:
        page |= _scored(connection, model, caller, place, current, history, lang, settings)
        page |= {"freshness": _fresh(connection, household_id, caller, current["as_of"], lang)}
        (row,) = read_list(connection, ListFilter(caller.region, "all", household=household_id), 0, 1)
        page |= {"deadlines": Deadlines(model.policy, settings, today).read_row(row), "since": row["since"]}
    return page


def _open_to(row: Mapping[str, Any], caller: Caller) -> bool:
    """Whether free text may be shown: it may tell of health, so only to those who may know, and to its writer."""
    return not caller.redact or row["created_by"] == caller.key_id


def _visit(connection: Connection, row: dict[str, Any], caller: Caller, today: dt.date) -> dict[str, Any]:
    out = {**told(row, caller), "objected": bool(row["objection"])}
    out["objection"] = row["objection"] if _open_to(row, caller) else ""
    out["verification_id"] = encrypt_cursor(connection, VERIFICATION, row["verification_id"])
    out["undoable"] = row["created_by"] == caller.key_id and row["recorded_on"] == today
    return out


def _scored(
    connection: Connection,
    model: Model,
    caller: Caller,
    place: dict[str, Any],
    current: dict[str, Any],
    history: list[dict[str, Any]],
    lang: str,
    settings: Settings,
) -> dict[str, Any]:
    """Both verdicts, in riskml's own words, and the picture."""
    code, as_of = str(place["household_id"]), current["as_of"]
    (judged,) = judge_stored(connection, model, {code: place}, as_of)
    by_capacity = current["agreement"] if current["agreement_by"] == "capacity" else None
    said = judged.explained(agreement=by_capacity, redact=caller.redact)
    earlier = [(to_day(row["as_of"]), row["probability"]) for row in history if row["probability"] is not None]
    health, window = not caller.redact, model.narrator.settings.window
    found = Timeline.from_panel(judged.panel, months=36, window=window, health=health)
    return {
        "current": _score(current, model.policy, caller),
        "said": said,
        "options": _options(said, lang),
        "together": together(said, lang),
        "reasons": [(tag_of(reason, lang, risk=True), reason.text(lang)) for reason in said.reasons],
        "protections": [(tag_of(reason, lang, risk=False), reason.text(lang)) for reason in said.protections],
        "hundred": describe_probability(said.model.probability, said.model.horizon, lang) if said.model else None,
        "timeline": draw_timeline_svg(
            judged.panel,
            lang=lang,
            health=health,
            months=SHOWN_MONTHS,
            window=window,
            scores=earlier,
            simulated=settings.simulated,
            name=mask_code(code),
        ),
        "help": [describe_mark(mark, lang) for mark in found.marks if mark.lane == "help"],
        "monitoring": [describe_mark(mark, lang) for mark in found.marks if mark.lane == "monitoring"],
        "clearance": check_clearance(judged.panel, model.policy, said.rule) if said.status == "monitored" else (),
    }


def _options(said: Explanation, lang: str) -> list[tuple[str, list[str]]]:
    """Measures by cause."""
    causes = dict.fromkeys(option.cause for option in said.options)
    return [(cause, [o.measure.name(lang) for o in said.options if o.cause == cause]) for cause in causes]


def _score(row: Mapping[str, Any], policy: Policy, caller: Caller) -> dict[str, Any]:
    names = ("tier", "rule_signal", "signal", "rule_flags", "status", "probability", "agreement", "as_of")
    out = shown({name: row[name] for name in names}, policy, caller.redact)
    out["model_version"] = row["model_version"]
    return {**out, "tier": out["tier"] or "none", "shape": SHAPES[out["signal"]]}


def _last_of_each_day(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scores as they stood in the end, one a date, the latest first: a correction takes the place of what it corrects.

    >>> [row["n"] for row in _last_of_each_day([{"as_of": 2, "n": 3}, {"as_of": 2, "n": 2}, {"as_of": 1, "n": 1}])]
    [3, 1]
    """
    return list({row["as_of"]: row for row in reversed(history)}.values())[::-1]


def _fresh(
    connection: Connection, household_id: str, caller: Caller, as_of: dt.date, lang: str
) -> list[tuple[str, dt.date, dt.date | None, int]]:
    """Source, latest day told of, latest day of recording, age in days; illness only for those who may know of it."""
    out = []
    for name, (latest, recorded) in freshness(connection, household_id, caller.region, as_of).items():
        table, _, source = name.partition(".")
        if caller.redact and table == "illness":
            continue
        declared = TABLES[table]
        label = (
            (f"{SOURCES[source]}收入" if lang == "zh" else f"income, {source}")
            if source
            else (declared.zh if lang == "zh" else declared.en)
        )
        out.append((label, latest, recorded, (as_of - latest).days))
    return out
