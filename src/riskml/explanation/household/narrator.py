"""Explain households with one model: turn contributions into causes, sentences, steps and measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.contributions.explainer import Contributions, Explainer
from riskml.explanation.household.explanation import Explanation, Factor, ModelView, Reason, RuleView
from riskml.explanation.household.missing import find_missing
from riskml.explanation.household.rule_reasons import Facts
from riskml.explanation.household.views import list_other_factors, make_model_view, make_rule_view
from riskml.explanation.reasons.checklist import choose_steps
from riskml.explanation.reasons.grouping import Grouping
from riskml.explanation.reasons.ranking import Ranking, Rankings
from riskml.explanation.reasons.redaction import (
    HEALTH_EN,
    HEALTH_NAME,
    HEALTH_STEPS,
    HEALTH_ZH,
    check_redaction,
    redact_features,
)
from riskml.explanation.wording.facts import compute_stated_values
from riskml.explanation.wording.kinds import read_kind, specify_fall
from riskml.explanation.wording.sentences import SentenceWriter, read_medians
from riskml.features import CATALOGUE, Feature, FeatureColumn, FeatureMatrix, build
from riskml.features.attributes import derive_features
from riskml.model import Bundle
from riskml.outcomes import AT_RISK, classify_cohort
from riskml.policy import Policy, Verdicts, apply_rule_line, combine_signal, name_agreement
from riskml.policy.case import SPENDING, Case
from riskml.policy.entries import Measure
from riskml.policy.signal import is_above_safest
from riskml.records.contract.calendar import to_date
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import HEALTH_CAUSES
from riskml.vocabulary.verdicts import CATEGORIES, STATUSES, TIER_WORDS, TIERS, name_colour, word_tier

ILLNESS = HEALTH_CAUSES[0]


@dataclass(frozen=True)
class ExplainedRows:
    """Rows of a panel whose reasons are ranked, but not yet written as sentences.

    Parameters
    ----------
    grouping : Grouping
    contributions : Contributions
    margin : array of float64, shape (n,)
        Margins computed by the model.
    rankings : Rankings
    writer : SentenceWriter
    """

    grouping: Grouping
    contributions: Contributions
    margin: NDArray[np.float64]
    rankings: Rankings
    writer: SentenceWriter

    def list_secret(self, *, health: bool) -> list[bool]:
        """Return, for each feature, whether it must be hidden; nothing is hidden if ``health`` data may be shown."""
        return [False] * len(self.grouping.features) if health else self.grouping.health


class Narrator:
    """Explains households that one bundle scores under one policy; build it once and reuse it.

    Parameters
    ----------
    bundle : Bundle
    policy : Policy

    Raises
    ------
    BundleError
        If the contributions fail their check; see :class:`Explainer`.
    """

    def __init__(self, bundle: Bundle, policy: Policy) -> None:
        self.bundle, self.policy = bundle, policy
        self.settings = bundle.settings
        self.explainer = Explainer(bundle.blend)
        self._groupings: dict[tuple[FeatureColumn, ...], tuple[Grouping, list[float]]] = {}

    def explain(
        self,
        panel: Panel,
        i: int = 0,
        *,
        verdicts: Verdicts | None = None,
        agreement: str | None = None,
        redact: Iterable[str] = (),
        silent: bool = False,
        explained: tuple[ExplainedRows, int] | None = None,
    ) -> Explanation:
        """Explain one household.

        Parameters
        ----------
        panel : Panel
        i : int, default 0
            The household's row in the panel.
        verdicts : Verdicts, optional
            The rule line's verdicts on the panel, if already known.
        agreement : str, optional
            The agreement that was found in scoring, where the model flags the households within visit capacity. By
            default, the model counts as flagging a household if its tier is any but the safest.
        redact : iterable of str
            Names of what to leave out; ``health`` means everything about health.
        silent : bool, default False
            Whether to explain only the rule line's verdict, as if the model had given none.
        explained : tuple of ExplainedRows and int, optional
            Explained rows of the panel and the household's position among them, if they are already known.

        Returns
        -------
        Explanation

        Raises
        ------
        UsageError
            If ``redact`` contains any other name.
        """
        hidden = check_redaction(redact)
        household = panel if panel.n == 1 else panel.select(i)
        if verdicts is None:
            panel, i, verdicts = household, 0, apply_rule_line(household, self.policy)
        status = AT_RISK if explained else int(classify_cohort(household, self.settings, self.policy)[0])
        reasons: tuple[Reason, ...] = ()
        protections: tuple[Reason, ...] = ()
        others: tuple[Factor, ...] = ()
        model: ModelView | None = None
        if status == AT_RISK and not silent:
            rows, k = explained or (self.explain_rows(household, build(panel).take(np.array([i]))), 0)
            margin, horizon = float(rows.margin[k]), self.settings.horizon
            contributions = rows.contributions.take(k)
            model = make_model_view(contributions, margin, rows.grouping, self.policy, horizon, hidden)
            others = list_other_factors(contributions, rows.grouping, hidden)
            reasons = _write_reasons(rows, rows.rankings.reasons, k, hidden, risk=True)
            protections = _write_reasons(rows, rows.rankings.protections, k, hidden, risk=False)
        rule = make_rule_view(verdicts, i, self.settings.window, hidden, panel)
        facts = Facts(household) if model is None else None
        if facts is not None:
            reasons = facts.write_reasons(0, rule, hidden)
        tier = np.array([-1 if model is None else TIERS.codes.index(model.tier)], np.int8)
        by = "tier" if agreement is None else "capacity"
        if model is None:
            agreement = None
        elif agreement is None:
            agreement = str(name_agreement(is_above_safest(tier), verdicts.any_flag[i : i + 1])[0])
        missing = tuple(gap for gap in find_missing(household) if not (gap.health and "health" in hidden))
        causes = [] if agreement == "neither" else [*(reason.cause for reason in reasons), *rule.causes]
        if facts is not None:
            causes += facts.list_causes(0, rule, hidden)
        if STATUSES.codes[status] == "in_hardship":
            causes.append("other")  # the steps for "other" ask about spending and debts
        causes, kind = list(dict.fromkeys(causes)), read_kind(household)
        return Explanation(
            household_id=str(household.household_id[0]),
            kind=kind,
            as_of=str(to_date(household.as_of)),
            status=STATUSES.codes[status],
            rule=rule,
            model=model,
            signal=name_colour(int(combine_signal(verdicts.colour[i : i + 1], tier, self.policy)[0])),
            agreement=agreement,
            agreement_by=by if agreement else None,
            reasons=reasons,
            protections=protections,
            others=others,
            missing=missing,
            steps=tuple(
                choose_steps(causes, [gap.code for gap in missing], {ILLNESS: HEALTH_STEPS} if hidden else None)
            ),
            options={cause: self._list_measures(cause, hidden) for cause in causes},
            redacted=tuple(sorted(hidden)),
            names=self._collect_names(
                [*causes, *(r.cause for r in (*reasons, *protections))], rule, model, hidden, kind
            ),
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
        """Explain rows of a panel and rank their reasons, without writing any sentences yet.

        Parameters
        ----------
        panel : Panel
        matrix : FeatureMatrix
            Features of the panel, or of its ``rows``.
        rows : array of int, optional
            Rows of the panel that the matrix holds; all by default.
        margin : array of float64, shape (n,), optional
            Margins computed by the model, if already known.

        Raises
        ------
        ModelError
            If the base and the contributions do not add up to a row's margin.
        """
        blend = self.bundle.blend
        values = blend.align(matrix)
        contributions = self.explainer.explain(values)
        margin = blend.predict_margin(values) if margin is None else margin
        contributions.require_margin(margin)
        grouping, medians = self._group_features(panel)
        stated = compute_stated_values(panel, grouping.features, values, rows)
        spent = {cause: yuan if rows is None else yuan[rows] for cause, yuan in self._sum_spending(panel).items()}
        rankings = Rankings.from_contributions(grouping, stated, contributions.values, medians, spent)
        writer = SentenceWriter(panel, grouping.features, values, medians, rows)
        return ExplainedRows(grouping, contributions, margin, rankings, writer)

    def _sum_spending(self, panel: Panel) -> dict[str, NDArray[np.float64]]:
        """Sum the unavoidable spending that counts in the outcome, in yuan by cause; empty if none counts."""
        if self.settings.hardship == "ignore":
            return {}
        items = Case(panel, self.policy.spending).spending_items
        return {SPENDING[code].cause: yuan for code, yuan in items.items()}

    def _group_features(self, panel: Panel) -> tuple[Grouping, list[float]]:
        """Group the features in the model's schema, and read their medians.

        Attributes of the data set are looked up in the panel.
        """
        columns = self.bundle.columns
        known = {column.name for column in columns}
        own = {feature.name: feature for feature, _, _ in derive_features(panel) if feature.name in known}
        key = tuple(feature.column for feature in own.values())
        if key not in self._groupings:
            features = [CATALOGUE.get(c.name) or own.get(c.name) or _make_unknown(c.name) for c in columns]
            self._groupings[key] = Grouping.from_features(features), read_medians(features, self.bundle.reference)
        return self._groupings[key]

    def _list_measures(self, cause: str, hidden: frozenset[str]) -> tuple[Measure, ...]:
        """List the measures for a cause; if health is redacted, those for illness cover every health cause."""
        causes = HEALTH_CAUSES if hidden and cause == ILLNESS else (cause,)
        return tuple(dict.fromkeys(measure for code in causes for measure in self.policy.measures[code]))

    def _collect_names(
        self, causes: list[str], rule: RuleView, model: ModelView | None, hidden: frozenset[str], kind: str | None
    ) -> dict[str, dict[str, str]]:
        names = {cause: self.policy.causes[cause].names for cause in causes}
        if hidden and ILLNESS in names:
            names[ILLNESS] = HEALTH_NAME
        if rule.category:
            names[rule.category] = CATEGORIES[rule.category].names
        if model is not None:
            flagged = bool(rule.flags or rule.hidden_flags)
            word = word_tier(model.tier, flagged=flagged, hardship=self.settings.hardship)
            tier = self.policy.tiers.get(word) or TIER_WORDS[word]
            names[model.tier] = {lang: specify_fall(name, kind) for lang, name in tier.names.items()}
        return names


def _write_reasons(
    rows: ExplainedRows, ranking: Ranking, k: int, hidden: frozenset[str], *, risk: bool
) -> tuple[Reason, ...]:
    """Write the reasons or the protective factors for one explained row."""
    features, secret = rows.grouping.features, rows.list_secret(health="health" not in hidden)
    order = [j for j in ranking.feature[k].tolist() if j >= 0]
    strength = dict(zip(order, ranking.strength[k].tolist(), strict=False))
    reasons = []
    for j in redact_features(order, secret, risk=risk):
        feature, signed = features[j], strength[j] if risk else -strength[j]
        if secret[j]:
            reasons.append(Reason(ILLNESS, ILLNESS, None, signed, HEALTH_ZH, HEALTH_EN))
        else:
            zh, en = (rows.writer.write(k, j, lang, risk=risk) for lang in ("zh", "en"))
            reasons.append(Reason(feature.cause, feature.topic, feature.name, signed, zh, en))
    return tuple(reasons)


def _make_unknown(name: str) -> Feature:
    """Make a placeholder for a feature that these records lack; its values are missing, so it is never a reason."""
    return replace(CATALOGUE["household_size"], name=name, topic="attributes")
