"""Train a model on past as_ofs and compare it, forward in time, with the rule line and the other baselines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.errors import SplitError
from riskml.evaluation import Prediction, TestRows, evaluate
from riskml.model import Baselines, Blend, Bundle, fit_blend, fit_logistic, fit_ranking, refit_blend
from riskml.outcomes import Labels, counts, label
from riskml.policy import Policy
from riskml.records.calendar import date_of
from riskml.records.store import Records
from riskml.splits import Origin, Settings, grid, origins, span_end
from riskml.training.oracle import oracle
from riskml.training.progress import Progress, Silent
from riskml.training.rows import Cohort, collect, first_flags

__all__ = ["Trained", "train"]

Floats = NDArray[np.float64]
REGION_DIGITS = (2, 4, 6, 9)


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
    rows: Cohort
    y: Floats


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
    cohort = collect(records, days, settings, policy, progress)
    judged = []
    latest: _Fitted | None = None
    for number, origin in enumerate(cut, 1):
        name = f"origin {number} of {len(cut)}: " if len(cut) > 1 else ""
        fitted = _fit(records, cohort, origin, settings, seed, progress, name)
        judged.append(_judge(records, cohort, fitted, origin, settings, policy, folder, progress, name))
        latest = latest or fitted
    assert latest is not None, "origins() gives at least one"
    evaluation = {**judged[0], "origins": [{k: j[k] for k in ("test_from", "split", "models")} for j in judged]}
    evaluation.pop("test_from")
    final = _refit(records, cohort, latest, found.as_ofs, settings, progress) if refit else latest
    bundle = Bundle.build(
        final.blend,
        final.baselines,
        final.rows.features,
        evaluation=evaluation,
        settings={k: v for k, v in asdict(settings).items() if k != "test_from"},
        split=evaluation["split"],
        data={"fingerprint": records.fingerprint, "households": len(records)},
        policy_version=policy.version,
        thresholds={code: tier.probability for code, tier in policy.tiers.items()},
        refit=refit,
    )
    return Trained(bundle, evaluation)


def _rows_of(cohort: Cohort, labels: Labels) -> NDArray[np.int64]:
    """Positions in the cohort of labelled rows."""
    width = int(max(cohort.household.max(initial=0), labels.household.max(initial=0))) + 1
    keys = cohort.as_of.astype(np.int64) * width + cohort.household
    place = np.searchsorted(keys, labels.as_of.astype(np.int64) * width + labels.household)
    assert (cohort.household[place] == labels.household).all(), "features and labels see the same cohort"
    return place


def _labelled(
    records: Records, cohort: Cohort, as_ofs: tuple[int, ...], settings: Settings, known_at: int | None, what: str
) -> tuple[Labels, Labels, Cohort]:
    """All labels of the as_ofs, those that are known, and their rows."""
    everyone = label(records, as_ofs, settings, known_at)
    known = everyone.take(everyone.labelled)
    if not len(known):
        raise SplitError(
            f"Nobody is left to {what}: of {len(everyone)} row(s) at risk at {len(as_ofs)} as_of(s) no outcome is known.",
            f"Left out: {counts(everyone)['missing']}; outside the cohort: {counts(everyone)['excluded']}.",
        )
    return everyone, known, cohort.take(_rows_of(cohort, known))


def _fit(
    records: Records, cohort: Cohort, origin: Origin, settings: Settings, seed: int, progress: Progress, name: str
) -> _Fitted:
    _, labels, rows = _labelled(records, cohort, origin.train, settings, origin.test_from, "train on")
    y = labels.y.astype(np.float64)
    if not 0 < y.sum() < len(y):
        raise SplitError(
            f"The {len(y)} training rows hold {int(y.sum())} fall(s): there is nothing to learn.",
            "Bring more households or months, or choose another --test-from.",
        )
    progress.stage(f"{name}models")
    blend = fit_blend(
        rows.features,
        y,
        rows.household,
        rows.as_of,
        settings.horizon,
        seed=seed,
        progress=lambda text: progress.stage(f"{name}{text}"),
    )
    progress.stage(f"{name}baselines")
    return _Fitted(blend, _baselines(rows, labels, y), rows, y)


def _rankings(rows: Cohort, labels: Labels) -> dict[str, Floats]:
    """Scores of the baselines that rank, the higher the riskier."""
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = -np.log(labels.income_per_head / labels.line)
    return {
        "rule_line": rows.rule_score,
        "distance_to_line": distance,
        "weighted_past_income": -rows.features.column("weighted_past_income"),
    }


def _baselines(rows: Cohort, labels: Labels, y: Floats) -> Baselines:
    rankings = {name: fit_ranking(score, y) for name, score in _rankings(rows, labels).items()}
    return Baselines(fit_logistic(rows.features, y), rankings)


def _refit(
    records: Records, cohort: Cohort, fitted: _Fitted, as_ofs: tuple[int, ...], settings: Settings, progress: Progress
) -> _Fitted:
    _, labels, rows = _labelled(records, cohort, as_ofs, settings, None, "train on")
    y = labels.y.astype(np.float64)
    progress.stage("fitting the same choice on every labelled as_of")
    return _Fitted(refit_blend(fitted.blend, rows.features, y), _baselines(rows, labels, y), rows, y)


def _judge(
    records: Records,
    cohort: Cohort,
    fitted: _Fitted,
    origin: Origin,
    settings: Settings,
    policy: Policy,
    folder: Path | None,
    progress: Progress,
    name: str,
) -> dict[str, Any]:
    """Compare all models on the test rows of an origin."""
    everyone, labels, rows = _labelled(records, cohort, origin.test, settings, None, "test on")
    fell = labels.y == 1
    flags = np.full(len(labels), np.nan)
    flags[fell] = first_flags(records, rows.household[fell], rows.as_of[fell], settings, policy, progress)
    progress.stage(f"{name}comparison")
    codes = records.household_id[rows.household]
    test = TestRows(
        household=rows.household,
        as_of=rows.as_of,
        label=labels.y,
        by=labels.by,
        lead=labels.lead.astype(np.float64),
        rule_positive=rows.rule_positive,
        household_code=codes,
        groups=_groups(rows),
        first_rule_flag=flags,
    )
    predictions = _predictions(fitted, rows, labels)
    truth = oracle(folder, codes, rows.as_of, settings)
    if truth is not None:
        predictions["oracle"] = Prediction(truth, truth)
    tally, trained = counts(everyone), label(records, origin.train, settings, origin.test_from)
    split = {
        "train_from": str(date_of(origin.train[0])),
        "train_to": str(date_of(origin.train[-1])),
        "train_known_by": str(date_of(origin.test_from)),
        "test_from": str(date_of(origin.test_from)),
        "test_to": str(date_of(origin.test[-1])),
        "observed_to": str(date_of(span_end(origin.test[-1], settings.horizon))),
        "as_ofs": {"train": len(origin.train), "test": len(origin.test)},
        "n_train": len(fitted.y),
        "n_train_positive": int(fitted.y.sum()),
        "train_positive_rate": float(fitted.y.mean()),
        "n_test": len(labels),
        "n_positive": int(fell.sum()),
        "positive_rate": float(fell.mean()),
        "missing": tally["missing"],
        "missing_train": counts(trained)["missing"],
        "excluded": tally["excluded"],
    }
    outcome = {k: getattr(settings, k) for k in ("outcome", "window", "horizon", "step")}
    return {
        "outcome": outcome,
        "test_from": split["test_from"],
        "split": split,
        **evaluate(test, predictions, capacity=policy.visit_capacity),
    }


def _predictions(fitted: _Fitted, rows: Cohort, labels: Labels) -> dict[str, Prediction]:
    logistic = fitted.baselines.logistic
    out = {
        "riskml": Prediction(fitted.blend.margin(rows.features), fitted.blend.probability(rows.features)),
        **{
            name: Prediction(
                np.where(np.isnan(score), fitted.baselines.rankings[name].fill, score),
                fitted.baselines.rankings[name].probability(score),
            )
            for name, score in _rankings(rows, labels).items()
        },
        "logistic": Prediction(logistic.margin(rows.features), logistic.probability(rows.features)),
    }
    return out


def _groups(rows: Cohort) -> dict[str, NDArray[np.str_]]:
    """Groups that are audited: the rule's category, kind, labour, and the coarsest region level that differs."""
    words = np.array(["no", "yes", "unknown"])
    groups = {"category": np.where(rows.category == "", "none", rows.category)}
    for group, feature in (("exited", "exited_household"), ("no_labour", "no_labour")):
        value = rows.features.column(feature)
        groups[group] = words[np.where(np.isnan(value), 2, value).astype(int)]
    for digits in REGION_DIGITS:
        levels = rows.features.levels[f"region_{digits}"]
        if len(levels) > 1:
            value = rows.features.column(f"region_{digits}")
            groups["region"] = np.array([*levels, "unknown"])[np.where(np.isnan(value), len(levels), value).astype(int)]
            break
    return groups
