"""Prometheus counters for scores and releases, shared by all models that a process loads one after another."""

from __future__ import annotations

from prometheus_client import Counter

SCORED = Counter("riskml_scores", "Households scored", ("tier", "agreement"), registry=None)
SWAPPED = Counter("riskml_model_swaps", "Releases that workers put into service", registry=None)
REFUSED = Counter(
    "riskml_model_load_failures", "Checks in which the latest release was refused or unavailable", registry=None
)

COUNTERS = (SCORED, SWAPPED, REFUSED)
