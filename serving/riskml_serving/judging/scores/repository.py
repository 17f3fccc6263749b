"""SQL about scores of stored households."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.database.upserts import insert_returning, upsert
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.tables import CAPACITY, CURRENT, SCORES, VERDICT
from riskml_serving.people.auth import within
from riskml_serving.store.records.repository import split_codes

__all__ = [
    "move_scores",
    "read_at_risk",
    "read_capacity",
    "read_current",
    "read_history",
    "remove_scores",
    "write_capacity",
    "write_scores",
]

NOTED = ("household_id", *VERDICT, "as_of", "scored_at")
"""What the history takes over from a score."""

HISTORY = [column for column in SCORES.c if column.name != "request_id"]


def read_current(connection: Connection, codes: Sequence[str], region: str) -> dict[str, dict[str, Any]]:
    """Current scores of those of the households that live in a region."""
    out: dict[str, dict[str, Any]] = {}
    for part in split_codes(codes):
        query = select(CURRENT).where(CURRENT.c.household_id.in_(part), within(CURRENT.c.region_code, region))
        out |= {row["household_id"]: dict(row) for row in connection.execute(query).mappings()}
    return out


def read_history(connection: Connection, household_id: str, limit: int) -> list[dict[str, Any]]:
    """Changes of one household's score, the latest first; the caller has held the household against a region."""
    query = select(*HISTORY).where(SCORES.c.household_id == household_id).order_by(SCORES.c.seq.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def write_scores(connection: Connection, changes: Sequence[Change], request_id: str) -> list[Change]:
    """Keep scores: changed ones also go into the history, under a number that never goes back.

    Every row of a score has a region: a household that moved is listed where it lives now.
    """
    fresh = [change for change in changes if change.changed]
    numbers = _note(connection, [change.after for change in fresh], "scored", request_id)
    upsert(connection, CURRENT, [_current(change, numbers) for change in changes])
    return list(changes)


def _note(connection: Connection, rows: Sequence[Mapping[str, Any]], change: str, request_id: str) -> dict[str, int]:
    """Write scores into the history; return their numbers by household."""
    if not rows:
        return {}
    hold_lock(connection, "changes")
    same = {"change": change, "request_id": request_id}
    kept = [{**{name: row[name] for name in NOTED}, "moved_from": row.get("moved_from"), **same} for row in rows]
    found = insert_returning(connection, SCORES, kept, SCORES.c.household_id, SCORES.c.seq)
    return {row.household_id: row.seq for row in found}


def _current(change: Change, numbers: dict[str, int]) -> dict[str, Any]:
    after, region = change.after, change.after["region_code"]
    seq = numbers.get(change.household_id)
    return {
        "household_id": change.household_id,
        "seq": seq if seq is not None else (change.before or {})["seq"],
        **_placed(region),
        **{name: after[name] for name in VERDICT},
        "as_of": after["as_of"],
        "scored_at": after["scored_at"],
        "order_signal": -after["signal"],
        "order_rank": 1.0 if after["probability"] is None else -after["probability"],
        "causes": after["causes"],
    }


def _placed(region: str) -> dict[str, str]:
    return {"region_code": region, "county": take_region(region, Level.COUNTY), "town": take_region(region, Level.TOWN)}


def move_scores(connection: Connection, regions: Mapping[str, str], region: str, request_id: str) -> None:
    """Let the scores that stand follow their households of a region to where each lives now.

    Whoever saw them before learns of it from the history, and lists them no longer, though they be scored again later.
    """
    standing = read_current(connection, sorted(regions), region)
    leaving = [{**row, "moved_from": row["region_code"]} for row in standing.values()]
    numbers = _note(connection, leaving, "moved", request_id)
    upsert(connection, CURRENT, [{**row, **_placed(regions[c]), "seq": numbers[c]} for c, row in standing.items()])


def remove_scores(connection: Connection, household_id: str, region: str, request_id: str) -> None:
    """Take a closed household of a region off the lists; its history stays and tells of it."""
    _note(connection, list(read_current(connection, [household_id], region).values()), "closed", request_id)
    connection.execute(
        delete(CURRENT).where(CURRENT.c.household_id == household_id, within(CURRENT.c.region_code, region))
    )


def read_capacity(connection: Connection, counties: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Last place in the visit capacity of some counties."""
    query = select(CAPACITY).where(CAPACITY.c.county.in_(sorted(counties)))
    return {row["county"]: dict(row) for row in connection.execute(query).mappings()}


def write_capacity(connection: Connection, row: dict[str, Any]) -> None:
    """Keep the last place in the visit capacity of a county."""
    upsert(connection, CAPACITY, [row])


def read_at_risk(connection: Connection, county: str) -> list[dict[str, Any]]:
    """Current scores with a margin in a county, in the order of the codes."""
    query = (
        select(CURRENT)
        .where(within(CURRENT.c.region_code, county), CURRENT.c.margin.is_not(None))
        .order_by(CURRENT.c.household_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
