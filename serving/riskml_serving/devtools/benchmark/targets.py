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
    "score_to_empty": Target("scores, over an empty endpoint", "score_rps", "empty_rps", 1 / 12),
    "score_to_mlflow": Target("scores, over mlflow models serve", "score_rps", "mlflow_rps", 1.5),
    "reasons_to_score": Target("scores with reasons, over those without", "score_reasons_rps", "score_rps", 1 / 3),
    "core_to_mlflow": Target("model core, over mlflow models serve", "core_rps", "mlflow_rps", 8.0),
}


def compare_with_targets(figures: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Compare figures with the targets.

    >>> figures = {"score_rps": 90, "empty_rps": 1200, "mlflow_rps": 60, "score_reasons_rps": 30, "core_rps": 479}
    >>> {name: target["met"] for name, target in compare_with_targets(figures).items()}
    {'score_to_empty': False, 'score_to_mlflow': True, 'reasons_to_score': True, 'core_to_mlflow': False}
    """
    out = {}
    for name, target in TARGETS.items():
        ratio = figures[target.numerator] / figures[target.denominator]
        met = ratio >= target.at_least
        out[name] = {"ratio": round(ratio, 4), "at_least": round(target.at_least, 4), "met": met}
    return out
