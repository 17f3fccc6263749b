"""The explanation of one household's score, as staff read it and as the service sends it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from riskml.explanation.household.missing import Missing
from riskml.explanation.reasons.checklist import Step
from riskml.explanation.wording.kinds import specify_fall
from riskml.policy.entries import Measure
from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml.vocabulary.terms import Term

NOTICE = {
    "zh": "仅供研判参考，不作为认定依据",
    "en": "For guidance only, not a basis for any decision",
}
"""Notice shown on every explanation."""

SIMULATED = {"zh": "模拟县数据，非真实农户", "en": "simulated county, not a real household"}
"""Notice that is added if the household is simulated."""

RELATION = {
    "reasons": {"zh": "与返贫致贫风险升高相关", "en": "related to a higher risk"},
    "protections": {"zh": "与返贫致贫风险降低相关", "en": "related to a lower risk"},
}
"""Words for what a sentence claims: an association, never a cause."""


MOST_NAMED = 3
"""Maximum number of other factors that the text names; the JSON holds all of them."""


_PLAIN = frozenset((str, float, int, bool, type(None)))


def _to_plain(value: Any) -> Any:
    """Convert dataclasses to dictionaries; unlike ``dataclasses.asdict``, this does not copy immutable values."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    if names := _list_fields(kind):
        own = [(name, getattr(value, name)) for name in names]
        return {name: item if type(item) in _PLAIN else _to_plain(item) for name, item in own}
    return dict(value) if isinstance(value, dict) else value


@cache
def _list_fields(kind: Any) -> tuple[str, ...]:
    """List the names of a dataclass's fields; the list is empty for any other type."""
    return tuple(entry.name for entry in fields(kind)) if is_dataclass(kind) else ()


@dataclass(frozen=True)
class Reason:
    """One sentence: a reason or a protective factor.

    Parameters
    ----------
    cause : str
        Official cause code.
    topic : str
        Topic of the feature, which distinguishes reasons without an official cause.
    feature : str or None
        Name of the feature, code of the trigger, or ``monitoring`` for an entry into monitoring; None if redacted.
    contribution : float or None
        Strength in log odds, negative for a protective factor; None if the reason is the rule line's. For a cause, it
        comes from the cause's strongest feature and its part of the contribution of income; for any other topic, from
        all features of the topic. Reasons do not add up to the margin; the contributions in :class:`ModelView` do.
    zh, en : str
    """

    cause: str
    topic: str
    feature: str | None
    contribution: float | None
    zh: str
    en: str

    def get_text(self, lang: str) -> str:
        """Return the sentence in the language ``lang``."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True)
class Factor(Term):
    """A feature that contributes to the score, but cannot be checked on a visit.

    Parameters
    ----------
    code, zh, en : str
        Name of the feature, and its readable names.
    contribution : float
        In log odds; a positive one raises the risk.
    stated : bool
        Whether the text names it; attributes that only one data set has are not named there.
    """

    contribution: float
    stated: bool


@dataclass(frozen=True)
class ModelView:
    """The model's verdict and how it is computed.

    Parameters
    ----------
    base : float
        Mean margin of the model.
    by_cause : dict of str to float
        Contributions summed by cause code; with ``base`` they add up to the margin.
    contributions : dict of str to float
        Contributions by feature; if redacted, those about health are merged into one entry, ``health``.
    margin : float
        The margin: log odds before calibration.
    shift, slope : float
        The calibration: ``shift + slope × margin`` is the calibrated margin.
    calibrated_margin, probability : float
    tier : str
    horizon : int
        Number of months ahead for which the probability holds.
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
class FlagView(Term):
    """A trigger that fired.

    Parameters
    ----------
    code : str
    zh, en : str
    observed, threshold : float or None
        The observed value and the threshold, in ``unit``; None if redacted.
    unit : str
    cause : str or None
    source : str
        Where the threshold comes from.
    """

    observed: float | None
    threshold: float | None
    unit: str
    cause: str | None
    source: str


@dataclass(frozen=True)
class SpendingView(Term):
    """The amount that a household spent on one item of unavoidable spending.

    Parameters
    ----------
    code, zh, en : str
    amount : float
        Yuan spent by the whole household in the 12 months up to the date.
    """

    amount: float


