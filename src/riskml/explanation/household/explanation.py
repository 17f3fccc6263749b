"""An explanation of one household: what staff read, and what the service sends."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from riskml.explanation.household.missing import Missing
from riskml.explanation.reasons.checklist import Step
from riskml.policy.entries import Measure

__all__ = ["NOTICE", "SIMULATED", "Explanation", "FlagView", "ModelView", "Option", "Reason", "RuleView"]

NOTICE = {
    "zh": "仅供研判参考，不作为认定依据",
    "en": "For reference in study and judgement only, not a basis for a decision",
}
"""Stands on every explanation."""

SIMULATED = {"zh": "模拟县数据，非真实农户", "en": "simulated county, not a real household"}
"""Stands beside the notice where the household was simulated."""

RELATION = {
    "reasons": {"zh": "与返贫风险升高相关", "en": "related to a higher risk"},
    "protections": {"zh": "与返贫风险降低相关", "en": "related to a lower risk"},
}
"""What a sentence claims: that things go together, never that one brings about the other."""


def _plain(value: Any) -> Any:
    """Return a record as dictionaries; unlike ``dataclasses.asdict`` nothing is copied that cannot be changed."""
    if is_dataclass(value):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return dict(value) if isinstance(value, dict) else value


@dataclass(frozen=True)
class Reason:
    """One sentence.

    Parameters
    ----------
    cause : str
        Official cause code.
    topic : str
        Topic of the feature, which tells apart what has no official cause.
    feature : str or None
        None where redacted.
    contribution : float
        What speaks for the sentence's group, in log odds, negative for a protective factor: its strongest feature and
        its part of the income position for a cause, all its features for the others. Reasons do not add up to the
        margin; :class:`ModelView` does.
    zh, en : str
    """

    cause: str
    topic: str
    feature: str | None
    contribution: float
    zh: str
    en: str

    def text(self, lang: str) -> str:
        """Sentence in a language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True)
class ModelView:
    """The model's verdict and how it comes about.

    Parameters
    ----------
    base : float
        Mean margin of the model.
    by_cause : dict of str to float
        Contributions summed by cause code; with ``base`` they make the margin.
    contributions : dict of str to float
        By feature; those that tell of health are one entry ``health`` where redacted.
    margin : float
        Log odds before calibration.
    shift, slope : float
        The calibration: ``shift + slope × margin`` is the calibrated margin.
    calibrated_margin, probability : float
    tier : str
    horizon : int
        Months ahead.
    """

    base: float
    by_cause: dict[str, float]
    contributions: dict[str, float]
    margin: float
    shift: float
    slope: float
    calibrated_margin: float
    probability: float
    tier: str
    horizon: int


@dataclass(frozen=True)
class FlagView:
    """A trigger that fired.

    Parameters
    ----------
    code : str
    zh, en : str
    observed, threshold : float or None
        In ``unit``; None where redacted.
    unit : str
    cause : str or None
    source : str
        Where the threshold comes from.
    """

    code: str
    zh: str
    en: str
    observed: float | None
    threshold: float | None
    unit: str
    cause: str | None
    source: str


@dataclass(frozen=True)
class RuleView:
    """The rule line's verdict: amounts in yuan/person/year, None where not known or redacted.

    Parameters
    ----------
    colour : str
    category : str or None
    monitored : bool
    window : int
        Months of the income.
    income, line, gap, gap_after_spending : float or None
    flags : tuple of FlagView
    hidden_flags : int
        Flags that tell of health and are left out.
    """

    colour: str
    category: str | None
    monitored: bool
    window: int
    income: float | None
    line: float | None
    gap: float | None
    gap_after_spending: float | None
    flags: tuple[FlagView, ...]
    hidden_flags: int = 0


@dataclass(frozen=True)
class Option:
    """A measure on offer for a cause."""

    cause: str
    measure: Measure


@dataclass(frozen=True)
class Explanation:
    """Everything that is said about one household at a date.

    Parameters
    ----------
    household_id : str
    as_of : str
        Date.
    status : str
        Standing of the household; only ``at_risk`` has a model's verdict.
    rule : RuleView
    model : ModelView or None
    signal : str
        Colour of both verdicts together.
    agreement : str or None
        Of ``policy.AGREEMENTS``.
    agreement_by : {"capacity", "tier"}
        What made the model's yes: a place in the visit capacity, or a tier above the safest.
    reasons, protections : tuple of Reason
        At most five and three, the strongest first.
    missing : tuple of Missing
    steps : tuple of Step
    options : tuple of Option
    redacted : tuple of str
    names : dict
        Names in both languages of the causes, tiers and categories that occur.
    model_version, policy_version : str
    """

    household_id: str
    as_of: str
    status: str
    rule: RuleView
    model: ModelView | None
    signal: str
    agreement: str | None
    agreement_by: str
    reasons: tuple[Reason, ...]
    protections: tuple[Reason, ...]
    missing: tuple[Missing, ...]
    steps: tuple[Step, ...]
    options: tuple[Option, ...]
    redacted: tuple[str, ...]
    names: dict[str, dict[str, str]] = field(repr=False)
    model_version: str
    policy_version: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "household_id": self.household_id,
            "as_of": self.as_of,
            "status": self.status,
            "signal": self.signal,
            "rule": _plain(self.rule),
            "model": None if self.model is None else _plain(self.model),
            "agreement": self.agreement,
            "agreement_by": self.agreement_by,
            "reasons": [{**_plain(reason), "relation": RELATION["reasons"]} for reason in self.reasons],
            "protections": [{**_plain(reason), "relation": RELATION["protections"]} for reason in self.protections],
            "missing": [_plain(gap) for gap in self.missing],
            "steps": [_plain(step) for step in self.steps],
            "options": [{"cause": option.cause, **_plain(option.measure)} for option in self.options],
            "redacted": list(self.redacted),
            "names": self.names,
            "model_version": self.model_version,
            "policy_version": self.policy_version,
            "notice": NOTICE,
        }
