"""The baselines against which the model is always compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from riskml.model.linear import Linear
from riskml.model.ridge import solve
from riskml.model.schema import FloatArray, Schema

WEAK = 1e-4


@dataclass(frozen=True)
class RankingModel:
    """A model that turns a score, which by itself only ranks households, into a probability.

    Parameters
    ----------
    intercept, slope : float
    middle, scale : float
        Values that standardise the score: ``middle`` is subtracted, and the result is divided by ``scale``.
    fill : float
        Training median, used for a missing score.
    """

    intercept: float
    slope: float
    middle: float
    scale: float
    fill: float

    def predict_probability(self, score: FloatArray) -> FloatArray:
        """Predict the probability for each score, shape (n,); equal scores get equal probabilities."""
        score = np.asarray(score, np.float64)
        known = np.where(np.isnan(score), self.fill, score)
        return np.asarray(expit(self.intercept + self.slope * ((known - self.middle) / self.scale)))


def fit_ranking(score: FloatArray, y: FloatArray) -> RankingModel:
    """Fit a one-variable logistic regression on the training rows.

    Parameters
    ----------
    score : array, shape (n,)
        Missing values (NaN or infinite) are replaced by the training median.
    y : array of 0 and 1, shape (n,)

    Returns
    -------
    RankingModel

    Raises
    ------
    ModelError
        If ``y`` contains only one class.

    Notes
    -----
    A penalty of 1e-4 on the standardised slope keeps it finite if the score separates the classes.

    Examples
    --------
    With a score that is always missing, every row gets the base rate:

    >>> ranking = fit_ranking(np.full(4, np.nan), np.array([0.0, 1.0, 0.0, 0.0]))
    >>> ranking.predict_probability(np.array([3.0])).round(6).tolist()
    [0.25]
    """
    score, y = np.asarray(score, np.float64), np.asarray(y, np.float64)
    known = score[np.isfinite(score)]
    fill = float(np.median(known)) if len(known) else 0.0
    filled = np.where(np.isfinite(score), score, fill)
    middle, spread = float(np.mean(filled)), float(np.std(filled))
    scale = spread if spread > 1e-12 * max(1.0, abs(middle)) else 1.0
    standard = (filled - middle) / scale if scale == spread else np.zeros(len(filled))
    slope, intercept = solve(np.column_stack([standard, np.ones(len(y))]), y, np.array([WEAK, 0.0]))
    return RankingModel(float(intercept), float(slope), middle, scale, fill)


@dataclass(frozen=True)
class Baselines:
    """The fitted baselines of a bundle.

    Parameters
    ----------
    logistic : Linear
    rankings : dict of str to RankingModel
        Fitted models by name: ``rule_line``, ``distance_to_line``, ``weighted_past_income``.
    """

    logistic: Linear
    rankings: dict[str, RankingModel]

    def to_json(self) -> dict[str, Any]:
        """Return the baselines as JSON values."""
        rankings = {name: vars(ranking) for name, ranking in sorted(self.rankings.items())}
        return {"logistic": self.logistic.to_json(), "rankings": rankings}

    @classmethod
    def from_json(cls, schema: Schema, data: dict[str, Any]) -> Baselines:
        """Rebuild the baselines from the result of :meth:`to_json`."""
        rankings = {name: RankingModel(**ranking) for name, ranking in data["rankings"].items()}
        return cls(Linear.from_json(schema, data["logistic"]), rankings)
