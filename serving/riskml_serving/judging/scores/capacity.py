"""The visit capacity of a county: who has the last place, after a complete scoring."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from riskml.evaluation.capacity import mark_visits
from riskml.policy import name_agreement
from riskml_serving.base.clock import now
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores import repository
from riskml_serving.judging.scores.changes import Change

__all__ = ["last_place", "renew"]


def last_place(codes: NDArray[np.str_], margin: NDArray[np.float64], capacity: float) -> tuple[NDArray[np.bool_], int]:
    """Find who has a place in a visit capacity, and the position of the last of them.

    Parameters
    ----------
    codes : array of str, shape (n,)
        At least one.
    margin : array of float64, shape (n,)
    capacity : float
        Share of the households.
    """
    visited = mark_visits(margin, np.zeros(len(codes), np.int32), codes, capacity)
    chosen = np.flatnonzero(visited)
    return visited, int(chosen[np.lexsort((codes[chosen], -margin[chosen]))[-1]])


def renew(connection: Connection, model: Model, county: str, as_of: dt.date, request_id: str) -> int:
    """Find who has a place in the visit capacity of a county and bring the agreement of its scores in line.

    Called once all households of the county have been scored as of a date. Until the next time, a household that is
    scored again is held against the last place, so that no other household's score moves with it.

    Parameters
    ----------
    connection : Connection
        Of a writing transaction.
    model : Model
    county : str
        Six digits.
    as_of : date
    request_id : str

    Returns
    -------
    int
        Scores whose agreement changed.
    """
    rows = repository.read_at_risk(connection, county)
    if not rows:
        return 0
    codes, margin = np.array([row["household_id"] for row in rows]), np.array([row["margin"] for row in rows])
    visited, last = last_place(codes, margin, model.policy.visit_capacity)
    words = name_agreement(visited, np.array([bool(row["rule_flags"]) for row in rows]))
    repository.write_capacity(
        connection,
        {
            "county": county,
            "as_of": as_of,
            "margin": float(margin[last]),
            "household_id": str(codes[last]),
            "model_version": model.version,
        },
    )
    at = now()
    changes = [
        Change(row["household_id"], row, {**row, "agreement": str(word), "agreement_by": "capacity", "scored_at": at})
        for row, word in zip(rows, words, strict=True)
        if (row["agreement"], row["agreement_by"]) != (word, "capacity")
    ]
    repository.write_scores(connection, changes, request_id)
    return len(changes)
