"""Group features by official cause, or by topic if they have no official cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskml.arrays import Mask, Positions
from riskml.explanation.reasons.redaction import concerns_health
from riskml.features.catalogue import Feature
from riskml.vocabulary.causes import CAUSES

_PERSONAL = ("illness", "accident", "disability", "labour")

SHOCKS = {"work": (*_PERSONAL, "work"), "venture": (*_PERSONAL, "disaster", "venture")}
"""For each income source, the causes whose shocks can lower it.

The source is named by its cause: ``work`` for wages, ``venture`` for business income.
"""

LASTING = 0.5
"""Weight of lasting circumstances (who lives in the household, months since an event) relative to recent events."""

NAMED = tuple(cause for cause in CAUSES if cause != "other")
"""The official causes; each forms one group. The groups of ``other`` follow them."""


@dataclass(frozen=True)
class Grouping:
    """Features and the groups to which they belong.

    Parameters
    ----------
    features : tuple of Feature, length F
        Features in the order of the model's schema.
    groups : tuple of (str, str), length G
        Cause and topic. Each official cause is one group; features of ``other`` form one group per topic.
    group : array of int, shape (F,)
        Group of each feature.
    """

    features: tuple[Feature, ...]
    groups: tuple[tuple[str, str], ...]
    group: Positions

    @classmethod
    def from_features(cls, features: Sequence[Feature]) -> Grouping:
        """Group features with an official cause by cause, and the others by topic."""
        topics = sorted({feature.topic for feature in features if feature.cause == "other"})
        groups = [(cause, "") for cause in NAMED] + [("other", topic) for topic in topics]
        index = {group: i for i, group in enumerate(groups)}
        keys = [(f.cause, "" if f.cause != "other" else f.topic) for f in features]
        return cls(tuple(features), tuple(groups), np.array([index[key] for key in keys], np.intp))

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        """Position of each group in ``groups``."""
        return {group: i for i, group in enumerate(self.groups)}

    @cached_property
    def changes(self) -> dict[str, Positions]:
        """Features that measure the change in a source of income, by the cause that names the source."""
        income = np.array([f.cause if f.topic == "income" else "" for f in self.features], dtype=object)
        return {cause: np.flatnonzero(income == cause) for cause in SHOCKS}

    @cached_property
    def lasting(self) -> Mask:
        """Whether each feature describes a lasting circumstance and not a recent event, shape (F, 1)."""
        return np.array([[not feature.window or feature.unit == "months"] for feature in self.features])

    @cached_property
    def by_rule(self) -> dict[str, Positions]:
        """Positions of the features by ``risky``, the rule for which values may be stated as a reason."""
        rules = np.array([feature.risky for feature in self.features], dtype=object)
        return {rule: np.flatnonzero(rules == rule) for rule in sorted(set(rules.tolist())) if rule}

    @cached_property
    def health(self) -> list[bool]:
        """Whether each feature reveals a person's health or spending on it."""
        return [concerns_health(feature) for feature in self.features]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def causes(self) -> tuple[str, ...]:
        """Causes of the features."""
        return tuple(feature.cause for feature in self.features)

    @cached_property
    def public_names(self) -> list[str]:
        """Names of the features, with ``health`` instead of the name of each feature that reveals health."""
        return ["health" if secret else name for name, secret in zip(self.names, self.health, strict=True)]

    @cached_property
    def position(self) -> Positions:
        """Features of the income position: the level and the changes of income from all sources."""
        return np.flatnonzero([f.topic == "income" and f.cause == "other" for f in self.features])
