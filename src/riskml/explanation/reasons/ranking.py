"""Rank the groups of features that raise or lower the risk by their contributions, the strongest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskml.arrays import Floats, Positions
from riskml.explanation.reasons.allotment import allot_income
from riskml.explanation.reasons.grouping import LASTING, NAMED, Grouping
from riskml.explanation.reasons.selection import RULES
from riskml.records.panel.kernels import Array, compiled

MOST_REASONS, MOST_PROTECTIONS = 5, 3
LEAST = 0.02
"""Minimum strength in log odds for a group to be worth a sentence: a change of two percent in the odds."""


@dataclass(frozen=True)
class Ranking:
    """The groups of features shown as reasons or protective factors for n households, the strongest first.

    Parameters
    ----------
    group, feature : array of int, shape (n, most)
        The groups and the strongest feature of each, padded with -1.
    strength : array of float64, shape (n, most)
        Absolute strength of each group in log odds; see :meth:`Rankings.from_contributions`.
    """

    group: Positions
    feature: Positions
    strength: Floats


@dataclass(frozen=True)
class Rankings:
    """Reasons and protective factors for n households."""

    reasons: Ranking
    protections: Ranking

    @classmethod
    def from_contributions(
        cls,
        grouping: Grouping,
        values: Floats,
        contributions: Floats,
        typical: Sequence[float],
        spent: Mapping[str, Floats] | None = None,
    ) -> Rankings:
        """Rank the groups for n households.

        Parameters
        ----------
        grouping : Grouping
        values : array of float64, shape (n, F)
            Values as sentences state them; see :func:`riskml.explanation.wording.facts.compute_stated_values`.
        contributions : array of float64, shape (n, F)
        typical : sequence of float, length F
            Median of each feature over the training rows; NaN if unknown.
        spent : mapping of str to array of float64, shape (n,), optional
            Yuan of unavoidable spending that counts in the outcome, by cause.

        Notes
        -----
        A feature qualifies if its value is known, if its contribution is positive (for reasons) or negative (for
        protective factors), and if :mod:`riskml.explanation.reasons.selection` admits the value.

        Among the reasons, official causes come first. A cause is as strong as its strongest qualifying feature, so that
        no cause comes first merely because it has many features. Lasting circumstances count half. The contribution of
        the level and change of income is divided among the causes that may explain it, and adds to their strength
        (:mod:`riskml.explanation.reasons.allotment`). The groups of ``other`` (such as the level of income or the
        household's structure) follow, since income nearly always has the largest contribution, but shows only how close
        to the line a household is, not why. Each of these groups is as strong as the sum of its qualifying features,
        and one of the five reasons is reserved for them.

        For protective factors, every group is as strong as the sum of its qualifying features.
        """
        x, c = np.ascontiguousarray(values.T), np.ascontiguousarray(contributions.T)
        median = np.asarray(typical, np.float64)[:, None]
        warning = _keep_qualifying(grouping, x, c, median, risk=True)
        strength, best = _rate_groups(grouping, warning, together=True)
        causes = slice(len(NAMED))
        halved = np.where(grouping.lasting, LASTING * warning, warning)
        single, best_single = _rate_groups(grouping, halved, together=False)
        strength[:, causes], best[:, causes] = single[:, causes], best_single[:, causes]
        shocks, _ = _rate_groups(grouping, np.where(grouping.lasting, 0.0, warning), together=False)
        known = np.where(np.isnan(x), 0.0, np.maximum(c, 0.0))[grouping.position]
        position = np.add.accumulate(known)[-1] if len(known) else np.zeros(len(values))
        strength, best = allot_income(grouping, x, position, strength, best, shocks, spent or {})
        protecting = _keep_qualifying(grouping, x, -c, median, risk=False)
        protection, best_protection = _rate_groups(grouping, protecting, together=True)
        return cls(
            _take_ranking(_order_reasons(strength), strength, best),
            _take_ranking(_sort_groups(protection)[:, :MOST_PROTECTIONS], protection, best_protection),
        )


def _keep_qualifying(grouping: Grouping, x: Floats, c: Floats, typical: Floats, *, risk: bool) -> Floats:
    """Keep the contributions of qualifying features and set the others to 0; the result has shape (F, n)."""
    admitted = np.zeros(x.shape, np.bool_)
    for rule, features in grouping.by_rule.items():
        admitted[features] = RULES[rule].admits(x[features], typical[features], risk=risk)
    return np.where(admitted & (c > 0), c, 0.0)


def _rate_groups(grouping: Grouping, part: Floats, *, together: bool) -> tuple[Floats, Positions]:
    """Return the strength of each group and its strongest feature, shape (n, G) each.

    A group's strength is the sum of its features if ``together``, otherwise their maximum.
    """
    shape = (part.shape[1], len(grouping.groups))
    total, largest, best = np.zeros(shape), np.zeros(shape), np.full(shape, -1, np.intp)
    _rate_features(grouping.group, part, total, largest, best)
    return total if together else largest, best


@compiled
def _rate_features(group: Array, part: Array, total: Array, largest: Array, best: Array) -> None:
    for f in range(len(group)):
        g = group[f]
        for i in range(part.shape[1]):
            total[i, g] += part[f, i]
            if part[f, i] > largest[i, g]:
                largest[i, g], best[i, g] = part[f, i], f


def _sort_groups(strength: Floats) -> Positions:
    """Sort the groups by strength, the strongest first; ties keep their original order. The result has shape (n, G)."""
    return np.argsort(-strength, axis=1, kind="stable")


def _order_reasons(strength: Floats) -> Positions:
    """Put official causes first, by strength, then the other groups, for which one place is reserved."""
    causes = _sort_groups(strength[:, : len(NAMED)])
    others = _sort_groups(strength[:, len(NAMED) :]) + len(NAMED)
    rows = np.arange(len(strength))[:, None]
    counts = [(np.take_along_axis(strength, part, axis=1) >= LEAST).sum(axis=1)[:, None] for part in (causes, others)]
    taken = np.minimum(counts[0], MOST_REASONS - np.minimum(counts[1], 1))
    rank = np.arange(MOST_REASONS)[None, :]
    from_causes = causes[rows, np.minimum(rank, causes.shape[1] - 1)]
    from_others = others[rows, np.clip(rank - taken, 0, others.shape[1] - 1)] if others.shape[1] else from_causes
    order = np.where(rank < taken, from_causes, from_others)
    return np.where((rank < taken) | (rank - taken < counts[1]), order, -1)


def _take_ranking(order: Positions, strength: Floats, best: Positions) -> Ranking:
    taken = np.take_along_axis(strength, np.maximum(order, 0), axis=1)
    strong = (order >= 0) & (taken >= LEAST)
    feature = np.take_along_axis(best, np.maximum(order, 0), axis=1)
    return Ranking(np.where(strong, order, -1), np.where(strong, feature, -1), np.where(strong, taken, 0.0))
