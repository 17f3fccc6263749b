"""Targets for the service: ratios of two figures from the same run, so that they hold on other machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["TARGETS", "Target", "compare_with_targets"]


@dataclass(frozen=True)
class Target:
    """The lowest acceptable ratio between two figures."""

    description: str
    numerator: str
    denominator: str
    at_least: float


TARGETS = {
    "score_to_empty": Target("scores, over an empty endpoint", "score_rps", "empty_rps", 1 / 8),
    "score_to_mlflow": Target("scores, over mlflow models serve", "score_rps", "mlflow_rps", 2.0),
    "score_to_bentoml": Target("scores, over BentoML with a computed row", "score_rps", "bentoml_rps", 1.0),
    "score_to_pandas": Target("scores, over features in pandas", "score_rps", "pandas_rps", 12.0),
    "reasons_to_score": Target("scores with reasons, over those without", "score_reasons_rps", "score_rps", 0.6),
    "core_to_mlflow": Target("model core, over mlflow models serve", "core_rps", "mlflow_rps", 8.0),
    "p50_to_p99": Target("median latency, over the 99th percentile", "score_p50_ms", "score_p99_ms", 1 / 3),
}


def compare_with_targets(figures: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Compare figures with the targets, leaving out servers that were not measured.

    >>> figures = {"score_rps": 90, "empty_rps": 1200, "mlflow_rps": 45, "score_reasons_rps": 60, "core_rps": 359}
    >>> {name: target["met"] for name, target in compare_with_targets(figures).items()}
    {'score_to_empty': False, 'score_to_mlflow': True, 'reasons_to_score': True, 'core_to_mlflow': False}
    """
    out = {}
    for name, target in TARGETS.items():
        if not {target.numerator, target.denominator} <= figures.keys():
            continue
        ratio = figures[target.numerator] / figures[target.denominator]
        met = ratio >= target.at_least
        out[name] = {"ratio": round(ratio, 4), "at_least": round(target.at_least, 4), "met": met}
    return out
