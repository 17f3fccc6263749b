"""The two verdicts on one household, as an explanation shows them."""

from __future__ import annotations

import numpy as np

from riskml.explanation.contributions.explainer import Contributions
from riskml.explanation.household.explanation import FlagView, ModelView, RuleView
from riskml.explanation.reasons.grouping import Grouping
from riskml.explanation.reasons.redaction import concerns_health
from riskml.policy import Policy, Verdicts
from riskml.vocabulary.causes import CAUSES, HEALTH_CAUSES
from riskml.vocabulary.verdicts import TIERS

__all__ = ["make_model_view", "make_rule_view"]

_AFTER_SPENDING = ("income_below_line_after_spending",)
"""Flags whose observed value gives away what was spent on health."""


def make_rule_view(verdicts: Verdicts, i: int, window: int, hidden: frozenset[str]) -> RuleView:
    """Show the rule line's verdict.

    Parameters
    ----------
    verdicts : Verdicts
    i : int
        Row.
    window : int
        Months of the income.
    hidden : frozenset of str
        With ``health``, flags that tell of health are only counted, and amounts after spending left out.
    """
    redacted = "health" in hidden
    pairs = list(zip(verdicts.flags(i, "zh"), verdicts.flags(i, "en"), strict=True))
    shown = [pair for pair in pairs if not (redacted and pair[0].cause in HEALTH_CAUSES)]
    return RuleView(
        colour=verdicts.colour_name(i),
        category=verdicts.category_name(i),
        monitored=bool(verdicts.monitored[i]),
        window=window,
        income=_known(verdicts.income[i]),
        line=_known(verdicts.line[i]),
        gap=_known(verdicts.gap[i]),
        gap_after_spending=None if redacted else _known(verdicts.gap_after_spending[i]),
        flags=tuple(
            FlagView(
                code=flag.code,
                zh=flag.name,
                en=english.name,
                observed=None if redacted and flag.code in _AFTER_SPENDING else _known(flag.observed),
                threshold=_known(flag.threshold),
                unit=flag.unit,
                cause=flag.cause,
                source=flag.source,
            )
            for flag, english in shown
        ),
        hidden_flags=len(pairs) - len(shown),
    )


def make_model_view(
    contributions: Contributions,
    margin: float,
    grouping: Grouping,
    policy: Policy,
    horizon: int,
    hidden: frozenset[str],
) -> ModelView:
    """Show how the margin of the only row comes about, and the calibration as a step of its own.

    Parameters
    ----------
    contributions : Contributions
        Of one row.
    margin : float
        As scored.
    grouping : Grouping
    policy : Policy
    horizon : int
        Months ahead.
    hidden : frozenset of str
        With ``health``, contributions that tell of health are one entry.
    """
    values = contributions.values
    by_cause = dict(zip(CAUSES, grouping.by_cause(values)[0].tolist(), strict=True))
    single: dict[str, float] = {}
    for feature, value in zip(grouping.features, values[0].tolist(), strict=True):
        name = "health" if "health" in hidden and concerns_health(feature) else feature.name
        single[name] = single.get(name, 0.0) + value
    if "health" in hidden:
        first, *rest = HEALTH_CAUSES
        for cause in rest:
            by_cause[first] += by_cause.pop(cause)
    calibration = contributions.calibration
    probability = float(calibration.predict_probability(np.array([margin]))[0])
    return ModelView(
        base=contributions.base,
        by_cause=by_cause,
        contributions=single,
        margin=margin,
        shift=calibration.shift,
        slope=calibration.slope,
        calibrated_margin=calibration.shift + calibration.slope * margin,
        probability=probability,
        tier=TIERS.codes[int(policy.tier(np.array([probability]))[0])],
        horizon=horizon,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
