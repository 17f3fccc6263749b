"""Train and test riskml, its baselines and its peers on every declared panel."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from riskml.benchmarks.panels.peers import PEERS, find_absent, predict_peer
from riskml.benchmarks.panels.resampling import MEASURES, OriginPredictions, measure_panel, summarize
from riskml.datasets import SURVEYS, Cut, Survey, write_survey
from riskml.loading import load_records
from riskml.model import fit_blend
from riskml.policy import Policy, load_policy
from riskml.progress import Progress, Silent
from riskml.records.contract.calendar import to_date
from riskml.splits import build_grid, cut_origins
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import fit_baselines, label_rows, predict_all

__all__ = ["RESAMPLES", "run"]

RESAMPLES = 1000


def run(
    progress: Progress | None = None, surveys: Sequence[Survey] = SURVEYS, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """Train and test on every origin of every survey, with the same code as for a county.

    Parameters
    ----------
    progress : Progress, optional
    surveys : sequence of Survey
    resamples : int
        Number of resamples of each survey's households.

    Returns
    -------
    dict
        - ``overall``, ``one_wave`` and ``more_waves``: the number of ``origins`` and the result of ``summarize`` over
          all origins, those with one training date, and those with more; None if there are none.
        - ``panels``: the same for each survey.
        - ``origins``: for each origin, its rows and falls, and the measures of every model.
        - ``absent``: peers whose package is not installed.
        - ``targets``: whether riskml has the best mean of each measure among the ``yardsticks``, and whether no
          yardstick beats it on any panel by more than two standard errors.

    Raises
    ------
    UsageError
        If the package with the panels is not installed.
    """
    progress, policy, absent = progress or Silent(), load_policy(), find_absent()
    peers = [name for name in PEERS if name not in absent]
    described: list[dict[str, Any]] = []
    tested: dict[str, list[OriginPredictions]] = {}
    cuts = [(survey, cut) for survey in surveys for cut in survey.cuts]
    for number, (survey, cut) in enumerate(cuts, 1):
        stage = f"folder {number} of {len(cuts)}, {survey.name} {cut.first} to {cut.last}"
        for facts, origin in _test_cut(survey, cut, peers, policy, progress, stage):
            described.append(facts)
            tested.setdefault(survey.name, []).append(origin)
    progress.stage("resampling households", len(tested))
    parts = []
    for seed, origins in enumerate(tested.values()):
        parts.append(measure_panel(origins, resamples, seed))
        progress.step()
    measured = {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
    yardsticks = [name for name in measured if name != "riskml" and name not in PEERS]

    def summarize_where(chosen: list[bool]) -> dict[str, Any] | None:
        if not any(chosen):
            return None
        result = summarize({name: values[:, chosen] for name, values in measured.items()}, yardsticks)
        return {"origins": sum(chosen), **result}

    for position, facts in enumerate(described):
        facts["models"] = {
            name: dict(zip(MEASURES, values[0, position].tolist(), strict=True)) for name, values in measured.items()
        }
    overall = summarize_where([True] * len(described))
    panels = {name: summarize_where([facts["panel"] == name for facts in described]) for name in tested}
    assert overall is not None, "every survey has an origin"
    return {
        "overall": overall,
        "one_wave": summarize_where([facts["waves"] == 1 for facts in described]),
        "more_waves": summarize_where([facts["waves"] > 1 for facts in described]),
        "panels": panels,
        "origins": described,
        "absent": absent,
        "yardsticks": yardsticks,
        "targets": {
            **{f"best_{measure}": _is_best(overall["models"], measure, yardsticks) for measure in MEASURES},
            "beaten_on_no_panel": not any(panel["beaten_by"] for panel in panels.values() if panel),
        },
    }


def _is_best(models: dict[str, Any], measure: str, yardsticks: Sequence[str]) -> bool:
    return all(models["riskml"][measure]["rank"] <= models[name][measure]["rank"] for name in yardsticks)


def _test_cut(
    survey: Survey, cut: Cut, peers: Sequence[str], policy: Policy, progress: Progress, stage: str
) -> Iterator[tuple[dict[str, Any], OriginPredictions]]:
    """Build the features of a cut once, then fit all models at each of its origins."""
    settings = cut.settings
    with tempfile.TemporaryDirectory(prefix="riskml-panel-") as folder:
        records = load_records(write_survey(folder, survey, cut), policy)
    origins = cut_origins(build_grid(records, settings), settings)
    days = sorted({day for origin in origins for day in (*origin.train, *origin.test)})
    cohort = collect_cohort(records, days, settings, policy, progress)

    progress.stage(stage, len(origins) * (1 + len(peers)))
    for origin in origins:
        training = label_rows(records, cohort, origin.train, settings, policy, origin.test_from, "train on").prune()
        test = label_rows(records, cohort, origin.test, settings, policy, None, "test on")
        rows, y = training.cohort, training.y
        blend = fit_blend(rows.features, y, rows.household, rows.as_of, settings.horizon)
        predictions = predict_all(blend, fit_baselines(training), test)
        progress.step()
        for peer in peers:
            predictions[peer] = predict_peer(PEERS[peer], training, test)
            progress.step()
        facts = {
            "panel": survey.name,
            "years": [cut.first, cut.last],
            "horizon": cut.horizon,
            "test_from": str(to_date(origin.test_from)),
            "waves": len(np.unique(rows.as_of)),
            "n_train": len(y),
            "n_train_positive": int(y.sum()),
            "n_test": len(test.y),
            "n_positive": int(test.y.sum()),
        }
        yield facts, OriginPredictions(records.household_id[test.cohort.household], test.y, predictions)
