"""Write income as a register records it: yearly statements by household and source, and individual workers' wages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month_end
from riskml.simulation.chunk import Chunk, draw_report_days
from riskml.simulation.state import MEMBERS, YEAR

OCTOBER = 9
"""Month in which a statement's year begins (it ends in September); January is 0."""

Rows = dict[str, NDArray[Any]]


def make_statements(chunk: Chunk) -> Rows:
    """Make the statements for every complete year from October to September, even before the first recorded month.

    A statement holds all of the household's income from a source in the year, even from months that it did not report.
    It is made for every source that the household has had so far, and is recorded some months after the year's end.
    """
    amounts = np.concatenate([chunk.past["amounts"], chunk.lived["amounts"]], axis=1)
    first = int(chunk.months[0]) - chunk.past.shape[1]
    skipped = (OCTOBER - first) % YEAR
    years = max(amounts.shape[1] - skipped, 0) // YEAR
    stated = amounts[:, skipped : skipped + years * YEAR].reshape(chunk.n, years, YEAR, -1).sum(axis=2)
    has = np.logical_or.accumulate(stated != 0.0, axis=1)
    has[:, :, 3] |= ~has.any(axis=2)
    household, year, source = np.nonzero(has)
    start = (first + skipped + YEAR * np.arange(years)).astype(np.int32)
    earliest, latest = (
        to_month_end(start + YEAR - 1 + int(months)).astype(np.int64) for months in chunk.p.recording.statement_delay
    )
    recorded = chunk.rng.integers(earliest, latest + 1, (chunk.n, years))
    return {
        "household": household,
        "period_start": to_month_end(start - 1)[year] + 1,
        "months": np.full(len(year), YEAR),
        "source": source,
        "amount": stated[household, year, source],
        "statement": np.ones(len(year), np.bool_),
        "member": np.full(len(year), -1),
        "recorded_on": recorded[household, year],
        "record_id": np.full(len(year), "", "U24"),
    }


def make_wage_lists(chunk: Chunk) -> Rows:
    """Make the monthly wage rows of workers whose employer sends wage lists, for as long as they earn a wage."""
    lived = chunk.lived
    rates = lived["rates"].astype(np.float64)
    listed = chunk.rng.random((chunk.n, MEMBERS)) < chunk.p.recording.wage_listed
    earner = lived["earner"].astype(np.int64)
    known = (earner >= 0) & listed[np.arange(chunk.n)[:, None, None], earner] & (lived["amounts"][:, :, :1] > 0.0)
    household, at, slot = np.nonzero(known)
    share = rates[household, at, slot] / rates.sum(axis=2)[household, at]
    return {
        "household": household,
        "period_start": (to_month_end(chunk.months - 1) + 1)[at],
        "months": np.ones(len(at), np.int64),
        "source": np.zeros(len(at), np.int64),
        "amount": np.rint(share * lived["amounts"][household, at, 0]),
        "statement": np.zeros(len(at), np.bool_),
        "member": earner[household, at, slot],
        "recorded_on": draw_report_days(chunk)[household, at],
        "record_id": np.full(len(at), "", "U24"),
    }
