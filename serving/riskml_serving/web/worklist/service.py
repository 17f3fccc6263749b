"""The work list as the page shows it: who comes first, whom to visit this week, and what is overdue."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from riskml.policy.signal import refine_agreement
from riskml.vocabulary.verdicts import AGREEMENTS, CATEGORIES, COLOUR_POSITIONS, TIERS, word_tier
from riskml_serving.casework.deadlines import Deadlines
from riskml_serving.casework.states import CLUED, WAITING
from riskml_serving.casework.worklist import repository
from riskml_serving.casework.worklist.repository import ListFilter
from riskml_serving.casework.worklist.states import CLUE_SECTION, LISTED, STATES, is_near_line, list_bringers
from riskml_serving.judging.scores.ranking import SECTIONS, URGENCY, WARNED
from riskml_serving.judging.wording import show
from riskml_serving.people.auth import Caller
from riskml_serving.web.shell.words import SHAPES, SIGNALS, list_causes

MOST_ROWS = 5_000
"""Maximum number of households in each section of a printed list or a workbook."""

NUMBERED = tuple(enumerate(LISTED, CLUE_SECTION))
"""Numbers and codes of the sections, in the order of the list."""

SHOWN = ("household_id", "region_code", "status", "probability", "last_outcome", "last_verified_on", "section")
"""Columns of the list that are shown unchanged."""


def build_filter(fields: Mapping[str, str], region: str, caller: Caller, deadlines: Deadlines) -> ListFilter:
    """Turn the form's fields into a filter for the list; ignore unknown values, and let a search cover every state."""
    cause = fields.get("cause", "")
    cause = cause if cause in list_causes(caller) else ""
    tiers = {"none": -1, **{code: i for i, code in enumerate(TIERS)}}
    category, state = fields.get("category", ""), fields.get("state", "open")
    search = fields.get("q", "").strip()[:128]
    return ListFilter(
        region=region,
        state="all" if search else state if state in STATES else "open",
        late=deadlines.late,
        today=deadlines.today,
        signal=tuple(i for code, i in COLOUR_POSITIONS.items() if code == fields.get("signal")),
        tier=tuple(i for code, i in tiers.items() if code == fields.get("tier")),
        section=tuple(number for number, code in NUMBERED if code == fields.get("section")),
        agreement=tuple(code for code in AGREEMENTS if code == fields.get("agreement")),
        category=category if category in (*CATEGORIES, "none") else "",
        cause=cause,
        flags=tuple(code for code, trigger in deadlines.policy.triggers.items() if cause and trigger.cause == cause),
        search=search,
    )


def read_sections(connection: Connection, wanted: ListFilter, page: int, size: int) -> list[dict[str, Any]]:
    """Read a page of every section that has households on the list.

    Returns
    -------
    list of dict
        ``code`` of the section; ``counts``: code, shape and number for each signal; ``total``; ``rows`` of the page.
    """
    counts, sections = repository.count_by_signal(connection, wanted), []
    for i, code in NUMBERED:
        own = [(name, SHAPES[name], counts.get((i, COLOUR_POSITIONS[name]), 0)) for name in SIGNALS]
        if total := sum(n for _, _, n in own):
            rows = repository.read_list(connection, replace(wanted, section=(i,)), (page - 1) * size, size)
            rows = [{**row, "section": code} for row in rows]
            sections.append({"code": code, "counts": own, "total": total, "rows": rows})
    return sections


def plan_week(connection: Connection, wanted: ListFilter, capacity: int) -> dict[str, Any]:
    """Choose the households that can be visited this week: clues first, then the most severe signals of any section.

    Returns
    -------
    dict
        ``capacity``; ``chosen``: codes of the households; ``by_section``: how many of them are in each section that has
        any; ``predicted``: how many of them have a probability; ``expected``: the sum of these calibrated
        probabilities, which is the expected number of cases.
    """
    sections = wanted.section or (CLUE_SECTION, *(SECTIONS.codes.index(code) for code in WARNED))
    parts = [repository.read_list(connection, replace(wanted, section=(i,)), 0, capacity) for i in sections]
    clues = parts.pop(0) if CLUE_SECTION in sections else []
    rows = [*clues, *sorted(itertools.chain(*parts), key=itemgetter(*URGENCY))][:capacity]
    chosen, known = {row["household_id"] for row in rows}, [p for row in rows if (p := row["probability"]) is not None]
    by_section = Counter({"clue": min(len(clues), capacity)} if clues else {})
    by_section.update(SECTIONS.codes[i] for i in sorted(row["order_section"] for row in rows[len(clues) :]))
    return {
        "capacity": capacity,
        "chosen": chosen,
        "by_section": by_section,
        "predicted": len(known),
        "expected": sum(known),
    }


def describe_row(row: Mapping[str, Any], caller: Caller, deadlines: Deadlines, hardship: str) -> dict[str, Any]:
    """Describe one household on the list, without what the caller may not see.

    ``hardship`` (``count`` or ``ignore``) says whether the model's outcome counts unavoidable spending.
    """
    policy = deadlines.policy
    score = show(row, policy, caller.redact)
    since = min(
        (row[day] for day, waits in (("clue_since", CLUED), ("since", WAITING)) if waits.holds(row)), default=None
    )
    due = [deadline for deadline in deadlines.read_row(row) if not deadline.done]
    return {
        **{name: row[name] for name in SHOWN},
        "signal": score["signal"],
        "shape": SHAPES[score["signal"]],
        "tier": word_tier(score["tier"] or "none", flagged=row["rule_flags"] != "", hardship=hardship),
        "brought_by": list_bringers(row),
        "shortfall": None if caller.redact else row["shortfall"],
        "income_until": row["income_until"],
        "agreement": None
        if row["probability"] is None
        else refine_agreement(row["agreement"], score["tier"], near_line=is_near_line(row)),
        "flags": [policy.triggers[code] for code in score["rule_flags"] if code in policy.triggers],
        "hidden_flags": score["hidden_flags"],
        "near_line": is_near_line(row),
        "since": since,
        "waited": (deadlines.today - since).days if since else None,
        "due": due,
        "due_shown": [deadline for deadline in due if deadline.late] or due[:1],
        "overdue": any(deadline.late for deadline in due),
        "assignee": row["assignee"] or None,
    }