@dataclass(frozen=True)
class RuleView:
    """The rule line's verdict; amounts are in yuan/person/year, or None if unknown or redacted.

    Parameters
    ----------
    colour : str
    category : str or None
    monitored : bool
    window : int
        Number of months over which income is averaged.
    income, line, gap, gap_after_spending, income_after_spending : float or None
    income_until : str or None
        Last day of the last reported month in the window from which income is taken.
    spending : tuple of SpendingView
        What the unavoidable spending consists of; empty if redacted.
    flags : tuple of FlagView
    hidden_flags : int
        Number of flags about health that are left out.
    """

    colour: str
    category: str | None
    monitored: bool
    window: int
    income: float | None
    line: float | None
    gap: float | None
    gap_after_spending: float | None
    income_after_spending: float | None
    income_until: str | None
    spending: tuple[SpendingView, ...]
    flags: tuple[FlagView, ...]
    hidden_flags: int = 0

    @property
    def causes(self) -> list[str]:
        """Cause codes of the flags; hidden flags count as illness."""
        return [flag.cause for flag in self.flags if flag.cause] + [HEALTH_CAUSES[0]] * min(self.hidden_flags, 1)


@dataclass(frozen=True)
class Explanation:
    """Everything reported about one household at one date.

    Parameters
    ----------
    household_id : str
    kind : str or None
        ``exited`` if the household left registered poverty, ``ordinary`` if it was never in it; None if unknown.
    as_of : str
        Date of the explanation.
    status : str
        Status of the household; the model gives a verdict only for ``at_risk``.
    signal : str
        Colour of the combined signal.
    rule : RuleView
    model : ModelView or None
    agreement : str or None
        A code from ``riskml.vocabulary.verdicts.AGREEMENTS``; None if the model gives no verdict.
    agreement_by : {"capacity", "tier"} or None
        When the model counts as flagging a household: within visit capacity, or at any tier above the safest.
    reasons, protections : tuple of Reason
        At most five reasons and three protective factors, the strongest first. If the model gives no verdict, the
        reasons are the entry into monitoring, the rule line's flags and what the records say about their causes, and
        there are no protections.
    others : tuple of Factor
        Features that contribute to the score, but cannot be checked on a visit, the strongest first.
    missing : tuple of Missing
    steps : tuple of Step
    options : dict of str to tuple of Measure
        Available measures, by cause.
    redacted : tuple of str
    names : dict
        Names, in both languages, of the causes, tiers and categories that occur.
    model_version, policy_version : str
    """

    household_id: str
    kind: str | None
    as_of: str
    status: str
    signal: str
    rule: RuleView
    model: ModelView | None
    agreement: str | None
    agreement_by: str | None
    reasons: tuple[Reason, ...]
    protections: tuple[Reason, ...]
    others: tuple[Factor, ...]
    missing: tuple[Missing, ...]
    steps: tuple[Step, ...]
    options: dict[str, tuple[Measure, ...]]
    redacted: tuple[str, ...]
    names: dict[str, dict[str, str]] = field(repr=False)
    model_version: str
    policy_version: str

    def name_relation(self, name: str, lang: str) -> str:
        """Return the words for what a sentence under ``reasons`` or ``protections`` claims."""
        return specify_fall(RELATION[name][lang], self.kind)

    def list_others(self, lang: str) -> str:
        """List the other factors in one line; empty if there are none."""
        names = [factor.get_name(lang) for factor in self.others if factor.stated]
        if not names:
            return ""
        if lang == "zh":
            more = f"等 {len(names)} 项" if len(names) > MOST_NAMED else ""
            return f"其他因素（模型参考，不作核实依据）：{'；'.join(names[:MOST_NAMED])}{more}"
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        shown = "; ".join(names[:MOST_NAMED])
        return f"Other factors (used by the model, not meant for checking on a visit): {shown}{more}"

    def name_options(self, lang: str) -> list[tuple[str, list[str]]]:
        """Return the names of the available measures, by cause."""
        return [(cause, [measure.get_name(lang) for measure in own]) for cause, own in self.options.items()]

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values for JSON."""
        plain: dict[str, Any] = _to_plain(self)
        for name in RELATION:
            relation = {lang: self.name_relation(name, lang) for lang in ("zh", "en")}
            plain[name] = [{**reason, "relation": relation} for reason in plain[name]]
        plain["options"] = [
            {"cause": cause, **_to_plain(measure)} for cause, measures in self.options.items() for measure in measures
        ]
        return {**plain, "notice": NOTICE}
