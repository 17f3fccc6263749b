"""One fact, told twice, counts once: a department's row corrects what staff stated, whichever of the two came first.

The rule stands only here. It is a function of what is stored: a fact is withdrawn, under its own record number, for as
long as another row states the same. The withdrawal is an ordinary row of the contract, so that features, the rule line,
exports and the commands need to know nothing about it, and the history stays complete.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from riskml.records.contract.schema import TABLES

WINDOW = dt.timedelta(days=31)
"""Longest time between the days that two statements give for the same event: departments' lists come by the month."""

CORRECTED = {"illness": "kind", "disaster": "kind", "events": "kind", "help": "measure"}
"""Tables in which facts are corrected, and the column that must be equal."""

UNCORRECTED = ("report", "visit")
"""Kinds of events that state no fact: every report and every visit counts for itself."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """A row that staff stated.

    Parameters
    ----------
    record_id : str
        Record number of its row.
    source : str
        What the facts of one visit have in common.
    row : row
        Its row of the contract, as it was stated.
    undone : bool, default False
        Whether the visit was undone.
    """

    record_id: str
    source: str
    row: Row
    undone: bool = False


def find_restated(name: str, facts: Sequence[Fact], others: Iterable[Row]) -> set[str]:
    """Find the facts that a later visit or a department states too, by their record numbers.

    Two rows state the same if they have the same kind (for help, the same measure), are at most 31 days apart, and do
    not name two different members. Each row corrects at most one fact, of the same member and the nearest in time if
    there are several: of two bills stated at the door, a list that has one of them leaves the other. The facts of one
    visit never correct each other.

    Parameters
    ----------
    name : str
        Table of the contract.
    facts : sequence of Fact
        Facts of one household in the table, in the order in which they were stated.
    others : iterable of rows
        All other rows of the household in the table that count.

    Examples
    --------
    >>> bill = {"kind": "inpatient", "occurred_on": dt.date(2024, 3, 5)}
    >>> fact = Fact("visit-1", "a", bill)
    >>> find_restated("illness", [fact], [{**bill, "occurred_on": dt.date(2024, 4, 5)}])
    {'visit-1'}
    >>> find_restated("illness", [fact], [{**bill, "occurred_on": dt.date(2024, 4, 6)}])
    set()
    """
    day, standing, again = TABLES[name].day, dict[str, Fact](), set[str]()
    assert day is not None, "facts are events with a day"

    def pair(rows: Sequence[Row]) -> set[str]:
        pairs = [
            (row.get("member_id") != fact.row.get("member_id"), abs(row[day] - fact.row[day]), row[day], j, i, code)
            for i, row in enumerate(sorted(rows, key=lambda row: (row[day], row.get("member_id") or "")))
            for j, (code, fact) in enumerate(standing.items())
            if _state_same(name, fact.row, row) and abs(row[day] - fact.row[day]) <= WINDOW
        ]
        used, matched = set[int](), set[str]()
        for *_, i, code in sorted(pairs):
            if i not in used and code not in matched:
                used.add(i)
                matched.add(code)
        return matched

    by_source: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_source[fact.source].append(fact)
    for own in by_source.values():
        replaced = pair([fact.row for fact in own])
        again |= replaced
        standing = {code: fact for code, fact in standing.items() if code not in replaced}
        standing |= {fact.record_id: fact for fact in own}
    return again | pair(list(others))


def find_stated_by_others(name: str, facts: Sequence[Fact], rows: Iterable[Row]) -> set[str]:
    """Find the facts that a row in force states too, if no visit stated that row; see :func:`plan_versions`."""
    latest: dict[Any, Row] = {}
    for i, row in enumerate(rows):
        key = row["record_id"] or i
        if key not in latest or _known_on(name, row) >= _known_on(name, latest[key]):
            latest[key] = row
    stated, standing = {fact.record_id for fact in facts}, [fact for fact in facts if not fact.undone]
    others = [row for key, row in latest.items() if key not in stated and not row.get("withdrawn")]
    return find_restated(name, standing, others) - find_restated(name, standing, ())


def _known_on(name: str, row: Row) -> dt.date:
    known: dt.date = row["recorded_on"] or row[TABLES[name].day or ""]
    return known


def _state_same(name: str, one: Row, other: Row) -> bool:
    kind = one[CORRECTED[name]]
    persons = {one.get("member_id"), other.get("member_id")} - {None}
    return kind == other[CORRECTED[name]] and kind not in UNCORRECTED and len(persons) < 2


def plan_versions(name: str, facts: Sequence[Fact], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Plan the rows that withdraw facts, or restore them, so that none counts while another row states the same.

    Parameters
    ----------
    name : str
        Table of the contract.
    facts : sequence of Fact
        Facts of one household in the table, in the order in which they were stated.
    rows : iterable of rows
        The household's rows in the table that are in force, in the order of receipt: those of the facts too.

    Returns
    -------
    list of rows
        New versions of the facts' rows, each known from the day on which what it depends on became known; none if
        nothing changes.
    """
    versions: dict[str, list[Row]] = defaultdict(list)
    for i, row in enumerate(rows):
        versions[row["record_id"] or f"\n{i}"].append(row)

    known_on = partial(_known_on, name)

    def find_standing(when: dt.date) -> dict[str, Row]:
        known = {key: [row for row in own if known_on(row) <= when] for key, own in versions.items()}
        return {key: max(reversed(own), key=known_on) for key, own in known.items() if own}

    stated = {fact.record_id: fact for fact in facts}
    days = sorted({known_on(row) for own in versions.values() for row in own})
    out: list[dict[str, Any]] = []
    for when in days:
        standing = find_standing(when)
        known = [fact for fact in facts if fact.record_id in standing]
        others = [row for key, row in standing.items() if key not in stated and not row.get("withdrawn")]
        again = find_restated(name, [fact for fact in known if not fact.undone], others)
        for fact in known:
            withdrawn = fact.undone or fact.record_id in again
            if bool(standing[fact.record_id].get("withdrawn")) != withdrawn:
                row = {**fact.row, "recorded_on": when, "record_id": fact.record_id, "withdrawn": withdrawn or None}
                versions[fact.record_id].append(row)
                out.append(row)
    return out
