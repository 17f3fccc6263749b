"""SQL about scores of stored households."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from riskml_serving.auth import within
from riskml_serving.database.locks import take
from riskml_serving.database.upserts import upsert
from riskml_serving.records.repository import chunks
from riskml_serving.scoring.changes import Change
from riskml_serving.scoring.tables import CAPACITY, CURRENT, SCORES, VERDICT

__all__ = ["drop_current", "keep", "keep_capacity", "read_at_risk", "read_capacity", "read_current", "read_history"]

HISTORY = [column for column in SCORES.c if column.name != "request_id"]


def read_current(connection: Connection, codes: Sequence[str], region: str) -> dict[str, dict[str, Any]]:
    """Current scores of those of the households that live in a region."""
    out: dict[str, dict[str, Any]] = {}
    for part in chunks(codes):
        query = select(CURRENT).where(CURRENT.c.household_id.in_(part), within(CURRENT.c.region_code, region))
        out |= {row["household_id"]: dict(row) for row in connection.execute(query).mappings()}
    return out


def read_history(connection: Connection, household_id: str, limit: int) -> list[dict[str, Any]]:
    """Changes of one household's score, the latest first; the caller has held the household against a region."""
    query = select(*HISTORY).where(SCORES.c.household_id == household_id).order_by(SCORES.c.seq.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def keep(connection: Connection, changes: Sequence[Change], request_id: str) -> list[Change]:
    """Keep scores: changed ones also go into the history, under a number that never goes back.

    Every row of a score has a region: a household that moved is listed where it lives now.
    """
    fresh = [change for change in changes if change.changed]
    numbers: dict[str, int] = {}
    if fresh:
        take(connection, "changes")
        rows = [
            {
                "household_id": change.household_id,
                **{name: change.after[name] for name in VERDICT},
                "as_of": change.after["as_of"],
                "scored_at": change.after["scored_at"],
                "request_id": request_id,
            }
            for change in fresh
        ]
        found = connection.execute(insert(SCORES).returning(SCORES.c.seq, sort_by_parameter_order=True), rows)
        numbers = {change.household_id: seq for change, seq in zip(fresh, found.scalars(), strict=True)}
    upsert(connection, CURRENT, [_current(change, numbers) for change in changes])
    return list(changes)


def _current(change: Change, numbers: dict[str, int]) -> dict[str, Any]:
    after, region = change.after, change.after["region_code"]
    seq = numbers.get(change.household_id)
    return {
        "household_id": change.household_id,
        "seq": seq if seq is not None else (change.before or {})["seq"],
        "region_code": region,
        "county": region[:6],
        "town": region[:9],
        **{name: after[name] for name in VERDICT},
        "as_of": after["as_of"],
        "scored_at": after["scored_at"],
        "order_signal": -after["signal"],
        "order_rank": 1.0 if after["probability"] is None else -after["probability"],
        "causes": after["causes"],
    }


def drop_current(connection: Connection, household_id: str, region: str) -> None:
    """Take a closed household of a region off the lists; its history stays."""
    connection.execute(
        delete(CURRENT).where(CURRENT.c.household_id == household_id, within(CURRENT.c.region_code, region))
    )


def read_capacity(connection: Connection, counties: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Last place in the visit capacity of some counties."""
    query = select(CAPACITY).where(CAPACITY.c.county.in_(sorted(counties)))
    return {row["county"]: dict(row) for row in connection.execute(query).mappings()}


def keep_capacity(connection: Connection, row: dict[str, Any]) -> None:
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
