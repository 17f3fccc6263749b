"""Turns counts into what the overview shows: charts, and the table of each."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from riskml.vocabulary.causes import CAUSES, HEALTH_CAUSES
from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import AGREEMENTS, CATEGORIES, COLOURS
from riskml_serving.api.regions.repository import counts
from riskml_serving.api.regions.service import next_level, rolled_up
from riskml_serving.casework.verifications.outcomes import DECISIVE
from riskml_serving.people.auth import Caller
from riskml_serving.web.overview import repository
from riskml_serving.web.overview.small import withheld

__all__ = ["months_of", "on_paper", "quarters_of", "region_page", "yields_of"]

MONTHS, QUARTERS = 12, 8


def region_page(connection: Connection, region: str, caller: Caller, today: dt.date) -> dict[str, Any]:
    """Gather the overview of a region that the caller may see."""
    rows = counts(connection, region, next_level(region))
    entries = _versions(repository.monitoring(connection, region, today))
    monitored = [row for row in entries if row["cleared_on"] is None or row["cleared_on"] > today]
    causes = [code for code in CAUSES if not (caller.redact and code in HEALTH_CAUSES)]
    now, quarters = _causes(monitored), quarters_of(entries, causes)
    told = sorted((code for code in causes if now[code] or any(code in found for _, found in quarters)),
                  key=lambda code: -now[code])  # fmt: skip
    return {
        "whole": rolled_up(region, rows),
        "as_of": max((row["as_of"] for row in rows), default=None),
        "months": months_of(repository.signal_flows(connection, region)),
        "yields": yields_of(repository.visits(connection, region)),
        "by_category": {code: sum(row["category"] == code for row in monitored) for code in CATEGORIES},
        "by_cause": {code: now[code] for code in told},
        "quarters": quarters,
    }


def on_paper(whole: dict[str, Any], least: int) -> dict[str, Any]:
    """Counts of a region and its parts as they may leave the house: small ones of villages are None.

    Whoever sees the page may list every household in it, so nothing is withheld there. A sheet of counts is passed on
    as statistics, to people who may not; in a village, three orange households are three families with names.
    """
    out = {**whole, "parts": [dict(part) for part in whole["parts"]]}
    villages = [place for place in (out, *out["parts"]) if len(place["region"]) == Level.VILLAGE]
    for name in ("by_signal", "by_tier", "by_agreement"):
        kept = withheld([list(place[name].values()) for place in villages], least)
        for place, shown in zip(villages, kept, strict=True):
            place[name] = dict(zip(place[name], shown, strict=True))
    return out


def _versions(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the latest version of each entry."""
    return list({(row["household_id"], row["entered_on"]): row for row in rows}.values())


def _causes(rows: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(code for row in rows for code in (row["causes"] or "").split(";") if code)


def months_of(flows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[int]]]:
    """Count households by signal at the end of the last months, from the changes of every month.

    >>> months_of([{"month": "2023-12", "signal": 0, "before": None, "n": 5},
    ...            {"month": "2024-02", "signal": 3, "before": 0, "n": 2}])  # nothing changed in January
    [('2023-12', [5, 0, 0, 0]), ('2024-01', [5, 0, 0, 0]), ('2024-02', [3, 0, 0, 2])]
    """
    out: dict[int, list[int]] = {}
    now = [0] * len(COLOURS)
    for flow in flows:
        now[flow["signal"]] += flow["n"]
        if flow["before"] is not None:
            now[flow["before"]] -= flow["n"]
        out[12 * int(flow["month"][:4]) + int(flow["month"][5:]) - 1] = list(now)
    for month in range(min(out, default=0), max(out, default=0)):
        out.setdefault(month + 1, out[month])
    return [(f"{month // 12}-{month % 12 + 1:02}", out[month]) for month in sorted(out)[-MONTHS:]]


def yields_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count visits, true cases and true cases a visit, by what pointed at the household.

    Households of which the model says nothing (below the line already, too little income known) stand apart: the rule
    line finds them by definition, which says nothing of either's foresight.

    >>> found = yields_of([{"agreement": "both", "predicted": True, "outcome": "confirmed", "n": 1},
    ...                    {"agreement": "both", "predicted": True, "outcome": "not_met", "n": 9}])
    >>> [(row["agreement"], row["visits"], row["share"]) for row in found if row["visits"]]
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


def quarters_of(rows: Iterable[Mapping[str, Any]], causes: list[str]) -> list[tuple[str, dict[str, int]]]:
    """Count entries into monitoring by quarter and cause: the last quarters, those without an entry too.

    >>> quarters_of([{"entered_on": dt.date(2023, 11, 2), "causes": "work"},
    ...              {"entered_on": dt.date(2024, 5, 1), "causes": "work;illness"}], ["work"])
    [('2023 Q4', {'work': 1}), ('2024 Q1', {}), ('2024 Q2', {'work': 1})]
    """
    out: dict[int, Counter[str]] = {}
    for row in rows:
        day = row["entered_on"]
        found = out.setdefault(4 * day.year + (day.month - 1) // 3, Counter())
        found.update(code for code in (row["causes"] or "").split(";") if code in causes)
    if not out:
        return []
    last = max(out)
    shown = range(max(min(out), last - QUARTERS + 1), last + 1)
    return [(f"{i // 4} Q{i % 4 + 1}", dict(out.get(i, {}))) for i in shown]
