"""Rolls counts up from the parts of a region to the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import AGREEMENTS, COLOURS, TIERS

__all__ = ["next_level", "rolled_up"]


def next_level(region: str) -> Level:
    """Level of the parts of a region; a village has itself as its only part.

    >>> next_level(""), next_level("370112"), next_level("370112001001")
    (<Level.PROVINCE: 2>, <Level.TOWN: 9>, <Level.VILLAGE: 12>)
    """
    return next((level for level in Level if level > len(region)), Level.VILLAGE)


def rolled_up(region: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Counts of a region and of each of its parts."""
    whole = _Counts()
    parts: dict[str, _Counts] = {}
    for row in rows:
        parts.setdefault(row["part"], _Counts()).add(row)
        whole.add(row)
    children = [{"region": part, **parts[part].told()} for part in sorted(parts) if part != region]
    return {
        "region": region,
        "level": Level(len(region)).en if region else "country",
        **whole.told(),
        "parts": children,
    }


class _Counts:
    def __init__(self) -> None:
        self.status: Counter[str] = Counter()
        self.tier: Counter[int] = Counter()
        self.signal: Counter[int] = Counter()
        self.agreement: Counter[str] = Counter()

    def add(self, row: dict[str, Any]) -> None:
        for name in ("status", "tier", "signal", "agreement"):
            getattr(self, name)[row[name]] += row["n"]

    def told(self) -> dict[str, Any]:
        return {
            "households": self.status.total(),
            "by_status": dict(sorted(self.status.items())),
            "by_tier": {**{name: self.tier[i] for i, name in enumerate(TIERS)}, "none": self.tier[-1]},
            "by_signal": {name: self.signal[i] for i, name in enumerate(COLOURS)},
            "by_agreement": {name: self.agreement[name] for name in AGREEMENTS},
        }
