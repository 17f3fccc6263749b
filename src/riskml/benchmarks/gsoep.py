"""Train and test on a real panel, converted to a records folder, with the same code as for a county."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from riskml.benchmarks.targets import Bounds, check_targets
from riskml.datasets import GSOEP, write_survey
from riskml.loading import load_records
from riskml.policy import load_policy
from riskml.progress import SILENT, Progress
from riskml.training import train

BOUNDS: Bounds = {"auc": ("at least", 0.806), "ap": ("at least", 0.282), "brier": ("at most", 0.0439)}
"""The bounds that the figures for the latest pair of years must meet."""


def run(progress: Progress = SILENT) -> dict[str, Any]:
    """Train and test on the panel, with the settings declared for it.

    Returns
    -------
    dict
        ``evaluation``, as ``riskml train`` writes it; ``counts``, the numbers of rows and falls; ``mean_ap``, each
        model's average precision averaged over the origins, and the ``best_baseline`` by it; ``targets``, each figure,
        its bound, and whether the bound is met: the mean must be at least that of the best baseline.

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
        "train_positive_rate": evaluation["split"]["train_positive_rate"],
        "mean_ap": mean_ap,
        "best_baseline": best,
        "targets": {
            **check_targets(figures, BOUNDS),
            **check_targets({"own_mean_ap": mean_ap["riskml"]}, {"own_mean_ap": ("at least", mean_ap[best])}),
        },
        "evaluation": evaluation,
    }
