"""The labelled rows on which models are compared, and what each model says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskml.errors import SplitError
from riskml.evaluation import Prediction, TestRows
from riskml.features.attributes import REGION_FEATURES
from riskml.model import Baselines, Blend
from riskml.outcomes import Labels, counts, label
from riskml.policy import Policy
from riskml.progress import Progress
from riskml.records.panel.store import Records
from riskml.splits import Settings
from riskml.training.cohort_rows import Cohort, find_first_flags

__all__ = ["Labelled", "holdout_rows", "label_rows", "predict_all", "rank_rows"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """Rows whose outcome is known.

    Parameters
    ----------
    everyone : Labels
        All rows at risk, those without a known outcome among them.
    labels : Labels
        The known ones.
    rows : Cohort
        Their features, in the same order.
    """

    everyone: Labels
    labels: Labels
    rows: Cohort

    @property
    def y(self) -> Floats:
        """1 fell, 0 did not, shape (n,)."""
        return self.labels.y.astype(np.float64)

    def pruned(self) -> Labelled:
        """Return the rows with only the category levels that occur in them."""
        return replace(self, rows=replace(self.rows, features=self.rows.features.pruned()))


def label_rows(
    records: Records, cohort: Cohort, as_ofs: tuple[int, ...], settings: Settings, known_at: int | None, what: str
) -> Labelled:
    """Label the cohort at the as_ofs.

    Parameters
    ----------
    records : Records
    cohort : Cohort
        Rows of these as_ofs, perhaps of others too.
    as_ofs : tuple of int
    settings : Settings
    known_at : int, optional
        Outcomes rest on what was recorded by that day; on every record by default.
    what : str
        What the rows are for, in the error.

    Raises
    ------
    SplitError
        If no outcome is known.
    """
    everyone = label(records, as_ofs, settings, known_at)
    known = everyone.take(everyone.labelled)
    if not len(known):
        tally = counts(everyone)
        raise SplitError(
            f"Nobody is left to {what}: {len(everyone)} row(s) at risk at {len(as_ofs)} as_of(s), no outcome known.",
            f"Left out: {tally['missing']}; outside the cohort: {tally['excluded']}.",
        )
    return Labelled(everyone, known, cohort.take(_positions(cohort, known)))


def _positions(cohort: Cohort, labels: Labels) -> NDArray[np.int64]:
    """Positions of labelled rows in the cohort, which is ordered by as_of, then household."""
    width = int(cohort.household.max(initial=0)) + 1
    keys = cohort.as_of.astype(np.int64) * width + cohort.household
    place = np.searchsorted(keys, labels.as_of.astype(np.int64) * width + labels.household)
    assert (cohort.household[place] == labels.household).all(), "features and labels see the same cohort"
    return place


def rank_rows(found: Labelled) -> dict[str, Floats]:
    """Scores of the baselines that rank, the higher the riskier."""
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = -np.log(found.labels.income_per_head / found.labels.line)
    return {
        "rule_line": found.rows.rule_score,
        "distance_to_line": distance,
        "weighted_past_income": -found.rows.features.column("weighted_past_income"),
    }


def predict_all(blend: Blend, baselines: Baselines, found: Labelled) -> dict[str, Prediction]:
    """What the model and every baseline say of the rows."""
    features, logistic = found.rows.features, baselines.logistic
    out = {"riskml": Prediction(blend.predict_margin(features), blend.predict_probability(features))}
    for name, score in rank_rows(found).items():
        fitted = baselines.rankings[name]
        out[name] = Prediction(np.where(np.isnan(score), fitted.fill, score), fitted.predict_probability(score))
    out["logistic"] = Prediction(logistic.predict_margin(features), logistic.predict_probability(features))
    return out


def holdout_rows(records: Records, found: Labelled, settings: Settings, policy: Policy, progress: Progress) -> TestRows:
    """Put together what the comparison needs to know of each row."""
    labels, rows = found.labels, found.rows
    fell = labels.y == 1
    flags = np.full(len(labels), np.nan)
    flags[fell] = find_first_flags(records, rows.household[fell], rows.as_of[fell], settings, policy, progress)
    return TestRows(
        household=rows.household,
        as_of=rows.as_of,
        label=labels.y,
        by=labels.by,
        lead=labels.lead.astype(np.float64),
        rule_positive=rows.rule_positive,
        household_code=records.household_id[rows.household],
        groups=_groups(rows),
        first_rule_flag=flags,
    )


def _groups(rows: Cohort) -> dict[str, NDArray[np.str_]]:
    """Groups that are audited: the rule's category, kind, labour, and the coarsest region level that differs."""
    words = np.array(["no", "yes", "unknown"])
    groups = {"category": np.where(rows.category == "", "none", rows.category)}
    for group, feature in (("exited", "exited_household"), ("no_labour", "no_labour")):
        value = rows.features.column(feature)
        groups[group] = words[np.where(np.isnan(value), 2, value).astype(int)]
    columns = list(REGION_FEATURES.values())
    name = next((column for column in columns if len(rows.features.levels[column]) > 1), columns[-1])
    levels, value = rows.features.levels[name], rows.features.column(name)
    groups["region"] = np.array([*levels, "unknown"])[np.where(np.isnan(value), len(levels), value).astype(int)]
    return groups
