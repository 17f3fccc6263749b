"""Calibration: turn the margin into a probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from riskml.model.ridge import solve
from riskml.model.schema import FloatArray

SPREAD = 0.05
PERIOD_SPREAD = 0.15
"""Standard deviation of the log odds between periods, which limits how much one period says about the next."""

LEAST_SLOPE = 0.2


@dataclass(frozen=True)
class Calibration:
    """The map from margin to probability, ``sigmoid(shift + slope · margin)``; the positive slope preserves the order.

    Parameters
    ----------
    shift, slope : float
        The values 0 and 1 leave the margin unchanged.
    """

    shift: float = 0.0
    slope: float = 1.0

    @classmethod
    def fit(cls, margin: FloatArray, y: FloatArray, periods: int = 1, weight: float = 1.0) -> Calibration:
        """Fit on margins from periods later than those on which the linear part and the trees were fitted.

        Parameters
        ----------
        margin : array, shape (n,)
        y : array of 0 and 1, shape (n,)
        periods : int, default 1
            Number of different periods among the rows.
        weight : float, default 1
            Weight of a row, below 1 if rows overlap in time.

        Notes
        -----
        Normal priors pull the calibration towards leaving the margin unchanged: they centre the slope on 1 and the
        shift on 0, with a standard deviation of 0.05. All rows of a period share its peculiarities (a bad harvest
        affects every household). However many rows a period has, its weight is therefore limited by the spread between
        periods, 0.15 in log odds: one period moves the shift by a tenth of the unpenalised estimate, five periods by a
        third. Weaker priors gave worse results in most test periods, since one year's level says little about the next
        year's, and since parts fitted on fewer rows give exaggerated margins. A period with few positives counts even
        less. The margin is centred first, so that slope and shift do not depend on each other. If all rows have the
        same outcome, the margin is left unchanged.

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
        rare = min(float(y.sum()), float(len(y) - y.sum()))
        weight = min(weight, periods * PERIOD_SPREAD**-2 / rare)
        slope, level = solve(
            design,
            y,
            np.full(2, SPREAD**-2),
            target=np.array([1.0, middle]),
            lower=np.array([LEAST_SLOPE, -np.inf]),
            weight=weight,
        )
        return cls(shift=float(level - slope * middle), slope=float(slope))

    def predict_probability(self, margin: FloatArray) -> FloatArray:
        """Predict the probability, shape (n,); apart from rounding, it strictly increases with the margin."""
        return np.asarray(expit(self.shift + self.slope * np.asarray(margin, np.float64)))
