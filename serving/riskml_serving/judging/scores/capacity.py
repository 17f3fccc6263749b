"""A county's visit capacity (how many of its riskiest households can be visited), and the agreement based on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from riskml.evaluation.capacity import count_visits, make_visit_key, rank_by_risk
from riskml.policy import name_agreement
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores import repository
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.wording import split_flags

Capacity = Mapping[str, tuple[float, str]]
"""Margin (the model's log odds) and code of the last household within the visit capacity, by county."""

JUDGED = pa.schema([("household_id", pa.string()), ("region_code", pa.string()), ("margin", pa.float64())])
"""Columns that decide which households are within the visit capacity."""


def compare(rows: Sequence[Mapping[str, Any]], capacity: Capacity) -> list[dict[str, str]]:
    """Compare the rule line with the visit capacity; return ``agreement`` and ``agreement_by`` for each row.

    The model's verdict is positive for a household within its county's visit capacity; households are ranked by margin,
    with ties broken by code. Rows in a county whose capacity is unknown get an empty result: for those, the agreement
    by tier applies.

    Parameters
    ----------
    rows : sequence of dict
        Rows with ``household_id``, ``region_code``, ``margin`` and ``rule_flags``.
    capacity : dict

    Examples
    --------
    >>> row = {"household_id": "h2", "region_code": "370112001", "margin": -1.0, "rule_flags": ""}
    >>> compare([row], {"370112": (-1.0, "h2")}), compare([row], {})
    ([{'agreement': 'model_only', 'agreement_by': 'capacity'}], [{}])
    """
    last = [capacity.get(take_region(row["region_code"], Level.COUNTY)) for row in rows]
    within = [end is not None and _is_within(row, *end) for row, end in zip(rows, last, strict=True)]
    flagged = [bool(split_flags(row["rule_flags"])) for row in rows]
    words = name_agreement(np.array(within, bool), np.array(flagged, bool)).tolist()
    return [
        {} if end is None else {"agreement": word, "agreement_by": "capacity"}
        for word, end in zip(words, last, strict=True)
    ]


def _is_within(row: Mapping[str, Any], margin: float, household_id: str) -> bool:
    own = row["margin"]
    return own is not None and make_visit_key(own, row["household_id"]) <= make_visit_key(margin, household_id)


def find_capacity(connection: Connection, model: Model, counties: Iterable[str]) -> Capacity:
    """Find the capacity of some counties; leave out those whose last complete scoring used another model."""
    rows = repository.read_capacity(connection, counties).values()
    return {
        row["county"]: (row["margin"], row["household_id"]) for row in rows if row["model_version"] == model.version
    }


def settle(connection: Connection, model: Model, tables: Iterable[pa.Table], region: str, as_of: dt.date) -> Capacity:
    """Find the capacity of every county that was judged as a whole, and save it unless a later one is already stored.

    A region within a county has no capacity of its own: the one from the county's last complete scoring applies.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    model : Model
    tables : iterable of pyarrow.Table
        Every household that was judged, with the columns of ``JUDGED``.
    region : str
        Region that was judged as a whole.
    as_of : date
    """
    frame = pa.concat_tables([JUDGED.empty_table(), *tables]).to_pandas().dropna(subset="margin")
    counties = dict(iter(frame.groupby(frame["region_code"].str[: Level.COUNTY])))
    if len(region) > Level.COUNTY:
        return find_capacity(connection, model, counties)
    capacity = {county: _find_last(rows, model.policy.visit_capacity) for county, rows in counties.items()}
    kept = repository.read_capacity(connection, capacity)
    rows = [
        {"county": county, "as_of": as_of, "margin": margin, "household_id": code, "model_version": model.version}
        for county, (margin, code) in capacity.items()
        if county not in kept or kept[county]["as_of"] <= as_of
    ]
    repository.write_capacity(connection, rows)
    return capacity


def _find_last(rows: pd.DataFrame, share: float) -> tuple[float, str]:
    codes, margins = rows["household_id"].to_numpy(np.str_), rows["margin"].to_numpy(np.float64)
    last = rank_by_risk(margins, codes)[count_visits(share, len(codes)) - 1]
    return float(margins[last]), str(codes[last])


def renew(connection: Connection, model: Model, county: str, as_of: dt.date, request_id: str) -> int:
    """Recompute a county's visit capacity, and update the agreement of its scores.

    Call this once all households in the county have been scored as of a date. Until the next call, a household that is
    rescored is compared with the last household within the capacity, so that rescoring one household changes no other
    household's score.

    Returns
    -------
    int
        Number of scores whose agreement changed.
    """
    rows = repository.read_at_risk(connection, county)
    table = pa.Table.from_pylist(rows, JUDGED)
    capacity, at = settle(connection, model, [table], county, as_of), now()
    changes = [
        Change(row["household_id"], row, {**row, **words, "scored_at": at})
        for row, words in zip(rows, compare(rows, capacity), strict=True)
        if words != {name: row[name] for name in words}
    ]
    repository.write_scores(connection, changes, request_id)
    return len(changes)
