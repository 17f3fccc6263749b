"""Train a model on past as_ofs and compare it, forward in time, with the rule line and the other baselines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from riskml.errors import SplitError
from riskml.evaluation import Prediction, evaluate
from riskml.evaluation.evidence import measure_feature_auc, measure_stability, probe_monotonicity
from riskml.model import Baselines, Blend, Bundle, fit_blend, fit_logistic, fit_ranking, refit_blend
from riskml.outcomes import counts
from riskml.policy import Policy
from riskml.progress import Progress, Silent
from riskml.records.contract.calendar import to_date
from riskml.records.panel.store import Records
from riskml.splits import Origin, Settings, grid, origins, span_end
from riskml.training.aggregates import build_report_data
from riskml.training.card import write_model_card
from riskml.training.cohort_rows import Cohort, collect_cohort
from riskml.training.holdout import Labelled, holdout_rows, label_rows, predict_all, rank_rows
from riskml.training.oracle import look_up_truth

__all__ = ["Trained", "train"]


@dataclass(frozen=True)
class Trained:
    """A fitted model and how it compares.

    Parameters
    ----------
    bundle : Bundle
    evaluation : dict
        ``evaluation.json``.
    """

    bundle: Bundle
    evaluation: dict[str, Any]


@dataclass(frozen=True)
class _Fitted:
    """Models of one origin and the rows they were fitted on."""

    blend: Blend
    baselines: Baselines
    training: Labelled


@dataclass(frozen=True)
class _Job:
    """What stays the same over the origins of one training."""

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
    progress: Progress | None = None,
) -> Trained:
    """Fit on the training as_ofs of every origin, judge on its test as_ofs, and bundle the latest.

    Parameters
    ----------
    records : Records
    settings : Settings
    policy : Policy
    folder : Path, optional
        Where ``truth.parquet`` of a simulated county lies.
    refit : bool, default False
        Fit the same choice again on every labelled as_of, for release; the evaluation stays that of the split.
    seed : int, default 0
    progress : Progress, optional

    Raises
    ------
    SplitError
        If the records are too short, or a cohort is empty or without falls.
    """
    progress = progress or Silent()
    found = grid(records, settings)
    cut = origins(found, settings)
    days = sorted({day for origin in cut for day in (*origin.train, *origin.test)} | set(found.as_ofs if refit else ()))
    job = _Job(
        records, collect_cohort(records, days, settings, policy, progress), settings, policy, folder, seed, progress
    )
    judged: list[dict[str, Any]] = []
    latest: tuple[_Fitted, Labelled] | None = None
    for number, origin in enumerate(cut, 1):
        name = f"origin {number} of {len(cut)}: " if len(cut) > 1 else ""
        fitted = _fit(job, origin, name)
        test = label_rows(records, job.cohort, origin.test, settings, None, "test on")
        judged.append(_judge(job, fitted, origin, test, name))
        latest = latest or (fitted, test)
    assert latest is not None, "origins() gives at least one"
    first = {name: part for name, part in judged[0].items() if name != "test_from"}
    evaluation = {**first, "origins": [{k: part[k] for k in ("test_from", "split", "models")} for part in judged]}
    fitted, test = latest
    tested = bundle = _bundle(job, fitted, evaluation, refit=False)
    if refit:
        bundle = _bundle(job, _refit(job, fitted, found.as_ofs), evaluation, refit=True)
    told = build_report_data(records, test, tested, policy, folder, progress)
    return Trained(bundle.with_report(told, write_model_card), evaluation)


def _bundle(job: _Job, fitted: _Fitted, evaluation: dict[str, Any], *, refit: bool) -> Bundle:
    job.progress.stage("bundle")
    return Bundle.build(
        fitted.blend,
        fitted.baselines,
        fitted.training.rows.features,
        evaluation=evaluation,
        settings={k: value for k, value in asdict(job.settings).items() if k not in ("test_from", "origins")},
        split=evaluation["split"],
        data={"fingerprint": job.records.fingerprint, "households": len(job.records)},
        policy_version=job.policy.version,
        thresholds={code: tier.probability for code, tier in job.policy.tiers.items()},
        refit=refit,
    )


def _fit(job: _Job, origin: Origin, name: str) -> _Fitted:
    found = label_rows(job.records, job.cohort, origin.train, job.settings, origin.test_from, "train on").pruned()
    y, rows = found.y, found.rows
    if not 0 < y.sum() < len(y):
        raise SplitError(
            f"The {len(y)} training rows hold {int(y.sum())} fall(s): there is nothing to learn.",
            "Bring more households or months, or choose another --test-from.",
        )

    def tell(text: str) -> None:
        job.progress.stage(f"{name}{text}")

    horizon = job.settings.horizon
    blend = fit_blend(rows.features, y, rows.household, rows.as_of, horizon, seed=job.seed, progress=tell)
    tell("baselines")
    return _Fitted(blend, _baselines(found), found)


def _baselines(found: Labelled) -> Baselines:
    ranked = {name: fit_ranking(score, found.y) for name, score in rank_rows(found).items()}
    return Baselines(fit_logistic(found.rows.features, found.y), ranked)


def _refit(job: _Job, fitted: _Fitted, as_ofs: tuple[int, ...]) -> _Fitted:
    found = label_rows(job.records, job.cohort, as_ofs, job.settings, None, "train on").pruned()
    job.progress.stage("the same choice on every labelled as_of")
    return _Fitted(refit_blend(fitted.blend, found.rows.features, found.y, job.seed), _baselines(found), found)


def _judge(job: _Job, fitted: _Fitted, origin: Origin, found: Labelled, name: str) -> dict[str, Any]:
    """Compare all models on the test rows of an origin."""
    settings = job.settings
    rows = holdout_rows(job.records, found, settings, job.policy, job.progress)
    job.progress.stage(f"{name}comparison")
    opinions = predict_all(fitted.blend, fitted.baselines, found)
    truth = look_up_truth(job.folder, rows.household_code, rows.as_of, settings)
    if truth is not None:
        opinions["oracle"] = Prediction(truth, truth)
    training, features = fitted.training.rows.features, found.rows.features
    return {
        "outcome": {k: getattr(settings, k) for k in ("outcome", "window", "horizon", "step")},
        "test_from": str(to_date(origin.test_from)),
        "split": _split(origin, fitted.training, found, settings),
        **evaluate(rows, opinions, capacity=job.policy.visit_capacity),
        "evidence": {
            "feature_auc": measure_feature_auc(features, rows.positive),
            "population_stability": measure_stability(training, features),
            "monotonicity": [vars(probe) for probe in probe_monotonicity(fitted.blend.predict_margin, training)],
        },
    }


def _split(origin: Origin, training: Labelled, test: Labelled, settings: Settings) -> dict[str, Any]:
    tally = counts(test.everyone)
    return {
        "train_from": str(to_date(origin.train[0])),
        "train_to": str(to_date(origin.train[-1])),
        "train_known_by": str(to_date(origin.test_from)),
        "test_from": str(to_date(origin.test_from)),
        "test_to": str(to_date(origin.test[-1])),
        "observed_to": str(to_date(span_end(origin.test[-1], settings.horizon))),
        "train_as_ofs": [str(to_date(day)) for day in origin.train],
        "test_as_ofs": [str(to_date(day)) for day in origin.test],
        "n_train": len(training.labels),
        "n_train_positive": int(training.y.sum()),
        "train_positive_rate": float(training.y.mean()),
        "n_test": len(test.labels),
        "n_positive": int(test.y.sum()),
        "positive_rate": float(test.y.mean()),
        "missing": tally["missing"],
        "missing_train": counts(training.everyone)["missing"],
        "excluded": tally["excluded"],
    }
