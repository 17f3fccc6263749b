"""Compute the aggregates about the data and the reasons that the report shows, in training or from other records."""

from __future__ import annotations

from collections.abc import Iterable
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
from riskml.records.panel.store import Records
from riskml.records.reading.coverage import measure_coverage
from riskml.records.reading.folder import open_folder
from riskml.training.holdout import LabelledRows, collect_holdout, collect_training
from riskml.training.oracle import read_truth
from riskml.training.true_causes import rank_causes

SOON = 3
"""Number of months after the as-of date in which a fall counts as soon; counties are scored every quarter."""


def build_report_data(
    records: Records,
    training: LabelledRows | None,
    test: LabelledRows,
    bundle: Bundle,
    policy: Policy,
    folder: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    """Compute ``report.json``: everything the report shows in addition to the evaluation.

    Parameters
    ----------
    records : Records
    training : LabelledRows or None
        The training rows of the latest origin, if a classifier may learn the true causes of their falls.
    test : LabelledRows
        The test rows of the latest origin.
    bundle : Bundle
        The model that was tested.
    policy : Policy
    folder : Path, optional
        Records folder; if it is not passed, coverage and true causes are left out.
    progress : Progress

    Returns
    -------
    dict
        - ``coverage``: the result of :func:`describe_coverage`, or None.
        - ``contributions``: see :func:`riskml.explanation.contributions.summary.summarise_contributions`.
        - ``reasons``: ``steadiness``: how often the first reason keeps its cause over a month in which nothing but
          income was recorded; ``two_reasons``: the number of ``households`` on the visit lists and the
          ``share`` of them with at least two reasons, on all test dates if the true causes are known and on the last
          one otherwise; and, in a simulated county, how often reasons name the true cause of ``all`` falls, of the
          falls ``visited``, and of those that came ``soon``, that is, at most three months after the as-of date (see
          :mod:`riskml.explanation.household.reason_quality`). ``classifier`` holds the same figures for a classifier
          trained on the true causes of the training rows' falls, if they are known (see
          :mod:`riskml.training.true_causes`).
    """
    narrator = Narrator(bundle, policy)
    progress.stage("contributions of the test rows")
    schema, features = bundle.blend.schema, test.cohort.features
    values = schema.align(features)
    contributions = narrator.explainer.explain(values, threads=2)
    return {
        "coverage": None if folder is None else describe_coverage(records, folder),
        "contributions": summarise_contributions(
            values,
            contributions.values,
            [(name, _find_cause(name)) for name in schema.names],
            test.cohort.household,
            schema.levels,
        ),
        "reasons": _test_reasons(records, training, test, narrator, contributions.margin, folder, progress),
    }


def rebuild_report_data(
    records: Records, bundle: Bundle, policy: Policy, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Compute a bundle's report data from the records on which it was trained, or from other records.

    Returns
    -------
    dict
        The result of :func:`build_report_data`, with one more key: ``other_records`` is true unless the bundle was
        trained on these records.

    Raises
    ------
    SplitError
        If the records do not reach the bundle's test dates, or no outcome is known.
    """
    test = collect_holdout(records, bundle, policy, "report on", progress)
    true = read_truth(folder, bundle.settings, "cause")
    known = true is not None and bool((true["as_of"] < test.cohort.as_of.min()).any())
    training = collect_training(records, bundle, policy, progress) if known else None
    report = build_report_data(records, training, test, bundle, policy, folder, progress)
    return {**report, "other_records": records.fingerprint != bundle.manifest["data"]["fingerprint"]}


def describe_coverage(records: Records, folder: Path) -> dict[str, Any]:
    """Describe a folder's tables, the monthly share of households that report income, and the rows set aside.

    Returns
    -------
    dict
        The result of :func:`riskml.records.reading.coverage.measure_coverage`, with two more keys: ``months`` holds
        the ``first`` month and, for each month, the ``share`` of households that report any income; ``set_aside``
        holds the number of rows set aside for each fault code (the figures for the tables include these rows).
    """
    with open_folder(folder) as opened:
        tables = measure_coverage(opened)
    share = records.income.count_reports_by_month() / max(len(records), 1)
    first = str(np.datetime64(records.first_month, "M"))
    return {
        **tables,
        "months": {"first": first, "share": [round(float(part), 4) for part in share]},
        "set_aside": dict(sorted(records.skipped.items())),
    }


def _find_cause(name: str) -> str:
    """Return the cause of a feature in the catalogue; ``other`` for a region or an attribute of the data set."""
    return CATALOGUE[name].cause if name in CATALOGUE else "other"


def _test_reasons(
    records: Records,
    training: LabelledRows | None,
    test: LabelledRows,
    narrator: Narrator,
    margin: np.ndarray[Any, np.dtype[np.float64]],
    folder: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    days = sorted({int(day) for day in test.cohort.as_of})
    true = read_truth(folder, narrator.settings, "cause")
    explained_days = days[-1:] if true is None else days
    progress.stage("quality of the reasons", len(explained_days) + 1)
    explained = {}
    for day in explained_days:
        explained[day] = explain_all(narrator, records, day, sentences=False)
        progress.step()
    steadiness = measure_steadiness(narrator, records, days[-1], explained[days[-1]])
    results: dict[str, Any] = {"steadiness": _replace_nan(steadiness)}
    progress.step()
    codes = records.household_id[test.cohort.household]
    visited = mark_visits(margin, test.cohort.as_of, codes, narrator.policy.visit_capacity)
    frame = pd.DataFrame(
        {
            "household_id": codes,
            "as_of": test.cohort.as_of,
            "visited": visited,
            "soon": test.labels.lead <= SOON,
        }
    )
    named = ["household_id", "causes", "reasons"]
    parts = [reasons[named].assign(as_of=np.int32(day)) for day, reasons in explained.items()]
    frame = frame.merge(pd.concat(parts), on=["household_id", "as_of"])
    counts = frame["reasons"][frame["visited"]].map(lambda names: len(names.split(";")))
    results["two_reasons"] = _replace_nan({"households": len(counts), "share": float((counts >= 2).mean())})
    if true is None:
        return results
    true = true.dropna(subset=["cause"])
    falls = _find_falls(records, test, true).merge(frame, on=["household_id", "as_of"])
    results |= _measure_trials(falls, falls["causes"])
    results["classifier"] = None
    if training is not None:
        learned, align = _find_falls(records, training, true), narrator.bundle.blend.schema.align
        rows = [align(part.cohort.features)[at["position"]] for part, at in ((training, learned), (test, falls))]
        ranked = rank_causes(rows[0], learned["cause"].tolist(), rows[1])
        results["classifier"] = ranked and _measure_trials(falls, ranked)
    return results


def _find_falls(records: Records, rows: LabelledRows, true: pd.DataFrame) -> pd.DataFrame:
    """Return position, household, date and true cause of each row that fell; a fall of unknown cause is left out."""
    fell = np.flatnonzero(rows.y == 1)
    codes, days = records.household_id[rows.cohort.household[fell]], rows.cohort.as_of[fell]
    frame = pd.DataFrame({"position": fell, "household_id": codes, "as_of": days})
    return frame.merge(true, on=["household_id", "as_of"])


def _measure_trials(falls: pd.DataFrame, causes: Iterable[str]) -> dict[str, Any]:
    trials = (("all", np.ones(len(falls), bool)), ("visited", falls["visited"]), ("soon", falls["soon"]))
    return {name: _replace_nan(measure_named_causes(causes, falls["cause"], among)) for name, among in trials}


def _replace_nan(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in figures.items()}  # counts stay integers
