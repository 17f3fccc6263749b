"""Rows of which only a part of the horizon is known: what is known of it is worth learning from.

The outcome of an as-of date is known once its horizon has passed and, with yearly statements, once the statement that
covers the end of the horizon has arrived: up to two and a half years later. By then, the records have grown, and the
rows with a whole horizon no longer resemble those that are to be scored. Of later dates, the falls of the first months
are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from riskml.arrays import Floats, Ints
from riskml.features import FeatureMatrix, stack
from riskml.outcomes import REASONS, label
from riskml.policy import Policy
from riskml.records.contract.calendar import to_date
from riskml.records.panel.store import Records
from riskml.splits import Settings, count_least_months, find_span_end
from riskml.training.cohort_rows import Cohort
from riskml.training.holdout import LabelledRows, find_positions

OPEN = [REASONS["no_follow_up"], REASONS["not_followed"]]
"""Reasons for a missing label that say that not all of the horizon is known."""

FEW = 0.1
"""If a smaller share of a date's rows is open, they are left out: these are single households that left, not a date
whose reports are still to come."""


@dataclass(frozen=True)
class FittedRows:
    """The rows on which the parts of the model are fitted: those with a whole horizon, then the recent ones.

    Parameters
    ----------
    features : FeatureMatrix, n rows
    y : array of float64, shape (n,)
        Whether the household fell in the part of the horizon that is known.
    household : array of int64, shape (n,)
    offset : array of float64, shape (n,), or None
        Log odds by which such falls are rarer than falls in a whole horizon, 0 if all of it is known; None if there are
        no recent rows.
    recent : dict
        Number of recent rows for each date in ISO format.
    """

    features: FeatureMatrix
    y: Floats
    household: Ints
    offset: Floats | None
    recent: dict[str, int]


def add_recent(
    records: Records,
    cohort: Cohort,
    whole: LabelledRows,
    as_ofs: Sequence[int],
    settings: Settings,
    policy: Policy,
    until: int,
    known_at: int | None,
) -> FittedRows:
    """Add the rows of which only a part of the horizon is known to those of which all of it is known.

    Parameters
    ----------
    records : Records
    cohort : Cohort
        The cohort; it must include the rows at ``as_ofs``.
    whole : LabelledRows
        The rows with a whole horizon.
    as_ofs : sequence of int
        Day numbers, ascending.
    settings : Settings
    policy : Policy
    until : int
        Last day on which a fall may have happened.
    known_at : int or None
        Only what was recorded up to this day is used; None stands for all records.

    Returns
    -------
    FittedRows

    Notes
    -----
    Of each row's horizon, the longest part in which the household is followed up is used, if it is at least half of the
    horizon; parts are shorter by multiples of ``settings.step``. Falls in the first h months are rarer than falls in
    all H, so these rows get an offset: the difference between the log odds of both among the rows with a whole horizon.
    Nothing is added if only the last month of the horizon counts (outcome "end").
    """
    lead, rate = np.where(whole.y == 1, whole.labels.lead, 0), float(whole.y.mean())
    parts = [(whole.cohort, whole.y, np.zeros(len(whole.y)))]
    recent: dict[str, int] = {}
    first = whole.labels.as_of.min()
    for day in (day for day in as_ofs if day > first) if settings.outcome == "any" else ():
        for months, rows, fell in _label_open(records, cohort, whole, day, settings, policy, until, known_at):
            share = float(np.mean((lead > 0) & (lead <= months)))
            if share > 0:
                parts.append((rows, fell, np.full(len(rows), logit(share) - logit(rate))))
                recent[str(to_date(day))] = recent.get(str(to_date(day)), 0) + len(rows)
    cohorts, y, offset = zip(*parts, strict=True)
    return FittedRows(
        stack([one.features for one in cohorts]).prune_levels() if recent else whole.cohort.features,
        np.concatenate(y),
        np.concatenate([one.household for one in cohorts]),
        np.concatenate(offset) if recent else None,
        recent,
    )


def _label_open(
    records: Records,
    cohort: Cohort,
    whole: LabelledRows,
    day: int,
    settings: Settings,
    policy: Policy,
    until: int,
    known_at: int | None,
) -> Iterator[tuple[int, Cohort, Floats]]:
    """Label the open rows of a date by parts of the horizon, the longest first; yield months, rows and labels."""
    risk = whole.at_risk
    closed = risk.household[(risk.as_of == day) & ~np.isin(risk.reason, OPEN)]
    at_risk = int(np.count_nonzero(cohort.as_of == day))
    for months in range(settings.horizon - settings.step, count_least_months(settings.horizon) - 1, -settings.step):
        if find_span_end(day, months) > until or at_risk - len(closed) < FEW * at_risk:
            continue
        labels = label(records, [day], replace(settings, horizon=months), policy, known_at)
        taken = labels.take(labels.labelled & ~np.isin(labels.household, closed))
        if len(taken):
            yield months, cohort.take(find_positions(cohort, taken)), taken.y.astype(np.float64)
            closed = np.union1d(closed, taken.household)
