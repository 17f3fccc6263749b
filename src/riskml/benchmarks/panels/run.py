"""Train and test riskml, its baselines and its peers on every declared panel."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.benchmarks.panels.peers import PEERS, Peer, find_absent, predict_peer
from riskml.benchmarks.panels.resampling import MEASURES, OriginPredictions, measure_panel, summarize
from riskml.datasets import SURVEYS, Cut, Survey, write_survey
from riskml.loading import load_records
from riskml.model import fit_blend
from riskml.policy import Policy, load_policy
from riskml.progress import SILENT, Progress
from riskml.records.contract.calendar import to_date
from riskml.splits import build_grid, cut_origins
from riskml.text import Text
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import fit_baselines, label_rows, label_training, predict_all

RESAMPLES = 1000


def run(progress: Progress = SILENT, surveys: Sequence[Survey] = SURVEYS, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Train and test for every test date of every survey, with the same code as for a county.

    Parameters
    ----------
    progress : Progress, optional
    surveys : sequence of Survey
    resamples : int
        Number of resamples of each survey's households.

    Returns
    -------
    dict
        - ``overall``: the number of ``origins`` (test dates) and the result of ``summarize`` over them.
        - ``panels``: the same for each survey.
        - ``one_training_date``, ``several_training_dates``: the same for the test dates with one training date and for
          the others; None if there are none.
        - ``origins``: for each test date, its rows and falls, and the measures of every model.
        - ``baselines``: names of the baselines; ``absent``: names of the peers whose package is not installed.
        - ``targets``: whether riskml has the best mean of each measure among the baselines, and whether no baseline
          beats it on any panel by more than two standard errors.

    Raises
    ------
    UsageError
        If the package with the panels is not installed.
    """
    policy, absent = load_policy(), find_absent()
    peers = {name: peer for name, peer in PEERS.items() if name not in absent}
    cuts = [(survey, cut) for survey in surveys for cut in survey.cuts]
    origins: list[dict[str, Any]] = []
    tested: list[OriginPredictions] = []
    for number, (survey, cut) in enumerate(cuts, 1):
        stage = Text(
            "folder {number} of {count}, {survey} {first} to {last}",
            number=number,
            count=len(cuts),
            survey=survey.name,
            first=cut.first,
            last=cut.last,
        )
        for facts, predictions in _test_cut(survey, cut, peers, policy, progress, stage):
            origins.append(facts)
            tested.append(predictions)
    progress.stage("resampling households", len(surveys))
    parts = []
    for seed, survey in enumerate(surveys):
        own = [rows for facts, rows in zip(origins, tested, strict=True) if facts["panel"] == survey.name]
        parts.append(measure_panel(own, resamples, seed))
        progress.step()
    measured = {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
    baselines = [name for name in measured if name != "riskml" and name not in PEERS]

    panel = np.array([facts["panel"] for facts in origins])
    training_dates = np.array([facts["training_dates"] for facts in origins])

    def summarize_where(chosen: NDArray[np.bool_]) -> dict[str, Any] | None:
        selected = {name: values[:, chosen] for name, values in measured.items()}
        return {"origins": int(chosen.sum()), **summarize(selected, baselines)} if chosen.any() else None

    overall = summarize_where(training_dates > 0)
    panels = {survey.name: summarize_where(panel == survey.name) for survey in surveys}
    assert overall is not None
    ranks = {name: {measure: row[measure]["rank"] for measure in MEASURES} for name, row in overall["models"].items()}
    for position, facts in enumerate(origins):
        figures = {name: values[0, position].tolist() for name, values in measured.items()}
        facts["models"] = {name: dict(zip(MEASURES, values, strict=True)) for name, values in figures.items()}
    return {
        "overall": overall,
        "panels": panels,
        "one_training_date": summarize_where(training_dates == 1),
        "several_training_dates": summarize_where(training_dates > 1),
        "origins": origins,
        "baselines": baselines,
        "absent": absent,
        "targets": {
            **{f"best_{m}": all(ranks["riskml"][m] <= ranks[name][m] for name in baselines) for m in MEASURES},
            "beaten_on_no_panel": not any(part["beaten_by"] for part in panels.values() if part),
        },
    }


def _test_cut(
    survey: Survey, cut: Cut, peers: Mapping[str, Peer], policy: Policy, progress: Progress, stage: Text
) -> Iterator[tuple[dict[str, Any], OriginPredictions]]:
    """Build the features for one range of a survey's years (a cut), then fit all models at each of its origins."""
    settings = cut.settings
    with tempfile.TemporaryDirectory(prefix="riskml-panel-") as folder:
        records = load_records(write_survey(folder, survey, cut), policy)
    origins = cut_origins(build_grid(records, settings), settings)
    days = sorted({day for origin in origins for day in (*origin.train, *origin.test)})
    cohort = collect_cohort(records, days, settings, policy, progress)

    progress.stage(stage, len(origins) * (1 + len(peers)))
    for origin in origins:
        training = label_training(records, cohort, origin.train, settings, policy, origin.test_from)
        test = label_rows(records, cohort, origin.test, settings, policy, None, "test on")
        rows, y = training.cohort, training.y
        blend = fit_blend(rows.features, y, rows.household, rows.as_of, settings.horizon)
        predictions = predict_all(blend, fit_baselines(training), test)
        progress.step()
        for name, peer in peers.items():
            predictions[name] = predict_peer(peer, training, test)
            progress.step()
        facts = {
            "panel": survey.name,
            "years": [cut.first, cut.last],
            "horizon": cut.horizon,
            "test_from": str(to_date(origin.test_from)),
            "training_dates": len(np.unique(rows.as_of)),
            "n_train": len(y),
            "n_train_positive": int(y.sum()),
            "n_test": len(test.y),
            "n_positive": int(test.y.sum()),
        }
        yield facts, OriginPredictions(records.household_id[test.cohort.household], test.y, predictions)
