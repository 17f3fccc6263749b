"""Adds up the counts of households for a region and each of its subregions."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from riskml.vocabulary.regions import Level
from riskml.vocabulary.verdicts import AGREEMENTS, COLOUR_POSITIONS, TIERS
from riskml_serving.judging.scores.ranking import SECTIONS, SIGNALS_BY_SECTION


def next_level(region: str) -> Level:
    """Return the level of a region's subregions; a village's only subregion is itself.

    >>> next_level(""), next_level("370112"), next_level("370112001001")
    (<Level.PROVINCE: 2>, <Level.TOWN: 9>, <Level.VILLAGE: 12>)
    """
    return next((level for level in Level if level > len(region)), Level.VILLAGE)


def sum_counts(region: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum the counts for a region and for each of its subregions.

    Parameters
    ----------
    region : str
    rows : list of dict
        Result of :func:`riskml_serving.api.regions.repository.count_scores`.
    """
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        parts[row["part"]].append(row)
    return {
        "region": region,
        "level": Level(len(region)).en if region else "country",
        **_sum_rows(rows),
        "parts": [{"region": code, **_sum_rows(parts[code])} for code in sorted(parts) if code != region],
    }


def _sum_rows(rows: list[dict[str, Any]]) -> dict[str, Any]:
    status, tier, agreement, section = (Counter[Any]() for _ in range(4))
    for row in rows:
        for name, counts in (("status", status), ("tier", tier), ("agreement", agreement)):
            counts[row[name]] += row["n"]
        section[SECTIONS.codes[row["order_section"]], row["signal"]] += row["n"]
    return {
        "households": status.total(),
        "by_status": dict(sorted(status.items())),
        "by_tier": {**{code: tier[i] for i, code in enumerate(TIERS)}, "none": tier[-1]},
        "by_section": {
            name: {code: section[name, COLOUR_POSITIONS[code]] for code in signals}
            for name, signals in SIGNALS_BY_SECTION.items()
        },
        "by_agreement": {code: agreement[code] for code in AGREEMENTS},
    }
