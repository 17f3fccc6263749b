"""Register a trained model, and collect the parameters and metrics for the tracking server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from riskml.model import Bundle
from riskml.tracking import log_run


def _collect_params(bundle: Bundle) -> dict[str, object]:
    """Collect a bundle's settings, split dates, data, chosen complexity and weights, and its policy version."""
    manifest = bundle.manifest
    choice = bundle.blend.choice
    return {
        **manifest["settings"],
        "refit": manifest["refit"],
        "seed": 0,
        "policy_version": manifest["policy_version"],
        "schema_hash": manifest["schema_hash"],
        "data_fingerprint": manifest["data"]["fingerprint"],
        "households": manifest["data"]["households"],
        "features": len(bundle.columns),
        "linear_strength": choice["strength"],
        **{f"trees_{name}": value for name, value in choice["trees"].items()},
        "weight_linear": bundle.blend.weights.linear,
        "weight_trees": bundle.blend.weights.trees,
        **{name: manifest["split"][name] for name in ("train_from", "train_to", "test_from", "test_to")},
    }


def _collect_metrics(evaluation: Mapping[str, Any]) -> dict[str, float | None]:
    """Collect the figures of every model, named ``model.measure``, and the counts in the split."""
    metrics: dict[str, float | None] = {
        name: evaluation["split"][name] for name in ("n_train", "n_test", "n_positive", "positive_rate")
    }
    for model, figures in evaluation["models"].items():
        for measure in ("auc", "ap", "brier", "lead_months"):
            metrics[f"{model}.{measure}"] = figures[measure]
        for measure in ("recall_at", "precision_at"):
            for share, value in figures[measure].items():
                metrics[f"{model}.{measure}_{share}"] = value
    for name, value in evaluation["calibration"].items():
        if isinstance(value, int | float):
            metrics[f"calibration.{name}"] = value
    return metrics


def register(path: Path, bundle: Bundle) -> int:
    """Register a saved bundle as the challenger; return its version in the registry."""
    tags = {"model_version": bundle.model_version, "policy_version": bundle.policy_version}
    return log_run(path, _collect_params(bundle), _collect_metrics(bundle.evaluation), tags)
