"""Train a model on past dates, and compare it on later ones with the rule line and the other baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from riskml.evaluation import Prediction, evaluate
from riskml.evaluation.evidence import measure_attributes, measure_feature_auc, measure_stability, probe_monotonicity
from riskml.model import Baselines, Blend, Bundle, fit_blend, refit_blend
from riskml.outcomes import count_labels
from riskml.policy import Policy
from riskml.progress import SILENT, Progress
from riskml.records.contract.calendar import to_date, to_month_end
from riskml.records.panel.store import Records
from riskml.splits import Grid, Origin, Settings, find_span_end, list_recent
from riskml.text import Text
from riskml.training.aggregates import build_report_data
from riskml.training.card import write_model_card
from riskml.training.cohort_rows import Cohort, collect_cohort
from riskml.training.holdout import LabelledRows, fit_baselines, holdout_rows, label_rows, label_training, predict_all
from riskml.training.oracle import look_up_truth
from riskml.training.readiness import plan_training, require_both_outcomes
from riskml.training.recent import add_recent


@dataclass(frozen=True)
class _Fitted:
    """The models fitted for one origin (one test period), and the rows on which they were fitted."""

    blend: Blend
    baselines: Baselines
    training: LabelledRows
    recent: dict[str, int]
    """Number of further rows for each date of which only a part of the horizon is known (see :func:`add_recent`)."""


@dataclass(frozen=True)
class _Job:
    """The inputs that all origins of one training run share."""

    records: Records
    cohort: Cohort
    settings: Settings
    policy: Policy
    folder: Path | None
    seed: int
    progress: Progress


def train(
    records: Records,
    settings: Settings,
    policy: Policy,
    *,
    folder: Path | None = None,
    refit: bool = False,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Bundle:
    """Fit a model for every origin (test period), evaluate it on the test rows of that origin, and bundle the last one.

    Parameters
    ----------
    records : Records
    settings : Settings
    policy : Policy
    folder : Path, optional
        Records folder, searched for the ``truth.parquet`` of a simulated county.
    refit : bool, default False
        Whether to refit the chosen model on all labelled as-of dates for release; the evaluation still describes the
        model before the refit.
    seed : int, default 0
    progress : Progress, optional

    Returns
    -------
    Bundle
        The bundle for the latest origin, with its evaluation, report data and model card.

    Raises
    ------
    SplitError
        If the records span too few months, if no outcome is known for the training or the test rows, or if all training
        rows have the same outcome.
    """
    dates, splits = plan_training(records, settings, policy)
    days = (*dates.as_ofs, *(list_recent(dates, settings) if refit else ()))
    job = _Job(
        records, collect_cohort(records, days, settings, policy, progress), settings, policy, folder, seed, progress
    )
    results: list[dict[str, Any]] = []
    latest: tuple[_Fitted, LabelledRows] | None = None
    for number, origin in enumerate(splits, 1):
        name = (
            Text("origin {number} of {origins}: ", number=number, origins=len(splits)) if len(splits) > 1 else Text("")
        )
        fitted = _fit(job, dates, origin, name)
        test = label_rows(records, job.cohort, origin.test, settings, policy, None, "test on")
        results.append(_evaluate(job, fitted, origin, test, name))
        latest = latest or (fitted, test)
    assert latest is not None, "cut_origins() gives at least one"
    first = {name: part for name, part in results[0].items() if name != "test_from"}
    evaluation = {**first, "origins": [{k: part[k] for k in ("test_from", "split", "models")} for part in results]}
    fitted, test = latest
    tested = bundle = _build_bundle(job, fitted, evaluation, refit=False)
    if refit:
        bundle = _build_bundle(job, _refit(job, fitted, dates, days), evaluation, refit=True)
    report = build_report_data(records, fitted.training, test, tested, policy, folder, progress)
    return bundle.with_report(report, write_model_card)


def _build_bundle(job: _Job, fitted: _Fitted, evaluation: dict[str, Any], *, refit: bool) -> Bundle:
    job.progress.stage("bundle")
    return Bundle.build(
        fitted.blend,
        fitted.baselines,
        fitted.training.cohort.features,
        evaluation=evaluation,
        settings=_list_settings(job.settings),
        split=evaluation["split"],
        data=_describe_data(job.records),
        simulated=job.records.simulated,
        policy_version=job.policy.version,
        thresholds={code: tier.probability for code, tier in job.policy.tiers.items()},
        refit=refit,
    )


def _describe_data(records: Records) -> dict[str, Any]:
    """Describe the records; the share of rows with assumed days is left out if every row states its day."""
    data: dict[str, Any] = {"fingerprint": records.fingerprint, "households": len(records)}
    data |= {} if records.sampled_from is None else {"sampled_from": records.sampled_from}
    return data | ({"assumed_days": round(records.assumed_days, 4)} if records.assumed_days else {})


def _list_settings(settings: Settings) -> dict[str, Any]:
    """List the settings, except those that choose the test starts."""
    return {name: value for name, value in asdict(settings).items() if name not in ("test_from", "origins")}


def _fit(job: _Job, dates: Grid, origin: Origin, name: Text) -> _Fitted:
    records, cohort, settings, policy, by = job.records, job.cohort, job.settings, job.policy, origin.test_from
    training = label_training(records, cohort, origin.train, settings, policy, by)
    require_both_outcomes(int(training.y.sum()), len(training.y))
    earlier = [day for day in dates.as_ofs if day < by]
    rows = add_recent(records, cohort, training, earlier, settings, policy, by, by)

    def show_stage(text: str) -> None:
        job.progress.stage(name + Text(text))

    X, horizon = rows.features, settings.horizon
    blend = fit_blend(X, rows.y, rows.household, X.as_of, horizon, job.seed, show_stage, rows.offset)
    show_stage("baselines")
    return _Fitted(blend, fit_baselines(training, blend.schema), training, rows.recent)


def _refit(job: _Job, fitted: _Fitted, dates: Grid, days: Sequence[int]) -> _Fitted:
    records, cohort, settings, policy = job.records, job.cohort, job.settings, job.policy
    training = label_training(records, cohort, dates.as_ofs, settings, policy, None)
    rows = add_recent(records, cohort, training, days, settings, policy, to_month_end(dates.last_month), None)
    job.progress.stage("refitting on all labelled dates")
    blend = refit_blend(fitted.blend, rows.features, rows.y, job.seed, rows.offset)
    return _Fitted(blend, fit_baselines(training, blend.schema), training, rows.recent)


def _evaluate(job: _Job, fitted: _Fitted, origin: Origin, test: LabelledRows, name: Text) -> dict[str, Any]:
    """Compare all models on the test rows of an origin."""
    settings = job.settings
    rows = holdout_rows(job.records, test, settings, job.policy, job.progress)
    job.progress.stage(name + Text("comparison"))
    predictions = predict_all(fitted.blend, fitted.baselines, test)
    truth = look_up_truth(job.folder, rows.household_code, rows.as_of, settings)
    if truth is not None:
        predictions["oracle"] = Prediction(truth, truth)
    training, features = fitted.training.cohort.features, test.cohort.features
    recording = job.records.households.describe_recording()
    return {
        "outcome": _list_settings(settings),
        "test_from": str(to_date(origin.test_from)),
        "split": _describe_split(origin, fitted, test, settings),
        **evaluate(rows, predictions, capacity=job.policy.visit_capacity),
        "evidence": {
            "feature_auc": measure_feature_auc(features, rows.positive, rows.household),
            "attributes": measure_attributes(features, rows.positive, rows.household, recording),
            "population_stability": measure_stability(training, features),
            "monotonicity": probe_monotonicity(fitted.blend.predict_margin, training),
        },
    }


def _describe_split(origin: Origin, fitted: _Fitted, test: LabelledRows, settings: Settings) -> dict[str, Any]:
    training = fitted.training
    numbers, trained = count_labels(test.at_risk), np.unique(training.labels.as_of).tolist()
    return {
        "train_from": str(to_date(trained[0])),
        "train_to": str(to_date(trained[-1])),
        "train_known_by": str(to_date(origin.test_from)),
        "test_from": str(to_date(origin.test_from)),
        "test_to": str(to_date(origin.test[-1])),
        "observed_to": str(to_date(find_span_end(origin.test[-1], settings.horizon))),
        "train_as_ofs": [str(to_date(day)) for day in trained],
        "recent_rows": fitted.recent,
        "test_as_ofs": [str(to_date(day)) for day in origin.test],
        "n_train": len(training.labels),
        "n_train_positive": int(training.y.sum()),
        "train_positive_rate": float(training.y.mean()),
        "n_test": len(test.labels),
        "n_positive": int(test.y.sum()),
        "positive_rate": float(test.y.mean()),
        "missing": numbers["missing"],
        "missing_train": count_labels(training.at_risk)["missing"],
        "excluded": numbers["excluded"],
    }
