"""Targets for the service: ratios of two figures from the same run, so that they hold on other machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.benchmarks.targets import check_targets

RATIOS = {
    "score_to_empty": ("score_rps", "empty_rps", 1 / 8),
    "score_to_mlflow": ("score_rps", "mlflow_rps", 2.0),
    "score_to_bentoml": ("score_rps", "bentoml_rps", 1.0),
    "score_to_pandas": ("score_rps", "pandas_rps", 12.0),
    "reasons_to_score": ("score_reasons_rps", "score_rps", 0.6),
    "core_to_mlflow": ("core_rps", "mlflow_rps", 8.0),
    "p50_to_p99": ("score_p50_ms", "score_p99_ms", 1 / 3),
}
"""For each ratio: its numerator, its denominator, and the lowest that is acceptable."""


def compare_with_targets(figures: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Compare figures with the targets, leaving out servers that were not measured.

    >>> figures = {"score_rps": 90, "empty_rps": 1200, "mlflow_rps": 45, "score_reasons_rps": 60, "core_rps": 359}
    >>> {name: target["met"] for name, target in compare_with_targets(figures).items()}
    {'score_to_empty': False, 'score_to_mlflow': True, 'reasons_to_score': True, 'core_to_mlflow': False}
    """
    known = {name: ratio for name, ratio in RATIOS.items() if {*ratio[:2]} <= figures.keys()}
    ratios = {name: figures[over] / figures[under] for name, (over, under, _) in known.items()}
    return check_targets(ratios, {name: ("at least", least) for name, (_, _, least) in known.items()})
