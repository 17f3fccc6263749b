"""Who has a place in the visit capacity, once everybody has been judged."""

from __future__ import annotations

import datetime as dt
import io
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlalchemy import Connection

from riskml_serving.judging.jobs import repository
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.capacity import last_place
from riskml_serving.judging.scores.repository import read_capacity, write_capacity

__all__ = ["COUNTY", "Capacity", "settle", "visited"]

COUNTY = 6
"""Digits of a county."""

Capacity = dict[str, tuple[float, str]]
"""Margin and code of the last household with a place, by county."""


def settle(connection: Connection, model: Model, job_id: str, region: str, as_of: dt.date) -> Capacity:
    """Find the last place in the visit capacity of every county that was judged as a whole, and keep it.

    A region within a county has none of its own: there, the last place of the county's last complete scoring counts.

    Returns
    -------
    dict
        Last places by county.
    """
    codes: dict[str, list[NDArray[Any]]] = defaultdict(list)
    margins: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for content in repository.parts(connection, job_id):
        frame = pq.read_table(io.BytesIO(content), columns=["household_id", "region_code", "margin"]).to_pandas()
        for county, rows in frame.dropna(subset="margin").groupby(frame["region_code"].str[:COUNTY]):
            codes[str(county)].append(rows["household_id"].to_numpy(np.str_))
            margins[str(county)].append(rows["margin"].to_numpy(np.float64))
    kept = read_capacity(connection, codes)
    out: Capacity = {}
    for county in sorted(codes):
        standing = kept.get(county)
        if len(region) <= COUNTY:
            those, margin = np.concatenate(codes[county]), np.concatenate(margins[county])
            _, last = last_place(those, margin, model.policy.visit_capacity)
            out[county] = (float(margin[last]), str(those[last]))
            if standing is None or standing["as_of"] <= as_of:
                row = {"county": county, "as_of": as_of, "margin": out[county][0], "household_id": out[county][1]}
                write_capacity(connection, {**row, "model_version": model.version})
        elif standing is not None and standing["model_version"] == model.version:
            out[county] = (standing["margin"], standing["household_id"])
    return out


def visited(county: str, margin: float | None, code: str, capacity: Capacity) -> bool | None:
    """Whether a household has a place; None where its county has no last place.

    >>> visited("370112", -1.0, "h2", {"370112": (-1.0, "h2")}), visited("370113", 0.0, "h", {})
    (True, None)
    """
    if county not in capacity:
        return None
    last, household = capacity[county]
    return margin is not None and (margin > last or (margin == last and code <= household))
