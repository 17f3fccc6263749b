"""Rules for which values of a feature can be a reason or a protective factor, chosen by the feature's ``risky``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskml.arrays import Floats, Mask

RECENT = 12
"""Number of months after which an event no longer counts as a reason."""

MARGIN = 0.05
"""How far a value must be from the median to be called higher or lower than most, in the feature's unit."""

Test = Callable[[Floats, Floats], Mask]


@dataclass(frozen=True)
class Rule:
    """Which values a reason and a protective factor may state; a missing value is never stated.

    Parameters
    ----------
    raises, lowers : callable
        Functions of the values as the sentence states them
        (:func:`riskml.explanation.wording.facts.compute_stated_values`) and of the median over the training rows.
    """

    raises: Test
    lowers: Test

    def admits(self, x: Floats, median: Floats, *, risk: bool) -> Mask:
        """Return whether each value may be stated as a reason (``risk``) or as a protective factor.

        >>> bills, most = np.array([0.0, 0.2, 0.5, np.nan]), np.array(0.3)
        >>> RULES["more than most"].admits(bills, most, risk=True).tolist()
        [False, False, True, False]
        >>> RULES["more than most"].admits(bills, most, risk=False).tolist()
        [True, False, False, False]
        """
        return (self.raises if risk else self.lowers)(x, median)


def _never(x: Floats, _: Floats) -> Mask:
    return np.zeros(x.shape, np.bool_)


RULES = {
    "": Rule(_never, _never),
    "below the line": Rule(lambda x, median: (x < 0) | (x < median - MARGIN), lambda x, _: x > 0),
    "decline": Rule(lambda x, _: x < 0, lambda x, _: x > 0),
    "less than most": Rule(lambda x, median: x < median - MARGIN, lambda x, median: x > median + MARGIN),
    "more than most": Rule(lambda x, median: (x > 0) & ~(x <= median), lambda x, _: x == 0),
    "recent": Rule(lambda x, _: x <= RECENT, _never),
}
"""The rule for each word in :data:`riskml.features.catalogue.RISKY`."""
