"""Explains the households of one model: from contributions to causes, sentences, steps and measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.contributions.explainer import Contributions, Explainer
from riskml.explanation.household.explanation import Explanation, ModelView, Option, Reason, RuleView
from riskml.explanation.household.missing import find_missing
from riskml.explanation.household.views import make_model_view, make_rule_view
from riskml.explanation.reasons.checklist import choose_steps
from riskml.explanation.reasons.grouping import Grouping
from riskml.explanation.reasons.ranking import Ranked, Ranking
from riskml.explanation.reasons.redaction import (
    HEALTH_EN,
    HEALTH_NAME,
    HEALTH_STEPS,
    HEALTH_ZH,
    check_redaction,
    concerns_health,
)
from riskml.explanation.wording.facts import convert_changes_to_yuan
from riskml.explanation.wording.sentences import SentenceWriter, read_medians
from riskml.features import CATALOGUE, Feature, FeatureColumn, FeatureMatrix, build, from_records
from riskml.model import Bundle
from riskml.outcomes import AT_RISK, cohort_status
from riskml.policy import Policy, Verdicts, combine_signal, rule_line
from riskml.policy import agreement as agreements
from riskml.policy.entries import Measure
from riskml.records.contract.calendar import to_date
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml.vocabulary.verdicts import CATEGORIES, COLOURS, STATUSES

__all__ = ["ExplainedRows", "Narrator"]

ILLNESS = HEALTH_CAUSES[0]


@dataclass(frozen=True)
class ExplainedRows:
    """Rows of a panel, ranked and ready to be put into words.

    Parameters
    ----------
    grouping : Grouping
    contributions : Contributions
    margin : array of float64, shape (n,)
        As scored.
    ranked : Ranked
    writer : SentenceWriter
    """

    grouping: Grouping
    contributions: Contributions
    margin: NDArray[np.float64]
    ranked: Ranked
    writer: SentenceWriter


class Narrator:
    """Explains the households of one bundle under one policy; build it once, then ask often.

    Parameters
    ----------
    bundle : Bundle
    policy : Policy

    Raises
    ------
    BundleError
        If the contributions cannot be trusted; see :class:`Explainer`.
    """

    def __init__(self, bundle: Bundle, policy: Policy) -> None:
        self.bundle, self.policy = bundle, policy
        self.settings = bundle.settings
        self.explainer = Explainer(bundle.blend)
        self._groupings: dict[tuple[FeatureColumn, ...], Grouping] = {}

    def explain(
        self,
        panel: Panel,
        i: int = 0,
        *,
        verdicts: Verdicts | None = None,
        agreement: str | None = None,
        redact: Iterable[str] = (),
    ) -> Explanation:
        """Explain one household.

        Parameters
        ----------
        panel : Panel
        i : int, default 0
            Its row.
        verdicts : Verdicts, optional
            The rule line's verdict on the panel, if it is known already.
        agreement : str, optional
            As scored, from a place in the visit capacity. Without it, a tier above the safest is the model's yes.
        redact : iterable of str
            ``health`` leaves out everything that tells of health.

        Returns
        -------
        Explanation

        Raises
        ------
        UsageError
            If ``redact`` names something else.
        """
        hidden = check_redaction(redact)
        one = panel if panel.n == 1 else panel.only(i)
        row = 0 if verdicts is None else i
        verdicts = rule_line(one, self.policy, self.settings.window) if verdicts is None else verdicts
        status = int(cohort_status(one, self.settings)[0])
        reasons: tuple[Reason, ...] = ()
        protections: tuple[Reason, ...] = ()
        model: ModelView | None = None
        if status == AT_RISK:
            rows = self.explain_rows(one, build(panel).take(np.array([i])))
            margin, horizon = float(rows.margin[0]), self.settings.horizon
            model = make_model_view(rows.contributions, margin, rows.grouping, self.policy, horizon, hidden)
            reasons = _reasons(rows, rows.ranked.reasons, hidden, risk=True)
            protections = _reasons(rows, rows.ranked.protections, hidden, risk=False)
        rule = make_rule_view(verdicts, row, self.settings.window, hidden)
        tier = self.policy.tier(np.array([np.nan if model is None else model.probability]))
        by = "tier" if agreement is None else "capacity"
        if model is None:
            agreement = None
        elif agreement is None:
            agreement = str(agreements(tier > 0, verdicts.any_flag[row : row + 1])[0])
        missing = tuple(gap for gap in find_missing(one) if not (gap.health and "health" in hidden))
        causes = _causes(reasons, rule) if agreement != "neither" else []
        return Explanation(
            household_id=str(one.household_id[0]),
            as_of=str(to_date(one.as_of)),
            status=STATUSES.codes[status],
            rule=rule,
            model=model,
            signal=COLOURS.codes[int(combine_signal(verdicts.colour[row : row + 1], tier, self.policy)[0])],
            agreement=agreement,
            agreement_by=by,
            reasons=reasons,
            protections=protections,
            missing=missing,
            steps=tuple(
                choose_steps(causes, [gap.code for gap in missing], {ILLNESS: HEALTH_STEPS} if hidden else None)
            ),
            options=tuple(Option(cause, measure) for cause in causes for measure in self._measures(cause, hidden)),
            redacted=tuple(sorted(hidden)),
            names=self._names([*causes, *(r.cause for r in (*reasons, *protections))], rule, model, hidden),
            model_version=self.bundle.model_version,
            policy_version=self.policy.version,
        )

    def explain_rows(
        self,
        panel: Panel,
        matrix: FeatureMatrix,
        rows: NDArray[np.intp] | None = None,
        margin: NDArray[np.float64] | None = None,
    ) -> ExplainedRows:
        """Explain rows of a panel, ready to be put into words.

        Parameters
        ----------
        panel : Panel
        matrix : FeatureMatrix
            Of the panel, or of its ``rows``.
        rows : array of int, optional
            Rows of the panel that the matrix holds; all by default.
        margin : array of float64, shape (n,), optional
            As scored, if the rows have been scored already.

        Raises
        ------
        ModelError
            If base and contributions do not add up to the margin of a row.
        """
        blend = self.bundle.blend
        values = blend.values(matrix)
        contributions = self.explainer.explain(values)
        margin = blend.predict_margin(values) if margin is None else margin
        contributions.require_margin(margin)
        grouping = self._grouping(panel)
        typical = read_medians(grouping.features, self.bundle.reference)
        spoken = convert_changes_to_yuan(panel, grouping.features, values, rows)
        ranked = Ranked.from_contributions(grouping, spoken, contributions.values, typical)
        writer = SentenceWriter(panel, grouping.features, values, self.bundle.levels, typical, rows)
        return ExplainedRows(grouping, contributions, margin, ranked, writer)

    def _grouping(self, panel: Panel) -> Grouping:
        """Features of the model's schema by cause; those of the data set's own are read from the panel."""
        columns = self.bundle.columns
        known = {column.name for column in columns}
        own = {feature.name: feature for feature, _, _ in from_records(panel) if feature.name in known}
        key = tuple(feature.column for feature in own.values())
        if key not in self._groupings:
            found = [CATALOGUE.get(c.name) or own.get(c.name) or _unknown(c.name) for c in columns]
            self._groupings[key] = Grouping.from_features(found)
        return self._groupings[key]

    def _measures(self, cause: str, hidden: frozenset[str]) -> list[Measure]:
        """Measures for a cause; redacted, illness stands for all that tells of health."""
        causes = HEALTH_CAUSES if hidden and cause == ILLNESS else (cause,)
        return list(dict.fromkeys(measure for one in causes for measure in self.policy.measures[one]))

    def _names(
        self, causes: list[str], rule: RuleView, model: ModelView | None, hidden: frozenset[str]
    ) -> dict[str, dict[str, str]]:
        found = {cause: self.policy.causes[cause].names for cause in causes}
        if hidden and ILLNESS in found:
            found[ILLNESS] = HEALTH_NAME
        if rule.category:
            found[rule.category] = CATEGORIES[rule.category].names
        if model is not None:
            found[model.tier] = self.policy.tiers[model.tier].names
        return found


def _reasons(rows: ExplainedRows, ranking: Ranking, hidden: frozenset[str], *, risk: bool) -> tuple[Reason, ...]:
    """Sentences of the only row."""
    out: list[Reason] = []
    for g, j, strength in zip(ranking.group[0], ranking.feature[0], ranking.strength[0], strict=True):
        if g < 0:
            continue
        feature, signed = rows.grouping.features[j], float(strength if risk else -strength)
        if "health" in hidden and concerns_health(feature):
            if risk and not any(reason.feature is None for reason in out):
                out.append(Reason(ILLNESS, ILLNESS, None, signed, HEALTH_ZH, HEALTH_EN))
            continue
        zh, en = (rows.writer.write(0, int(j), lang, risk=risk) for lang in ("zh", "en"))
        out.append(Reason(feature.cause, feature.topic, feature.name, signed, zh, en))
    return tuple(out)


def _causes(reasons: tuple[Reason, ...], rule: RuleView) -> list[str]:
    """Cause codes of the reasons, then of the flags, each once."""
    causes = [reason.cause for reason in reasons] + [flag.cause for flag in rule.flags if flag.cause]
    if rule.hidden_flags:
        causes.append(ILLNESS)
    return list(dict.fromkeys(causes))


def _unknown(name: str) -> Feature:
    """Stand for a feature that these records do not have: always missing, so it never speaks."""
    return replace(CATALOGUE["household_size"], name=name, topic="attributes", reason_zh=None, reason_en=None)
