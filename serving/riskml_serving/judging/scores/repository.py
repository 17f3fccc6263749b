"""SQL for the scores of stored households."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select

from riskml.records.contract.as_of import AsOf
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.base.database.upserts import insert_returning, upsert
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.ranking import rank
from riskml_serving.judging.scores.tables import CAPACITY, CURRENT, LATEST, SCORES
from riskml_serving.judging.verdict import FIELDS, WITHHELD
from riskml_serving.judging.wording import find_as_of_day
from riskml_serving.people.auth import is_in_region
from riskml_serving.store.records.repository import split_codes

RETRACTION_BATCH = 4096
"""Number of scores that are retracted at a time."""

HISTORY = tuple(column for column in SCORES.c if column.name != "request_id")


def read_current(connection: Connection, codes: Sequence[str], region: str) -> dict[str, dict[str, Any]]:
    """Read the current scores of those households that live in a region."""
    out: dict[str, dict[str, Any]] = {}
    for part in split_codes(codes):
        query = select(CURRENT).where(CURRENT.c.household_id.in_(part), is_in_region(CURRENT.c.region_code, region))
        out |= {row["household_id"]: dict(row) for row in connection.execute(query).mappings()}
    return out


def read_as_of_day(connection: Connection, region: str) -> AsOf | None:
    """Read the latest date of the current scores in a region, and the last day of the records behind them."""
    latest = [func.max(value).label(name) for name, value in LATEST.items()]
    row = connection.execute(select(*latest).where(is_in_region(CURRENT.c.region_code, region))).mappings().one()
    return find_as_of_day([dict(row)] if row["as_of"] else [])


def read_history(connection: Connection, household_id: str, limit: int) -> list[dict[str, Any]]:
    """Read the changes to one household's score, latest first; the caller must have checked the household's region."""
    query = select(*HISTORY).where(SCORES.c.household_id == household_id).order_by(SCORES.c.seq.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def write_scores(connection: Connection, changes: Sequence[Change], request_id: str) -> None:
    """Make scores current; also add the changed ones to the history, with ascending numbers.

    Every score is stored with a region, so that a household that moved is listed where it lives now.
    """
    fresh = [change.after for change in changes if change.changed]
    numbers = _write_history(connection, fresh, "scored", request_id)
    upsert(connection, CURRENT, [_make_current(change, numbers) for change in changes])


def _write_history(
    connection: Connection, rows: Sequence[Mapping[str, Any]], change: str, request_id: str
) -> dict[str, int]:
    """Write scores into the history; return their numbers by household."""
    if not rows:
        return {}
    hold_lock(connection, "changes")
    same = {"change": change, "request_id": request_id}
    names = ("household_id", *FIELDS, "as_of", "scored_at")
    history = [{**{name: row[name] for name in names}, "moved_from": row.get("moved_from"), **same} for row in rows]
    written = insert_returning(connection, SCORES, history, SCORES.c.household_id, SCORES.c.seq)
    return {row.household_id: row.seq for row in written}


def _make_current(change: Change, numbers: Mapping[str, int]) -> dict[str, Any]:
    after, seq = change.after, numbers.get(change.household_id)
    return {
        "household_id": change.household_id,
        "seq": seq if seq is not None else (change.before or {})["seq"],
        **_split_region(after["region_code"]),
        **{name: after[name] for name in (*FIELDS, "as_of", "scored_at", "shortfall", "causes", "withheld")},
        **rank(after),
    }


def _split_region(region: str) -> dict[str, str]:
    return {"region_code": region, "county": take_region(region, Level.COUNTY), "town": take_region(region, Level.TOWN)}


def retract_scores(connection: Connection) -> None:
    """Reduce all current scores to the rule line's part, when a silent model replaces one that was not silent.

    A silent model is one that was trained on a simulated county but judges real households. The history keeps the
    verdicts of the earlier model, and records the change.
    """
    nothing = {**WITHHELD, "agreement": None, "agreement_by": None, "causes": ""}
    spoken = select(CURRENT).where(CURRENT.c.agreement.is_not(None)).limit(RETRACTION_BATCH)
    while rows := [dict(row) for row in connection.execute(spoken).mappings()]:
        quiet = ({**row, **nothing, "signal": row["rule_signal"], "scored_at": now()} for row in rows)
        changes = [Change(row["household_id"], row, after) for row, after in zip(rows, quiet, strict=True)]
        write_scores(connection, changes, "retract")


def move_scores(connection: Connection, regions: Mapping[str, str], region: str, request_id: str) -> None:
    """Move the current scores of households in a region to the regions where they live now.

    Readers in the old region learn of the move from the history; the household disappears from their lists.
    """
    current = read_current(connection, sorted(regions), region)
    leaving = [{**row, "moved_from": row["region_code"]} for row in current.values()]
    numbers = _write_history(connection, leaving, "moved", request_id)
    moved = [{**row, **_split_region(regions[code]), "seq": numbers[code]} for code, row in current.items()]
    upsert(connection, CURRENT, moved)


def remove_scores(
    connection: Connection, codes: Sequence[str], region: str, request_id: str, *, forgotten: bool = False
) -> None:
    """Remove households in a region, closed or left by their last member, from the lists; the history records it.

    If they are ``forgotten``, the register will no longer say where they live, so the history does.
    """
    rows: list[dict[str, Any]] = list(read_current(connection, codes, region).values())
    if forgotten:
        rows = [{**row, "moved_from": row["region_code"]} for row in rows]
    _write_history(connection, rows, "closed", request_id)
    for part in split_codes(codes):
        connection.execute(
            delete(CURRENT).where(CURRENT.c.household_id.in_(part), is_in_region(CURRENT.c.region_code, region))
        )


def read_capacity(connection: Connection, counties: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read the last household within each county's visit capacity, by county."""
    query = select(CAPACITY).where(CAPACITY.c.county.in_(sorted(counties)))
    return {row["county"]: dict(row) for row in connection.execute(query).mappings()}


def write_capacity(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Save the last household within each county's visit capacity."""
    upsert(connection, CAPACITY, rows)


def read_at_risk(connection: Connection, county: str) -> list[dict[str, Any]]:
    """Read a county's current scores that have a margin, in code order."""
    query = (
        select(CURRENT)
        .where(is_in_region(CURRENT.c.region_code, county), CURRENT.c.margin.is_not(None))
        .order_by(CURRENT.c.household_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
