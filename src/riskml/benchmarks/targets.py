"""Targets of the benchmarks: each figure, its bound, and whether the bound is met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from riskml.text import Text

Bounds = Mapping[str, tuple[Literal["at most", "at least"], float]]


def check_targets(figures: Mapping[str, float], bounds: Bounds) -> dict[str, dict[str, Any]]:
    """Compare figures with their bounds.

    >>> check_targets({"ratio": 3.0}, {"ratio": ("at least", 4.0)})
    {'ratio': {'value': 3.0, 'bound': 'at least 4', 'met': False}}
    """
    targets = {}
    for name, (sense, bound) in bounds.items():
        met = figures[name] <= bound if sense == "at most" else figures[name] >= bound
        targets[name] = {"value": figures[name], "bound": f"{sense} {bound:g}", "met": met}
    return targets


def are_met(result: Mapping[str, Any]) -> bool:
    """Return whether the targets of a result and of its parts are met.

    >>> are_met({"parts": {"one": {"targets": {"ratio": {"value": 3.0, "bound": "at least 4", "met": False}}}}})
    False
    """
    own = all(target["met"] for target in result.get("targets", {}).values())
    return own and all(are_met(part) for part in result.values() if isinstance(part, Mapping))


def describe_target(met: bool) -> Text:
    """Say whether a target is met.

    >>> describe_target(False)
    'MISSED'
    """
    return Text("met") if met else Text("MISSED")
