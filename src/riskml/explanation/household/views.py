"""Prepare the rule line's and the model's verdicts on one household for an explanation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from riskml.explanation.contributions.explainer import Contributions
from riskml.explanation.contributions.summary import sum_by_cause
from riskml.explanation.household.explanation import Factor, FlagView, ModelView, RuleView, SpendingView
from riskml.explanation.reasons.grouping import Grouping
from riskml.explanation.reasons.ranking import LEAST
from riskml.policy import Policy, Verdicts
from riskml.policy.case import Case
from riskml.policy.rule_line import SPENDING_TRIGGER
from riskml.policy.verdicts import Flag
from riskml.records.contract.calendar import to_date
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import CAUSES, HEALTH_CAUSES
from riskml.vocabulary.verdicts import TIERS


def make_rule_view(
    verdicts: Verdicts, i: int, window: int, hidden: frozenset[str], panel: Panel | None = None
) -> RuleView:
    """Make the view of the rule line's verdict on a household.

    Parameters
    ----------
    verdicts : Verdicts
    i : int
        Row of the household.
    window : int
        Number of months over which income is averaged.
    hidden : frozenset of str
        If it contains ``health``, flags about health are only counted, and amounts after spending are left out.
    panel : Panel, optional
        Panel of the verdicts; without it, the view says neither how old the income is nor what was spent.
    """
    redacted = "health" in hidden
    flags = verdicts.list_flags(i)
    until = int(NO_DAY if panel is None else panel.income_until[i])
    shown = [flag for flag in flags if not (redacted and flag.cause in HEALTH_CAUSES)]
    return RuleView(
        colour=verdicts.read_colour(i),
        category=verdicts.read_category(i),
        monitored=bool(verdicts.monitored[i]),
        window=window,
        income=_to_optional(verdicts.income[i]),
        line=_to_optional(verdicts.line[i]),
        gap=_to_optional(verdicts.gap[i]),
        gap_after_spending=None if redacted else _to_optional(verdicts.gap_after_spending[i]),
        income_after_spending=None if redacted else _to_optional(verdicts.income[i] - verdicts.spending[i]),
        income_until=None if until == NO_DAY else str(to_date(until)),
        spending=() if redacted or panel is None else tuple(_list_spending(verdicts.policy, panel, i)),
        flags=tuple(_make_flag_view(flag, redacted) for flag in shown),
        hidden_flags=len(flags) - len(shown),
    )


def _list_spending(policy: Policy, panel: Panel, i: int) -> Iterator[SpendingView]:
    for code, amount in Case(panel, policy.spending).spending_items.items():
        if amount[i] > 0:
            item = policy.spending[code]
            yield SpendingView(item.code, item.zh, item.en, float(amount[i]))


def _make_flag_view(flag: Flag, redacted: bool) -> FlagView:
    # Without permission for health details, no amount may reveal what the household spent on health.
    observed = None if redacted and flag.code == SPENDING_TRIGGER else _to_optional(flag.observed)
    threshold = _to_optional(flag.threshold)
    return FlagView(flag.code, flag.zh, flag.en, observed, threshold, flag.unit, flag.cause, flag.source)


def make_model_view(
    contributions: Contributions,
    margin: float,
    grouping: Grouping,
    policy: Policy,
    horizon: int,
    hidden: frozenset[str],
) -> ModelView:
    """Make the view of the model's verdict on a household, which shows the calibration as a separate step.

    Parameters
    ----------
    contributions : Contributions
        The contributions for this household alone.
    margin : float
        Margin computed by the model.
    grouping : Grouping
    policy : Policy
    horizon : int
        Number of months ahead for which the probability holds.
    hidden : frozenset of str
        If it contains ``health``, contributions about health are merged into one entry.
    """
    values = contributions.values
    sums = sum_by_cause(values, grouping.causes)[0]
    by_cause = dict(zip(CAUSES, sums.tolist(), strict=True))
    single = dict(zip(grouping.names, values[0].tolist(), strict=True))
    if "health" in hidden:
        merged: dict[str, float] = {}
        for name, value in zip(grouping.public_names, single.values(), strict=True):
            merged[name] = merged.get(name, 0.0) + value
        single = merged
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
        tier=TIERS.codes[int(policy.assign_tiers(np.array([probability]))[0])],
        horizon=horizon,
    )


def list_other_factors(contributions: Contributions, grouping: Grouping, hidden: frozenset[str]) -> tuple[Factor, ...]:
    """List the features that contribute to one household's score, but cannot be checked on a visit.

    Parameters
    ----------
    contributions : Contributions
        The contributions for this household alone.
    grouping : Grouping
    hidden : frozenset of str
        If it contains ``health``, features about health are left out.
    """
    values = contributions.values[0]
    factors = [
        Factor(f.name, f.get_short_name("zh"), f.get_short_name("en"), float(values[j]), f.unit != "as given")
        for j, f in ((j, grouping.features[j]) for j in np.flatnonzero(np.abs(values) >= LEAST).tolist())
        if not (f.risky or (grouping.health[j] and "health" in hidden))
    ]
    return tuple(sorted(factors, key=lambda factor: -abs(factor.contribution)))


def _to_optional(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
