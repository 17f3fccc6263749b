"""Train and test on a real panel, converted to a records folder, with the same code as for a county."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from riskml.datasets import GSOEP, write_survey
from riskml.loading import load_records
from riskml.policy import load_policy
from riskml.progress import Progress
from riskml.training import train

__all__ = ["COUNTS", "TARGETS", "run"]

TARGETS = {"auc": 0.806, "ap": 0.282, "brier": 0.0439}
"""Targets for the latest pair of years: lower bounds for AUC and AP, and an upper bound for the Brier score."""

COUNTS = ((7560, 2870, 151), (5019, 2541, None), (2485, 2534, None))
"""Expected training rows, test rows and falls for each test start (origin), latest first; None: not checked."""


def run(progress: Progress | None = None) -> dict[str, Any]:
    """Train and test on the panel, with the settings declared for it.

    Returns
    -------
    dict
        ``evaluation``, as ``riskml train`` writes it; ``counts``, the numbers of rows and falls; ``mean_ap``, each
        model's average precision averaged over the origins; ``targets``, each figure, its bound, and whether the bound
        is met.

    Raises
    ------
    UsageError
        If the optional package with the panel is not installed.
    """
    policy = load_policy()
    with tempfile.TemporaryDirectory(prefix="riskml-gsoep-") as folder:
        records = load_records(write_survey(folder, GSOEP), policy)
        evaluation = train(records, GSOEP.cuts[0].settings, policy, folder=Path(folder), progress=progress).evaluation
    figures, origins = evaluation["models"]["riskml"], evaluation["origins"]
    mean_ap = {name: float(np.mean([o["models"][name]["ap"] for o in origins])) for name in origins[0]["models"]}
    best = max((name for name in mean_ap if name != "riskml"), key=lambda name: mean_ap[name])
    counts = [[o["split"][name] for name in ("n_train", "n_test", "n_positive")] for o in origins]
    return {
        "counts": counts,
        "counts_as_expected": all(
            all(want is None or count == want for count, want in zip(numbers, expected, strict=True))
            for numbers, expected in zip(counts, COUNTS, strict=True)
        ),
        "train_positive_rate": evaluation["split"]["train_positive_rate"],
        "mean_ap": mean_ap,
        "targets": {
            "auc": _describe_target(figures["auc"], TARGETS["auc"], figures["auc"] >= TARGETS["auc"]),
            "ap": _describe_target(figures["ap"], TARGETS["ap"], figures["ap"] >= TARGETS["ap"]),
            "brier": _describe_target(figures["brier"], TARGETS["brier"], figures["brier"] <= TARGETS["brier"]),
            "mean_ap": {
                **_describe_target(mean_ap["riskml"], mean_ap[best], mean_ap["riskml"] >= mean_ap[best]),
                "best_baseline": best,
            },
        },
        "evaluation": evaluation,
    }


def _describe_target(value: float, bound: float, met: bool) -> dict[str, Any]:
    return {"value": value, "bound": bound, "met": bool(met)}
