"""Labelled rows: for each as_of, one row per household in its cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.outcomes.cohort import AT_RISK
from riskml.vocabulary.verdicts import STATUSES

MISSING = np.int8(-1)
"""The label of a row whose outcome is not known."""

REASONS = {"no_follow_up": 1, "emergency_help": 2, "entered_recorded_late": 3, "not_followed": 4}
"""Codes for why a label is missing; 0 means that it is not missing."""

FALL_KINDS = {"income": 1, "spending": 2, "monitoring": 3}
"""Codes for how a household fell; 0 means no known fall.

If a household fell in several ways in one month, the first of them in this order counts.
"""


@dataclass(frozen=True)
class Labels:
    """The cohort's rows with their outcomes, ordered by as_of, then by household.

    Parameters
    ----------
    household : array of int32, shape (n,)
        Position in ``records.household_id``.
    as_of : array of int32, shape (n,)
        Day number.
    y : array of int8, shape (n,)
        Outcome: 1 if the household fell, 0 if it did not, -1 if the outcome is missing.
    reason : array of int8, shape (n,)
        Why the label is missing (see ``REASONS``).
    by : array of int8, shape (n,)
        How the household fell (see ``FALL_KINDS``). If it fell in several ways, the earliest counts. Within one month,
        income and spending come before monitoring, because a household usually enters monitoring once the rule has
        detected the shortfall.
    lead : array of int32, shape (n,)
        Number of months, at least 1, from the as_of to the month at whose end income is below the line (before or
        after unavoidable spending), or to the month of entry into monitoring if that is earlier; 0 if the household
        did not fall, or if this is not known.
    followed : array of bool, shape (n,)
        Whether the household is followed up to the end of the span.
    income_per_head, line : array of float64, shape (n,)
        Values on the as_of, as known on that day, in yuan/person/year.
    status : array of int64, shape (as_ofs, statuses)
        Number of households with each status (see ``STATUSES``) on each as_of; the first column counts the cohort.
    """

    household: NDArray[np.int32]
    as_of: NDArray[np.int32]
    y: NDArray[np.int8]
    reason: NDArray[np.int8]
    by: NDArray[np.int8]
    lead: NDArray[np.int32]
    followed: NDArray[np.bool_]
    income_per_head: NDArray[np.float64]
    line: NDArray[np.float64]
    status: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.household)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Whether each row's outcome is known, shape (n,)."""
        known: NDArray[np.bool_] = self.y != MISSING
        return known

    def take(self, rows: NDArray[Any]) -> Labels:
        """Select rows by position or with a mask; the counts by status remain those of all rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ROW_FIELDS})


_ROW_FIELDS = tuple(field.name for field in fields(Labels) if field.name != "status")


def stack(parts: Sequence[Labels], *, same_as_ofs: bool) -> Labels:
    """Concatenate labels of different as_ofs, or of different households at the same as_of."""
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ROW_FIELDS}
    tallies = [part.status for part in parts]
    return Labels(**columns, status=np.add.reduce(tallies) if same_as_ofs else np.concatenate(tallies))


def set_aside_if_not_followed(labels: Labels) -> Labels:
    """Set all labels of an as_of to missing (``not_followed``) if fewer than a tenth of its rows are followed up."""
    if 10 * np.count_nonzero(labels.followed) >= len(labels):
        return labels
    nothing = np.zeros(len(labels), np.int8)
    return replace(
        labels,
        y=nothing + MISSING,
        reason=nothing + np.int8(REASONS["not_followed"]),
        by=nothing,
        lead=np.zeros(len(labels), np.int32),
    )


def count_labels(labels: Labels) -> dict[str, Any]:
    """Count the rows, the missing labels by reason, and the households outside the cohort by status.

    Returns
    -------
    dict
        ``cohort``, ``labelled`` and ``positive`` are numbers of rows; ``missing`` is the number of rows by reason;
        ``excluded`` counts the pairs of a household and an as_of outside the cohort, by status. Every reason and status
        is listed, even if its count is 0.
    """
    tally = np.bincount(labels.reason, minlength=len(REASONS) + 1)
    outside = labels.status.sum(axis=0)
    return {
        "cohort": len(labels),
        "labelled": int(np.count_nonzero(labels.labelled)),
        "positive": int(np.count_nonzero(labels.y == 1)),
        "missing": {reason: int(tally[code]) for reason, code in REASONS.items()},
        "excluded": {status: int(outside[i]) for i, status in enumerate(STATUSES) if i != AT_RISK},
    }
