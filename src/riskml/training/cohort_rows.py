"""Collect the cohort: households at risk on each as-of date, with their features and the rule line's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.features import FeatureMatrix, build, stack
from riskml.outcomes import AT_RISK, FALL_KINDS, classify_cohort
from riskml.policy import Policy, apply_rule_line
from riskml.progress import Progress
from riskml.records.contract.calendar import to_month, to_month_end
from riskml.records.panel.income import CHUNK
from riskml.records.panel.store import Records
from riskml.splits import Settings

THREADS = 2


@dataclass(frozen=True)
class Cohort:
    """Households at risk, ordered by as-of date, then by household.

    Parameters
    ----------
    household : array of int64, shape (n,)
        Position in ``records.household_id``.
    features : FeatureMatrix, n rows
    rule_score : array of float64, shape (n,)
        Score by which the rule line ranks households; higher is riskier.
    rule_positive : array of bool, shape (n,)
        Whether any trigger fired.
    category : array of str, shape (n,)
        The category that the rule line suggests; empty if it suggests none.
    stated : array of bool, shape (n,)
        Whether a statement of the household's income is known.
    """

    household: NDArray[np.int64]
    features: FeatureMatrix
    rule_score: NDArray[np.float64]
    rule_positive: NDArray[np.bool_]
    category: NDArray[np.str_]
    stated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.household)

    @property
    def as_of(self) -> NDArray[np.int32]:
        """Day of each row, shape (n,)."""
        return self.features.as_of

    def take(self, rows: NDArray[np.generic]) -> Cohort:
        """Return the rows selected by positions or by a mask."""
        arrays: dict[str, Any] = {name: getattr(self, name)[rows] for name in _ARRAYS}
        return Cohort(features=self.features.take(rows), **arrays)


_ARRAYS = tuple(field.name for field in fields(Cohort) if field.name != "features")


def collect_cohort(
    records: Records, as_ofs: Sequence[int], settings: Settings, policy: Policy, progress: Progress
) -> Cohort:
    """Build the features of all households at risk at the as-of dates, using only what was known at each date.

    Parameters
    ----------
    records : Records
    as_ofs : sequence of int
        Day numbers, in ascending order.
    settings : Settings
    policy : Policy
    progress : Progress
        Advanced by one step per batch of households.
    """
    jobs = [(day, start) for day in as_ofs for start in range(0, len(records), CHUNK)]
    progress.stage("features", len(jobs))
    for day in as_ofs:
        records.fill_line_grids(day, settings.basis)

    def collect_batch(job: tuple[int, int]) -> Cohort:
        day, start = job
        panel = records.panel(day, start, min(start + CHUNK, len(records)), basis=settings.basis)
        rows = np.flatnonzero(classify_cohort(panel, settings, policy) == AT_RISK)
        verdicts = apply_rule_line(panel, policy)
        part = Cohort(
            rows + start,
            build(panel).take(rows),
            verdicts.score[rows],
            verdicts.any_flag[rows],
            np.array([verdicts.read_category(int(i)) or "" for i in rows], dtype=np.str_),
            panel.stated[rows],
        )
        progress.step()
        return part

    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(collect_batch, jobs))
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Cohort(features=stack([part.features for part in parts]), **arrays)


def find_first_flags(
    records: Records,
    household: NDArray[np.int64],
    as_of: NDArray[np.int32],
    by: NDArray[np.int8],
    settings: Settings,
    policy: Policy,
    progress: Progress,
) -> NDArray[np.float64]:
    """Find how many months after each as-of date the rule line first raises a flag for the kind of fall that happened.

    At the end of each month, the rule line is applied to what was known by then.

    Parameters
    ----------
    records : Records
    household, as_of : array, shape (n,)
        The rows; every as-of date is the last day of a month.
    by : array of int8, shape (n,)
        How each household fell (see ``outcomes.FALL_KINDS``).

    Returns
    -------
    array of float64, shape (n,)
        0 if a flag is raised at the as-of date itself; NaN if none is raised within the horizon.
    """
    first = np.full(len(household), np.nan)
    if not len(household):
        return first
    months = to_month(as_of)
    span = range(int(months.min()), int(months.max()) + settings.horizon + 1)
    progress.stage("first flags of the rule line", len(span))
    starts = np.unique(household // CHUNK) * CHUNK
    for month in span:
        progress.step()
        open_rows = np.isnan(first) & (months <= month) & (month <= months + settings.horizon)
        if not open_rows.any():
            continue
        flagged = {code: np.zeros(len(records), bool) for code in FALL_KINDS.values()}
        for start in starts.tolist():
            stop = min(start + CHUNK, len(records))
            panel = records.panel(to_month_end(month), start, stop, basis=settings.basis)
            verdicts = apply_rule_line(panel, policy)
            for kind, code in FALL_KINDS.items():
                flagged[code][start:stop] = verdicts.mark_flagged(kind)
        hit = [mask[household] for mask in flagged.values()]
        hits = open_rows & np.select([by == code for code in flagged], hit, default=False)
        first[hits] = month - months[hits]
    return first
