"""Rules for which values of a feature can be a reason or a protective factor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from riskml.features.catalogue import Feature
from riskml.features.matrix import Direction

__all__ = ["RECENT", "RULES", "choose_protection_rule", "choose_warning_rule"]

RECENT = 12
"""Number of months after which an event no longer counts as a reason."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rule = Callable[[Floats, Floats], Mask]

RULES: dict[str, Rule] = {
    "never": lambda x, _: np.zeros(x.shape, np.bool_),
    "known": lambda x, _: ~np.isnan(x),
    "negative": lambda x, _: x < 0,
    "positive": lambda x, _: x > 0,
    "none": lambda x, _: x == 0,
    "recent": lambda x, _: x <= RECENT,
    "long past": lambda x, _: x > RECENT,
    "not above the median": lambda x, median: ~np.isnan(x) & ~(x > median),
    "some, not below the median": lambda x, median: (x > 0) & ~(x < median),
}
"""The values that each rule admits, given the median of the training rows; missing values are never admitted."""

_SIGNED = ("{change:", "{slope}", "{more_yuan}")
"""Facts stated by sentences about a change; a positive value is an improvement, a negative one a decline."""

_ONLY_WARNS = ("income_volatility",)
"""Features that are never a protective factor, whether their value is high or low."""

_STRENGTHS = ("work", "income", "help")
"""Topics in which a higher value is better."""

_AMOUNTS = ("count", "persons", "line", "share")
"""Units in which zero means "none"."""


def _is_signed(feature: Feature) -> bool:
    return any(mark in (feature.reason_zh or "") for mark in _SIGNED)


def _is_shock(feature: Feature) -> bool:
    """Check whether the feature counts or dates an adverse event, and policy requires no direction for it."""
    return feature.direction is Direction.FREE and feature.cause != "other" and feature.unit in ("count", "months")


def _is_strength(feature: Feature) -> bool:
    """Check whether the feature measures a strength, and policy requires no direction for it."""
    return feature.direction is Direction.FREE and feature.topic in _STRENGTHS and feature.unit in _AMOUNTS


def choose_warning_rule(feature: Feature) -> str:
    """Name the rule that decides which values are a reason for a raised risk.

    The rule never admits a bill of zero, an event long past, an income that rose (even if less than other households'
    incomes), or a strength in which the household is above the median.

    >>> from riskml.features import CATALOGUE
    >>> choose_warning_rule(CATALOGUE["admissions_12m"]), choose_warning_rule(CATALOGUE["income_change_on_year_12m"])
    ('positive', 'negative')
    """
    if feature.reason_zh is None:
        return "never"
    if _is_signed(feature):
        return "negative"
    if _is_shock(feature) and feature.unit == "months":
        return "recent"
    if feature.name.startswith(_ONLY_WARNS) or feature.direction is Direction.LOWER_RISK:
        return "known"
    if _is_strength(feature):
        return "not above the median"
    return "positive" if feature.unit in _AMOUNTS else "known"


def choose_protection_rule(feature: Feature) -> str:
    """Name the rule that decides which values are a protective factor.

    >>> from riskml.features import CATALOGUE
    >>> choose_protection_rule(CATALOGUE["admissions_12m"])
    'none'
    """
    if feature.reason_zh is None or feature.name.startswith(_ONLY_WARNS) or feature.topic == "attributes":
        return "never"  # there is no wording for attributes of a data set as a strength
    if _is_signed(feature):
        return "positive"
    if _is_shock(feature):
        return "long past" if feature.unit == "months" else "none"
    if feature.topic == "leads" or (
        feature.direction is Direction.HIGHER_RISK and feature.unit in ("count", "persons")
    ):
        return "none"
    if _is_strength(feature):
        return "some, not below the median"
    return "positive" if feature.direction is Direction.LOWER_RISK and feature.unit in _AMOUNTS else "known"
