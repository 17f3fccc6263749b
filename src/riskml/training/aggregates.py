"""Compute the aggregates that the report shows on the data and the reasons, once when a model is trained."""

from __future__ import annotations

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
from riskml.training.holdout import LabelledRows, collect_holdout
from riskml.training.oracle import read_truth

__all__ = ["SOON", "build_report_data", "describe_coverage", "rebuild_report_data"]

SOON = 3
"""Maximum age, in months, of the reasons shown when a household falls, since a county is scored every quarter."""


def build_report_data(
    records: Records, test: LabelledRows, bundle: Bundle, policy: Policy, folder: Path | None, progress: Progress
) -> dict[str, Any]:
    """Compute ``report.json``: everything the report shows in addition to the evaluation.

    Parameters
    ----------
    records : Records
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
        - ``reasons``: their ``steadiness`` and, in a simulated county, how often they name the true cause of ``all``
          falls, of the falls ``visited``, and of those that came ``soon``, that is, at most three months after the
          as-of date (see :mod:`riskml.explanation.household.reason_quality`).
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
        "reasons": _test_reasons(records, test, narrator, contributions.margin, folder, progress),
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
        If the records do not reach the bundle's test dates.
    """
    test = collect_holdout(records, bundle, policy, "report on", progress)
    report = build_report_data(records, test, bundle, policy, folder, progress)
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
    """Return the cause to which a feature points, or ``other`` for an attribute of the data set."""
    return CATALOGUE[name].cause if name in CATALOGUE else "other"


def _test_reasons(
    records: Records,
    test: LabelledRows,
    narrator: Narrator,
    margin: np.ndarray[Any, np.dtype[np.float64]],
    folder: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    days = sorted({int(day) for day in test.cohort.as_of})
    true = read_truth(folder, narrator.settings, "cause")
    progress.stage("quality of the reasons", len(days) * (true is not None) + 1)
    results: dict[str, Any] = {"steadiness": _replace_nan(measure_steadiness(narrator, records, days[-1]))}
    progress.step()
    if true is None:
        return results
    codes = records.household_id[test.cohort.household]
    visited = mark_visits(margin, test.cohort.as_of, codes, narrator.policy.visit_capacity)
    frame = pd.DataFrame(
        {
            "household_id": codes,
            "as_of": test.cohort.as_of,
            "fell": test.y == 1,
            "visited": visited,
            "soon": test.labels.lead <= SOON,
        }
    )
    parts = []
    for day in days:
        causes = explain_all(narrator, records, day)[["household_id", "causes"]]
        parts.append(causes.assign(as_of=np.int32(day)))
        progress.step()
    falls = (
        frame[frame["fell"]]
        .merge(pd.concat(parts), on=["household_id", "as_of"])
        .merge(true.dropna(subset=["cause"]), on=["household_id", "as_of"])
    )
    everything = np.ones(len(falls), bool)
    for name, among in (("all", everything), ("visited", falls["visited"]), ("soon", falls["soon"])):
        results[name] = _replace_nan(measure_named_causes(falls["causes"], falls["cause"], among))
    return results


def _replace_nan(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in figures.items()}  # counts stay integers
