"""Collect the labelled rows (households on as-of dates) on which models are compared, and predict their outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Positions
from riskml.errors import SplitError
from riskml.evaluation import Prediction, TestRows
from riskml.evaluation.words import MISSING
from riskml.features.attributes import REGION_FEATURES
from riskml.model import Baselines, Blend, Bundle, fit_logistic, fit_ranking
from riskml.model.schema import Schema
from riskml.outcomes import Labels, count_labels, label
from riskml.policy import Policy
from riskml.progress import Progress
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.splits import Origin, Settings, build_grid, cut_origins, find_first_covered
from riskml.text import Joined, Text, join_sentences
from riskml.training.cohort_rows import Cohort, collect_cohort, find_first_flags

FEWEST_FALLS = 200
"""With fewer falls to learn from, more rows help more than rows that resemble those to be scored."""


@dataclass(frozen=True)
class LabelledRows:
    """Households on as-of dates, one per row, whose outcome is known.

    Parameters
    ----------
    at_risk : Labels
        All rows at risk, including those whose outcome is unknown.
    labels : Labels
        The labels of the rows.
    cohort : Cohort
        The features of the rows, in the same order.
    """

    at_risk: Labels
    labels: Labels
    cohort: Cohort

    @property
    def y(self) -> Floats:
        """1 if the household fell, 0 if not, shape (n,)."""
        return self.labels.y.astype(np.float64)

    def take(self, rows: Positions) -> LabelledRows:
        """Take some of the rows, without the category levels that do not occur in them."""
        cohort = self.cohort.take(rows)
        return LabelledRows(
            self.at_risk, self.labels.take(rows), replace(cohort, features=cohort.features.prune_levels())
        )


def label_rows(
    records: Records,
    cohort: Cohort,
    as_ofs: Sequence[int],
    settings: Settings,
    policy: Policy,
    known_at: int | None,
    purpose: str,
) -> LabelledRows:
    """Label the rows of the cohort at the as-of dates.

    Parameters
    ----------
    records : Records
    cohort : Cohort
        The cohort; it must include the rows at these dates.
    as_ofs : sequence of int
        Day numbers.
    settings : Settings
    policy : Policy
    known_at : int or None
        Only what was recorded up to this day is used; None stands for all records.
    purpose : str
        What the rows are for; completes "No row is left to …" in the error.

    Raises
    ------
    SplitError
        If no outcome is known.
    """
    at_risk = label(records, as_ofs, settings, policy, known_at)
    known = at_risk.take(at_risk.labelled)
    if not len(known):
        numbers = count_labels(at_risk)
        old = len(records.income.statements) > 0 and not settings.income_age
        raise SplitError(
            "No row is left to {purpose}: {rows} row(s) at risk at {dates} as_of(s), no outcome known.",
            join_sentences(
                Text(
                    "Left out: {missing}; outside the cohort: {excluded}.",
                    missing=_name_counts(numbers["missing"]),
                    excluded=_name_counts(numbers["excluded"]),
                ),
                Text("Yearly statements are months old when they arrive: give --income-age 18.") if old else "",
            ),
            purpose=Text(purpose),
            rows=len(at_risk),
            dates=len(as_ofs),
        )
    return LabelledRows(at_risk, known, cohort.take(find_positions(cohort, known)))


def label_training(
    records: Records, cohort: Cohort, as_ofs: Sequence[int], settings: Settings, policy: Policy, known_at: int | None
) -> LabelledRows:
    """Label the rows to train on, without category levels that do not occur in them.

    As-of dates before which care, disasters and events have been recorded for less than half a window are left out
    if enough falls remain (ADR 023).
    """
    rows = label_rows(records, cohort, as_ofs, settings, policy, known_at, "train on")
    covered = rows.labels.as_of >= find_first_covered(records, settings)
    return rows.take(np.flatnonzero(covered | (rows.y[covered].sum() < FEWEST_FALLS)))


def _name_counts(counts: Mapping[str, int]) -> Text:
    """Name the reasons and statuses that occur, with their counts."""
    parts = [
        Text("{count:,} {name}", count=count, name=MISSING.get_name(code, "en"), name_zh=MISSING.get_name(code, "zh"))
        for code, count in counts.items()
        if count
    ]
    return Joined(parts) if parts else Text("none")


def find_origin(records: Records, bundle: Bundle) -> tuple[Settings, Origin]:
    """Find the training and test dates of a bundle's latest origin in the same or other records, with the settings.

    Raises
    ------
    SplitError
        If the records do not reach the bundle's test dates.
    """
    settings = replace(bundle.settings, test_from=to_day(bundle.manifest["split"]["test_from"]), origins=1)
    [origin] = cut_origins(build_grid(records, settings), settings)
    return settings, origin


def collect_holdout(records: Records, bundle: Bundle, policy: Policy, purpose: str, progress: Progress) -> LabelledRows:
    """Collect the test rows of a bundle's latest origin, from the records used in training or from other records.

    Raises
    ------
    SplitError
        If the records do not reach the bundle's test dates, or no outcome is known.
    """
    settings, origin = find_origin(records, bundle)
    cohort = collect_cohort(records, origin.test, settings, policy, progress)
    return label_rows(records, cohort, origin.test, settings, policy, None, purpose)


def collect_training(records: Records, bundle: Bundle, policy: Policy, progress: Progress) -> LabelledRows:
    """Collect the training rows of a bundle's latest origin, from the records used in training or from other records.

    Raises
    ------
    SplitError
        If the records do not reach the bundle's test dates, or no outcome is known.
    """
    settings, origin = find_origin(records, bundle)
    cohort = collect_cohort(records, origin.train, settings, policy, progress)
    return label_training(records, cohort, origin.train, settings, policy, origin.test_from)


def find_positions(cohort: Cohort, labels: Labels) -> Ints:
    """Find the positions of labelled rows in the cohort, which is sorted by as_of, then by household."""
    width = int(cohort.household.max(initial=0)) + 1
    keys = cohort.as_of.astype(np.int64) * width + cohort.household
    position = np.searchsorted(keys, labels.as_of.astype(np.int64) * width + labels.household)
    assert (cohort.household[position] == labels.household).all(), "features and labels see the same cohort"
    return position


def rank_rows(rows: LabelledRows) -> dict[str, Floats]:
    """Compute the scores of the ranking baselines; higher is riskier."""
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = -np.log(rows.labels.income_per_head / rows.labels.line)
    return {
        "rule_line": rows.cohort.rule_score,
        "distance_to_line": distance,
        "weighted_past_income": -rows.cohort.features.column("weighted_past_income"),
    }


def fit_baselines(training: LabelledRows, schema: Schema | None = None) -> Baselines:
    """Fit the baselines on the training rows, with the features of a schema or, by default, with all."""
    rankings = {name: fit_ranking(score, training.y) for name, score in rank_rows(training).items()}
    return Baselines(fit_logistic(training.cohort.features, training.y, schema), rankings)


def predict_all(blend: Blend, baselines: Baselines, rows: LabelledRows) -> dict[str, Prediction]:
    """Compute the predictions of the model and of every baseline for the rows."""
    features, logistic = rows.cohort.features, baselines.logistic
    predictions = {"riskml": Prediction(blend.predict_margin(features), blend.predict_probability(features))}
    for name, score in rank_rows(rows).items():
        fitted = baselines.rankings[name]
        predictions[name] = Prediction(np.where(np.isnan(score), fitted.fill, score), fitted.predict_probability(score))
    predictions["logistic"] = Prediction(logistic.predict_margin(features), logistic.predict_probability(features))
    return predictions


def holdout_rows(
    records: Records, holdout: LabelledRows, settings: Settings, policy: Policy, progress: Progress
) -> TestRows:
    """Assemble the test rows on which the models are compared."""
    labels, rows = holdout.labels, holdout.cohort
    fell = labels.y == 1
    flags = np.full(len(labels), np.nan)
    flags[fell] = find_first_flags(
        records, rows.household[fell], rows.as_of[fell], labels.by[fell], settings, policy, progress
    )
    return TestRows(
        household=rows.household,
        as_of=rows.as_of,
        label=labels.y,
        by=labels.by,
        lead=labels.lead.astype(np.float64),
        rule_positive=rows.rule_positive,
        household_code=records.household_id[rows.household],
        groups=_assign_groups(rows),
        first_rule_flag=flags,
    )


def _assign_groups(rows: Cohort) -> dict[str, NDArray[np.str_]]:
    """Assign rows to the audited groups.

    The groups are the rule line's category, whether the household left registered poverty, whether it has labour, the
    coarsest level of region with several values and, if only some rows have a known statement of income, whether they
    have one.
    """
    words = np.array(["no", "yes", "unknown"])
    groups = {"category": np.where(rows.category == "", "none", rows.category)}
    for group, feature in (("exited", "exited_household"), ("no_labour", "no_labour")):
        value = rows.features.column(feature)
        groups[group] = words[np.where(np.isnan(value), 2, value).astype(int)]
    columns = list(REGION_FEATURES.values())
    name = next((column for column in columns if len(rows.features.levels[column]) > 1), columns[-1])
    levels, value = rows.features.levels[name], rows.features.column(name)
    if rows.stated.any() and not rows.stated.all():
        groups["income"] = np.where(rows.stated, "stated", "monthly")
    groups["region"] = np.array([*levels, "unknown"])[np.where(np.isnan(value), len(levels), value).astype(int)]
    return groups
