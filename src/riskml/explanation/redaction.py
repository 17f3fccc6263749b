"""What may not be shown without permission: health."""

from __future__ import annotations

from collections.abc import Iterable

from riskml.errors import UsageError
from riskml.features.catalogue import Feature

__all__ = ["HEALTH_CAUSES", "HEALTH_EN", "HEALTH_ZH", "REDACTIONS", "check_redaction", "tells_health"]

REDACTIONS = ("health",)

HEALTH_CAUSES = ("illness", "disability")
"""Causes that tell of health. Redacted, both read like the first: even the cause ``disability`` is a diagnosis."""

HEALTH_TOPICS = ("illness",)

HEALTH_ZH = "医疗支出与风险相关(健康信息需经授权查看)"
HEALTH_EN = "Medical spending matters here (details need permission for health data)"


def check_redaction(redact: Iterable[str]) -> frozenset[str]:
    """Check the names of what is to be left out.

    Raises
    ------
    UsageError
        If a name is unknown.
    """
    wanted = frozenset([redact] if isinstance(redact, str) else redact)
    unknown = sorted(wanted - set(REDACTIONS))
    if unknown:
        raise UsageError(f"{unknown[0]!r} cannot be redacted.", f"What can be redacted: {', '.join(REDACTIONS)}.")
    return wanted


def tells_health(feature: Feature) -> bool:
    """Whether a feature tells of someone's health or of what was paid for it."""
    return feature.cause in HEALTH_CAUSES or feature.topic in HEALTH_TOPICS
