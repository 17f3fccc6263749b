"""The last visible step: from the margin to a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from riskml.model.ridge import solve
from riskml.model.schema import FloatArray

__all__ = ["Calibration"]

SLOPE_SPREAD = 0.1
SHIFT_SPREAD = 0.1
LEAST_SLOPE = 0.2


@dataclass(frozen=True)
class Calibration:
    """Probability is ``sigmoid(shift + slope · margin)``; the slope is positive, so the order never changes.

    Parameters
    ----------
    shift, slope : float
        0 and 1 leave the margin as it is.
    """

    shift: float = 0.0
    slope: float = 1.0

    @classmethod
    def fit(cls, margin: FloatArray, y: FloatArray, weight: float = 1.0) -> Calibration:
        """Fit on out-of-sample margins, preferably of later periods.

        Parameters
        ----------
        margin : array, shape (n,)
        y : array of 0 and 1, shape (n,)
        weight : float, default 1
            Evidence of a row, below 1 where rows overlap in time.

        Notes
        -----
        The step is shrunk towards doing nothing by normal priors: slope around 1 with standard deviation 0.1, shift
        around 0 with 0.1. A hundred positives move a slope by about half of what they say, ten hardly at all. The
        margin is centred first, so that the two do not lean on each other. The prior on the shift does not fade
        quickly on purpose: rows of one or two later periods share what was special about those periods.

        Examples
        --------
        >>> few = Calibration.fit(np.array([2.0, 2.0, -2.0]), np.array([0.0, 1.0, 0.0]))
        >>> 0.9 < few.slope < 1.1
        True
        """
        if not 0 < y.sum() < len(y):
            return cls()
        middle = float(np.mean(margin))
        design = np.column_stack([margin - middle, np.ones(len(margin))])
        penalty = np.array([SLOPE_SPREAD**-2, SHIFT_SPREAD**-2])
        target = np.array([1.0, middle])
        lower = np.array([LEAST_SLOPE, -np.inf])
        slope, level = solve(design, y, penalty, target=target, lower=lower, weight=weight)
        return cls(shift=float(level - slope * middle), slope=float(slope))

    def probability(self, margin: FloatArray) -> FloatArray:
        """Probability, shape (n,), strictly increasing with the margin as far as floats can tell."""
        return np.asarray(expit(self.shift + self.slope * np.asarray(margin, np.float64)))
