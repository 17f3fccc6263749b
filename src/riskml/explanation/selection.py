"""What may be said: a reason must be something recorded that speaks for what it is said to speak for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskml.features.catalogue import Feature
from riskml.features.matrix import Direction

__all__ = ["RECENT", "may_protect", "may_warn"]

RECENT = 12
"""Months after which something that happened no longer counts as a reason of its own."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SIGNED = ("{change:", "{slope}", "{more_yuan}")
"""Facts of sentences about a change, good above zero and bad below."""

_ONLY_WARNS = ("income_volatility",)
"""Quantities that nobody would call a protection, however high or low."""

_STRENGTHS = ("work", "income", "help")
"""Topics in which more is better, as far as a cadre would say so."""

_AMOUNTS = ("count", "persons", "line", "share")
"""Units in which zero means that there is none."""


def _is_signed(feature: Feature) -> bool:
    return any(mark in (feature.reason_zh or "") for mark in _SIGNED)


def _is_blow(feature: Feature) -> bool:
    """Whether it counts, or dates, something bad whose effect policy leaves open."""
    return feature.direction is Direction.FREE and feature.cause != "other" and feature.unit in ("count", "months")


def _is_strength(feature: Feature) -> bool:
    """Whether it measures something good whose effect policy leaves open."""
    return feature.direction is Direction.FREE and feature.topic in _STRENGTHS and feature.unit in _AMOUNTS


def may_warn(feature: Feature, values: Floats, typical: float = float("nan")) -> Mask:
    """Values that can be given as a reason for a raised risk.

    Parameters
    ----------
    feature : Feature
    values : array of float64, shape (n,)
    typical : float, optional
        Median of the training rows.

    Returns
    -------
    array of bool, shape (n,)
        Never a missing value: what is missing is said elsewhere. Nor a bill of nothing, a blow long past, a rise of
        income that is only smaller than others', or more of something good than most have.

    Examples
    --------
    >>> from riskml.features import CATALOGUE
    >>> may_warn(CATALOGUE["admissions_12m"], np.array([0.0, 2.0, np.nan])).tolist()
    [False, True, False]
    >>> may_warn(CATALOGUE["income_change_on_year_12m"], np.array([-0.2, 0.1])).tolist()
    [True, False]
    """
    known: Mask = ~np.isnan(values)
    if feature.reason_zh is None:
        return np.zeros(len(values), np.bool_)
    if _is_signed(feature):
        return known & (values < 0)
    if _is_blow(feature) and feature.unit == "months":
        return known & (values <= RECENT)
    if feature.name.startswith(_ONLY_WARNS) or feature.direction is Direction.LOWER_RISK:
        return known
    if _is_strength(feature):
        return known & ~(values > typical)
    return known & (values > 0) if feature.unit in _AMOUNTS else known


def may_protect(feature: Feature, values: Floats, typical: float = float("nan")) -> Mask:
    """Values that can be given as a protective factor; see :func:`may_warn`.

    >>> from riskml.features import CATALOGUE
    >>> may_protect(CATALOGUE["admissions_12m"], np.array([0.0, 2.0, np.nan])).tolist()
    [True, False, False]
    """
    known: Mask = ~np.isnan(values)
    if feature.reason_zh is None or feature.name.startswith(_ONLY_WARNS):
        return np.zeros(len(values), np.bool_)
    if _is_signed(feature):
        return known & (values > 0)
    none: Mask = values == 0
    if _is_blow(feature):
        long_past: Mask = values > RECENT
        return known & (long_past if feature.unit == "months" else none)
    if feature.topic == "leads" or (
        feature.direction is Direction.HIGHER_RISK and feature.unit in ("count", "persons")
    ):
        return known & none
    some: Mask = values > 0
    if _is_strength(feature):
        return known & some & ~(values < typical)
    return known & some if feature.direction is Direction.LOWER_RISK and feature.unit in _AMOUNTS else known
