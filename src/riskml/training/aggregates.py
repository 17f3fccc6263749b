"""What the report tells of the data and of the reasons: computed once at training, aggregates only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskml.evaluation.capacity import mark_visits
from riskml.explanation.contributions.summary import summarise_contributions
from riskml.explanation.household.county import explain_all
from riskml.explanation.household.narrator import Narrator
from riskml.explanation.household.reason_quality import measure_named_causes, measure_steadiness
from riskml.features import CATALOGUE
from riskml.model import Bundle
from riskml.policy import Policy
from riskml.progress import Progress
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.records.reading.coverage import coverage
from riskml.records.reading.files import truth_in
from riskml.records.reading.folder import open_folder
from riskml.splits import Settings, grid, origins
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import Labelled, label_rows
from riskml.training.oracle import read_truth

__all__ = ["SOON", "build_report_data", "describe_coverage", "rebuild_report_data"]

SOON = 3
"""Months: a county looks again every quarter, so the reasons that stood when a household fell are at most this old."""


def build_report_data(
    records: Records, test: Labelled, bundle: Bundle, policy: Policy, folder: Path | None, progress: Progress
) -> dict[str, Any]:
    """Put together ``report.json``: all that the report shows beside the evaluation.

    Parameters
    ----------
    records : Records
    test : Labelled
        Test rows of the latest origin.
    bundle : Bundle
        The model that was tested.
    policy : Policy
    folder : Path, optional
        Records folder; without it nothing is said of coverage and true causes.
    progress : Progress

    Returns
    -------
    dict
        ``simulated``, whether the folder carries the truth of a simulated county; ``coverage`` (see
        :func:`describe_coverage`, or null); ``contributions`` (see
        :func:`riskml.explanation.contributions.summary.summarise_contributions`);
        ``reasons``: ``steadiness``, and in a simulated county ``all`` falls, those ``visited``, and those ``soon``,
        at most three months after the reasons were given (see :mod:`riskml.explanation.household.reason_quality`).
    """
    narrator = Narrator(bundle, policy)
    progress.stage("contributions of the test rows")
    schema, features = bundle.blend.schema, test.rows.features
    values = schema.align(features)
    found = narrator.explainer.explain(values, threads=2)
    return {
        "simulated": truth_in(folder) is not None,
        "coverage": None if folder is None else describe_coverage(records, folder),
        "contributions": summarise_contributions(
            values, found.values, [(name, _cause(name)) for name in schema.names], test.rows.household, schema.levels
        ),
        "reasons": _trials(records, test, narrator, found.margin, folder, progress),
    }


def rebuild_report_data(
    records: Records, bundle: Bundle, policy: Policy, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Compute the report data of a bundle from records: of those it was trained on, or of others.

    Returns
    -------
    dict
        See :func:`build_report_data`; also ``other_records``, whether the fingerprint is not that of the training data.

    Raises
    ------
    SplitError
        If the records do not reach the bundle's test dates.
    """
    settings = replace(Settings(**bundle.settings), test_from=to_day(bundle.manifest["split"]["test_from"]), origins=1)
    [origin] = origins(grid(records, settings), settings)
    cohort = collect_cohort(records, origin.test, settings, policy, progress)
    test = label_rows(records, cohort, origin.test, settings, None, "report on")
    told = build_report_data(records, test, bundle, policy, folder, progress)
    return {**told, "other_records": records.fingerprint != bundle.manifest["data"]["fingerprint"]}


def describe_coverage(records: Records, folder: Path) -> dict[str, Any]:
    """Describe the tables of a folder, how many households report income each month, and what was set aside.

    Returns
    -------
    dict
        See :func:`riskml.records.reading.coverage.coverage`; also ``months``: ``first`` month and the ``share`` of
        households that report any income in each; ``set_aside``: rows by code of the fault (they are
        counted in the tables too).
    """
    with open_folder(folder) as opened:
        tables = coverage(opened)
    share = records.income.reports_by_month() / max(len(records), 1)
    first = str(np.datetime64(records.first_month, "M"))
    return {
        **tables,
        "months": {"first": first, "share": [round(float(part), 4) for part in share]},
        "set_aside": dict(sorted(records.skipped.items())),
    }


def _cause(name: str) -> str:
    """Cause of a feature; attributes of the data set belong to none."""
    return CATALOGUE[name].cause if name in CATALOGUE else "other"


def _trials(
    records: Records,
    test: Labelled,
    narrator: Narrator,
    margin: np.ndarray[Any, np.dtype[np.float64]],
    folder: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    days = sorted({int(day) for day in test.rows.as_of})
    true = read_truth(folder, narrator.settings, "cause")
    progress.stage("trials of the reasons", len(days) * (true is not None) + 1)
    trials: dict[str, Any] = {"steadiness": _known(measure_steadiness(narrator, records, days[-1]))}
    progress.step()
    if true is None:
        return trials
    codes = records.household_id[test.rows.household]
    visited = mark_visits(margin, test.rows.as_of, codes, narrator.policy.visit_capacity)
    frame = pd.DataFrame(
        {
            "household_id": codes,
            "as_of": test.rows.as_of,
            "fell": test.y == 1,
            "visited": visited,
            "soon": test.labels.lead <= SOON,
        }
    )
    told = []
    for day in days:
        causes = explain_all(narrator, records, day)[["household_id", "causes"]]
        told.append(causes.assign(as_of=np.int32(day)))
        progress.step()
    falls = (
        frame[frame["fell"]]
        .merge(pd.concat(told), on=["household_id", "as_of"])
        .merge(true.dropna(subset=["cause"]), on=["household_id", "as_of"])
    )
    everything = np.ones(len(falls), bool)
    for name, among in (("all", everything), ("visited", falls["visited"]), ("soon", falls["soon"])):
        trials[name] = _known(measure_named_causes(falls["causes"], falls["cause"], among))
    return trials


def _known(found: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in found.items()}
