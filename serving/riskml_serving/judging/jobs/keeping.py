"""Makes what was worked out about a range the current scores, where nobody knows better by now."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from riskml.policy import name_agreement
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import read_capacity, read_current, write_scores
from riskml_serving.judging.scores.stored import by_capacity, origin
from riskml_serving.store.households.repository import find_households

__all__ = ["keep"]

TAKEN = ("status", "probability", "margin", "tier", "rule_signal", "signal", "rule_flags")


def keep(connection: Connection, model: Model, part: pa.Table, region: str, as_of: dt.date, request_id: str) -> int:
    """Keep the scores of a part; return how many.

    A household is left alone that was closed or moved out of the region, that has a score of a later date, or whose
    score is no longer the one that stood when its records were read: then somebody has brought records that this part
    has not seen, and has scored them.

    Parameters
    ----------
    connection : Connection
        Of a writing transaction.
    model : Model
    part : pyarrow.Table
        As :func:`riskml_serving.judging.bulk.judging.judge_range` gives it.
    region : str
    as_of : date
    request_id : str
    """
    codes = part["household_id"].to_pylist()
    places_now = find_households(connection, codes, region, lock=True)
    before = read_current(connection, codes, region)
    capacity = read_capacity(connection, {take_region(row["region_code"], Level.COUNTY) for row in places_now.values()})
    common = {"as_of": as_of, "scored_at": now(), **origin(model)}
    changes = []
    rows = part.select(["household_id", "seq", "scored_at", "all_causes", *TAKEN]).to_pylist()
    words = name_agreement(
        np.array([row["tier"] > 0 for row in rows], bool), np.array([bool(row["rule_flags"]) for row in rows], bool)
    )
    for row, word in zip(rows, words, strict=True):
        code = row["household_id"]
        place, kept = places_now.get(code), before.get(code)
        if place is None or place["closed_on"] is not None or not _same(kept, row):
            continue
        if kept is not None and kept["as_of"] > as_of:
            continue
        after: dict[str, Any] = {name: row[name] for name in TAKEN}
        after |= {"household_id": code, "agreement": str(word), "agreement_by": "tier", **common}
        after["causes"] = row["all_causes"]
        after |= by_capacity(after, capacity.get(take_region(place["region_code"], Level.COUNTY)))
        changes.append(Change(code, kept, {**after, "region_code": place["region_code"]}))
    return len(write_scores(connection, changes, request_id))


def _same(kept: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    """Whether the score that stands is the one that stood when the records were read."""
    if kept is None:
        return row["seq"] is None
    return (kept["seq"], kept["scored_at"]) == (row["seq"], row["scored_at"])
