"""From contributions to causes: what speaks for a raised risk, grouped by official cause, the strongest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.reasons.allotment import allot_income
from riskml.explanation.reasons.grouping import Grouping
from riskml.explanation.reasons.selection import RULES

__all__ = ["LEAST", "MOST_PROTECTIONS", "MOST_REASONS", "Ranked", "Ranking"]

MOST_REASONS, MOST_PROTECTIONS = 5, 3
LEAST = 0.02
"""Log odds under which nothing is worth a sentence: two percent of the odds."""

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Ranking:
    """Groups of n households in the order in which they are given.

    Parameters
    ----------
    group, feature : array of int, shape (n, most)
        The group, and its feature that contributes most; -1 past the last.
    strength : array of float64, shape (n, most)
        What speaks for the group, in log odds, without sign; see :class:`Ranked`.
    """

    group: Positions
    feature: Positions
    strength: Floats


@dataclass(frozen=True)
class Ranked:
    """Reasons and protective factors of n households."""

    reasons: Ranking
    protections: Ranking

    @classmethod
    def from_contributions(
        cls, grouping: Grouping, values: Floats, contributions: Floats, typical: Sequence[float]
    ) -> Ranked:
        """Rank.

        Parameters
        ----------
        grouping : Grouping
        values : array of float64, shape (n, F)
            As spoken; see :func:`riskml.explanation.wording.facts.convert_changes_to_yuan`.
        contributions : array of float64, shape (n, F)
        typical : sequence of float, length F
            Medians of the training rows, NaN where not known.

        Notes
        -----
        A feature speaks where its value is known, its contribution has the sign in question, and the value is one
        that :mod:`riskml.explanation.reasons.selection` admits.

        Reasons: official causes first. A cause is as strong as its strongest speaking feature, so that no cause comes
        first because many features tell of it; what has long been so counts half; and each gets its part of the income
        position (:mod:`riskml.explanation.reasons.allotment`). Then what is ``other`` (the income position, the
        household's structure, the place), as strong as its speaking features together; the last of the five places is
        kept for it. The model's largest contribution is nearly always that of the income, which says how near the
        line a household is, but not why. Protective factors: groups by their speaking features together.
        """
        x, c = np.ascontiguousarray(values.T), np.ascontiguousarray(contributions.T)
        usual = np.asarray(typical, np.float64)[:, None]
        warn = _speaking(grouping.warning, x, c, usual)
        strength, best = _groups(grouping, warn, together=True)
        named = slice(grouping.named)
        one, best_one = _groups(grouping, warn * grouping.weight, together=False)
        strength[:, named], best[:, named] = one[:, named], best_one[:, named]
        strength, best = allot_income(grouping, x, strength, best)
        protect, best_protect = _groups(grouping, _speaking(grouping.protecting, x, -c, usual), together=True)
        return cls(
            _ranking(_reason_order(strength, grouping.named), strength, best),
            _ranking(_by_strength(protect)[:, :MOST_PROTECTIONS], protect, best_protect),
        )


def _speaking(rules: dict[str, Positions], x: Floats, c: Floats, typical: Floats) -> Floats:
    """Contributions of the features that speak, 0 for the others, shape (F, n)."""
    may = np.zeros(x.shape, np.bool_)
    for rule, features in rules.items():
        may[features] = RULES[rule](x[features], typical[features])
    return np.where(may & (c > 0), c, 0.0)


def _groups(grouping: Grouping, part: Floats, *, together: bool) -> tuple[Floats, Positions]:
    """Strength of each group, of its features together or of the strongest, and the strongest, shape (n, G)."""
    shape = (len(grouping.groups), part.shape[1])
    strength, best = np.zeros(shape), np.full(shape, -1, np.intp)
    for g, features in enumerate(grouping.members):
        if len(features):
            own = part[features]
            most = own.max(axis=0)
            # One after another: alone or among many, the same bits.
            strength[g] = np.add.accumulate(own)[-1] if together else most
            best[g] = np.where(most > 0, features[own.argmax(axis=0)], -1)
    return np.ascontiguousarray(strength.T), np.ascontiguousarray(best.T)


def _by_strength(strength: Floats) -> Positions:
    """Groups from the strongest, ties in their order, shape (n, G)."""
    return np.argsort(-strength, axis=1, kind="stable")


def _reason_order(strength: Floats, named: int) -> Positions:
    """Official causes by strength, then the others, with the last place kept for the strongest other."""
    causes = _by_strength(strength[:, :named])
    others = _by_strength(strength[:, named:]) + named
    rows = np.arange(len(strength))[:, None]
    counts = [(np.take_along_axis(strength, part, axis=1) >= LEAST).sum(axis=1)[:, None] for part in (causes, others)]
    taken = np.minimum(counts[0], MOST_REASONS - np.minimum(counts[1], 1))
    place = np.arange(MOST_REASONS)[None, :]
    from_causes = causes[rows, np.minimum(place, causes.shape[1] - 1)]
    from_others = others[rows, np.clip(place - taken, 0, others.shape[1] - 1)] if others.shape[1] else from_causes
    order = np.where(place < taken, from_causes, from_others)
    return np.where((place < taken) | (place - taken < counts[1]), order, -1)


def _ranking(order: Positions, strength: Floats, best: Positions) -> Ranking:
    found = np.take_along_axis(strength, np.maximum(order, 0), axis=1)
    there = (order >= 0) & (found >= LEAST)
    feature = np.take_along_axis(best, np.maximum(order, 0), axis=1)
    return Ranking(np.where(there, order, -1), np.where(there, feature, -1), np.where(there, found, 0.0))
