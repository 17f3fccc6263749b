"""Turns rows of counts from the database into the figures on the overview page."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import AGREEMENTS, CATEGORIES, COLOUR_POSITIONS
from riskml_serving.api.regions.repository import count_scores
from riskml_serving.api.regions.service import next_level, sum_counts
from riskml_serving.casework.reassessments.repository import list_due
from riskml_serving.casework.worklist.repository import ListFilter, count_by_signal
from riskml_serving.casework.worklist.states import CLUE_SECTION
from riskml_serving.judging.scores.ranking import SECTIONS
from riskml_serving.judging.wording import find_as_of_day
from riskml_serving.people.auth import Caller
from riskml_serving.store.facts.outcomes import DECISIVE
from riskml_serving.web.overview import repository
from riskml_serving.web.overview.small_counts import hide_small_counts
from riskml_serving.web.shell.words import SIGNALS, list_causes

MAX_MONTHS, MAX_QUARTERS = 12, 8


def gather_overview(connection: Connection, region: str, caller: Caller, today: dt.date) -> dict[str, Any]:
    """Gather the counts for a region, without what the caller may not see."""
    rows = count_scores(connection, region, next_level(region))
    entries = repository.read_monitoring(connection, region, today)
    monitored = [row for row in entries if row["open"]]
    allowed = list_causes(caller)
    current, quarters = Counter(_list_causes(monitored)), count_quarters(entries, allowed, today)
    seen = [code for code in allowed if current[code] or any(code in causes for _, causes in quarters)]
    whole, as_of = _add_warnings(sum_counts(region, rows)), find_as_of_day(rows)
    waiting = count_by_signal(connection, ListFilter(region, "open"))
    return {
        "whole": {**whole, "parts": [_add_warnings(part) for part in whole["parts"]]},
        "waiting": {
            (name, code): waiting.get((SECTIONS.codes.index(name), COLOUR_POSITIONS[code]), 0)
            for name, code in whole["by_warning"]
        },
        "clued": sum(n for (section, _), n in waiting.items() if section == CLUE_SECTION),
        "as_of": as_of,
        "months": _count_months(repository.count_signal_changes(connection, region), as_of.day if as_of else today),
        "yields": _count_yields(repository.count_visits(connection, region)),
        "by_category": {code: sum(row["category"] == code for row in monitored) for code in CATEGORIES},
        "by_cause": {code: current[code] for code in sorted(seen, key=lambda code: -current[code])},
        "quarters": quarters,
        "reassess": _count_due(
            list_due(connection, region, today), Level.VILLAGE if len(region) >= Level.COUNTY else next_level(region)
        ),
    }


def _count_due(rows: Iterable[Mapping[str, Any]], digits: int) -> list[tuple[str, int, int]]:
    """Count the households that are due for a second look, and the overdue ones, by subregion.

    >>> rows = [{"region_code": "370112001001", "late": True}, {"region_code": "370112001002", "late": False}]
    >>> _count_due(rows, 9)
    [('370112001', 2, 1)]
    """
    due, late = Counter[str](), Counter[str]()
    for row in rows:
        due[row["region_code"][:digits]] += 1
        late[row["region_code"][:digits]] += row["late"]
    return [(code, due[code], late[code]) for code in sorted(due)]


def hide_village_counts(whole: dict[str, Any], minimum: int) -> dict[str, Any]:
    """Replace small counts for villages with None, for a sheet or a printout of a region's counts.

    The page hides nothing, since its reader may list every household that it counts. A sheet is passed on as statistics
    to people who may not see the households; in a village, they may know which three households are orange.
    """
    out = {**whole, "parts": [dict(part) for part in whole["parts"]]}
    villages = [part for part in (out, *out["parts"]) if len(part["region"]) == Level.VILLAGE]
    for name in ("by_warning", "by_tier", "by_agreement"):
        shown = hide_small_counts([list(village[name].values()) for village in villages], minimum)
        for village, numbers in zip(villages, shown, strict=True):
            village[name] = dict(zip(village[name], numbers, strict=True))
    return out


def _add_warnings(part: dict[str, Any]) -> dict[str, Any]:
    """Add ``by_warning``: the households of a region by section and signal, each counted once."""
    counts = {(name, code): own[code] for name, own in part["by_section"].items() for code in SIGNALS if code in own}
    return {**part, "by_warning": counts}


def _list_causes(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [code for row in rows for code in (row["causes"] or "").split(";") if code]


def _count_months(flows: Iterable[Mapping[str, Any]], until: dt.date) -> list[tuple[str, dict[str, int]]]:
    """Count the households by signal at the end of each of the last months until a day, based on every change.

    >>> months = _count_months([{"month": "2023-12", "signal": 0, "before": None, "n": 5},
    ...                        {"month": "2023-12", "signal": -1, "before": None, "n": 1},
    ...                        {"month": "2024-02", "signal": 3, "before": 0, "n": 2}],
    ...                       dt.date(2024, 3, 31))  # nothing changed in January and March
    >>> [(month, counts["green"], counts["red"], counts["unknown"]) for month, counts in months]
    [('2023-12', 5, 0, 1), ('2024-01', 5, 0, 1), ('2024-02', 3, 2, 1), ('2024-03', 3, 2, 1)]
    """
    out: dict[int, dict[str, int]] = {}
    now = dict.fromkeys(COLOUR_POSITIONS.values(), 0)
    for flow in flows:
        now[flow["signal"]] += flow["n"]
        if flow["before"] is not None:
            now[flow["before"]] -= flow["n"]
        month = 12 * int(flow["month"][:4]) + int(flow["month"][5:]) - 1
        out[month] = {code: now[i] for code, i in COLOUR_POSITIONS.items()}
    for month in range(min(out), 12 * until.year + until.month - 1) if out else ():
        out.setdefault(month + 1, out[month])
    return [(f"{month // 12}-{month % 12 + 1:02}", out[month]) for month in sorted(out)[-MAX_MONTHS:]]


def _count_yields(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count visits, confirmed cases and their share, by the agreement that was saved with the finding.

    Households without a prediction (already below the line or in hardship, or with too little known income) are counted
    separately: the rule line finds them by definition, which says nothing about how well either verdict foresees
    poverty.

    >>> rows = _count_yields([{"agreement": "both", "predicted": True, "outcome": "confirmed", "n": 1},
    ...                      {"agreement": "both", "predicted": True, "outcome": "not_met", "n": 9}])
    >>> [(row["agreement"], row["visits"], row["share"]) for row in rows if row["visits"]]
    [('both', 1, 1.0)]
    """
    n: Counter[tuple[str, str]] = Counter()
    for row in rows:
        n[row["agreement"] if row["predicted"] else "none", row["outcome"]] += row["n"]
    out = []
    for code in (*AGREEMENTS.codes[1:], AGREEMENTS.codes[0], "none"):
        true, done = n[code, "confirmed"], sum(n[code, outcome] for outcome in DECISIVE)
        out.append({"agreement": code, "visits": done, "true": true, "share": true / done if done else None})
    return out


def count_quarters(
    rows: Iterable[Mapping[str, Any]], causes: list[str], until: dt.date
) -> list[tuple[str, dict[str, int]]]:
    """Count entries into monitoring by quarter and cause, for the last quarters until a day.

    Quarters without entries are included, so that it can be seen that there were none.

    >>> count_quarters([{"entered_on": dt.date(2023, 11, 2), "causes": "work"},
    ...                 {"entered_on": dt.date(2024, 5, 1), "causes": "work;illness"}],
    ...                ["work"], dt.date(2024, 8, 1))
    [('2023 Q4', {'work': 1}), ('2024 Q1', {}), ('2024 Q2', {'work': 1}), ('2024 Q3', {})]
    """
    quarters: dict[int, Counter[str]] = {}
    for row in rows:
        day = row["entered_on"]
        counts = quarters.setdefault(4 * day.year + (day.month - 1) // 3, Counter())
        counts.update(code for code in _list_causes([row]) if code in causes)
    if not quarters:
        return []
    last = 4 * until.year + (until.month - 1) // 3
    shown = range(max(min(quarters), last - MAX_QUARTERS + 1), last + 1)
    return [(f"{i // 4} Q{i % 4 + 1}", dict(quarters.get(i, {}))) for i in shown]
