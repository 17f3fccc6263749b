"""What may not be shown without permission: health."""

from __future__ import annotations

from collections.abc import Iterable

from riskml.errors import UsageError
from riskml.explanation.reasons.checklist import Step
from riskml.features.catalogue import Feature
from riskml.policy import Policy
from riskml.vocabulary.causes import HEALTH_CAUSES

__all__ = [
    "HEALTH_EN",
    "HEALTH_NAME",
    "HEALTH_STEPS",
    "HEALTH_ZH",
    "REDACTIONS",
    "check_redaction",
    "concerns_health",
    "redact_flags",
]

REDACTIONS = ("health",)

HEALTH_TOPICS = ("illness",)

HEALTH_NAME = {"zh": "健康原因", "en": "health"}
HEALTH_ZH = "医疗支出或健康状况与风险相关（健康信息需经授权查看）"
HEALTH_EN = "Medical spending or health matters here (details need permission for health data)"
HEALTH_STEPS = (
    Step(
        HEALTH_CAUSES[0],
        "了解医疗、照料方面的支出负担和补贴、报销落实情况（票据由有权限的人员核对）",
        "Ask how heavy medical care and nursing weigh, and whether allowances and insurance have paid (bills are "
        "checked by those with permission)",
    ),
)
"""What may be said of either without telling which."""


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


def redact_flags(codes: Iterable[str], policy: Policy, redact: Iterable[str]) -> tuple[list[str], int]:
    """Leave out the triggers that tell of health.

    Parameters
    ----------
    codes : iterable of str
        Codes of triggers that fired.
    policy : Policy
    redact : iterable of str

    Returns
    -------
    tuple of list of str and int
        Codes that may be shown, and how many are left out. A code that this policy does not know is left out too:
        nobody can say what it tells.

    >>> from riskml.policy import load_policy
    >>> redact_flags(["inpatient_self_pay", "dropout"], load_policy(), ["health"])
    (['dropout'], 1)
    """
    every = list(codes)
    if "health" not in check_redaction(redact):
        return every, 0
    triggers = policy.triggers
    shown = [code for code in every if code in triggers and triggers[code].cause not in HEALTH_CAUSES]
    return shown, len(every) - len(shown)


def concerns_health(feature: Feature) -> bool:
    """Whether a feature tells of someone's health or of what was paid for it."""
    return feature.cause in HEALTH_CAUSES or feature.topic in HEALTH_TOPICS
