"""Redaction: leave out health data for readers who have no permission to see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from riskml.errors import UsageError
from riskml.explanation.reasons.checklist import Step
from riskml.features.catalogue import Feature
from riskml.policy import Policy
from riskml.text import Joined
from riskml.vocabulary.causes import HEALTH_CAUSES

REDACTIONS = ("health",)

HEALTH_TOPICS = ("illness",)

HEALTH_NAME = {"zh": "健康原因", "en": "health"}
HEALTH_ZH = "医疗支出或健康状况与风险相关（健康信息需经授权查看）"
HEALTH_EN = "Medical spending or health is related to the risk (details require permission for health data)"
HEALTH_STEPS = (
    Step(
        HEALTH_CAUSES[0],
        "了解医疗、照料方面的支出负担和补贴、报销落实情况（票据由有权限的人员核对）",
        "Ask how much of a burden medical costs and nursing are, and whether allowances and insurance have been paid "
        "(bills are checked by staff with permission)",
    ),
)
"""Steps shown instead of those for the two health causes, so that readers cannot tell which of the two applies."""


def check_redaction(redact: Iterable[str]) -> frozenset[str]:
    """Check that everything named in ``redact`` can be redacted.

    Raises
    ------
    UsageError
        If a name is unknown.
    """
    names = frozenset([redact] if isinstance(redact, str) else redact)
    unknown = sorted(names - set(REDACTIONS))
    if unknown:
        raise UsageError(
            "{name!r} cannot be redacted.",
            "What can be redacted: {redactions}.",
            name=unknown[0],
            redactions=Joined(REDACTIONS),
        )
    return names


def redact_flags(codes: Iterable[str], policy: Policy, redact: Iterable[str]) -> tuple[list[str], int]:
    """Leave out the triggers that reveal something about health.

    Parameters
    ----------
    codes : iterable of str
        Codes of triggers that fired.
    policy : Policy
    redact : iterable of str

    Returns
    -------
    tuple of list of str and int
        The codes that may be shown, and the number of codes left out. A code that this policy does not know is left out
        too, since it may reveal something about health.

    >>> from riskml.policy import load_policy
    >>> redact_flags(["inpatient_self_pay", "dropout"], load_policy(), ["health"])
    (['dropout'], 1)
    """
    fired = list(codes)
    if "health" not in check_redaction(redact):
        return fired, 0
    triggers = policy.triggers
    shown = [code for code in fired if code in triggers and triggers[code].cause not in HEALTH_CAUSES]
    return shown, len(fired) - len(shown)


def redact_features(order: Sequence[int], secret: Sequence[bool], *, risk: bool) -> list[int]:
    """Leave out the features that reveal something about health.

    Parameters
    ----------
    order : sequence of int
        Positions of features, the strongest first.
    secret : sequence of bool, length F
        For each feature, whether it must be hidden.
    risk : bool
        Whether these are reasons for a raised risk. If so, the first secret feature is kept, so that a sentence without
        details can stand for it; among protective factors, no secret feature is kept.

    >>> redact_features([3, 0, 2], [True, False, False, True], risk=True)
    [3, 2]
    """
    first = next((j for j in order if secret[j]), None)
    return [j for j in order if not secret[j] or (risk and j == first)]


def concerns_health(feature: Feature) -> bool:
    """Check whether a feature reveals a person's health or spending on it."""
    return feature.cause in HEALTH_CAUSES or feature.topic in HEALTH_TOPICS
