"""Paired differences between models over the origins (test starts) of several panels, with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from riskml.evaluation import Prediction
from riskml.evaluation.bootstrap import draw_household_weights, estimate_interval
from riskml.evaluation.numbers import null_if_nan
from riskml.evaluation.predictions import FloatArray
from riskml.evaluation.ranking import Ranking

MEASURES = {"auc": 1, "ap": 1, "brier": -1}
"""For each measure, 1 if a higher value is better, and -1 if a lower one is."""


@dataclass(frozen=True)
class OriginPredictions:
    """The test rows of one origin, and what each model predicts for them.

    Parameters
    ----------
    household : array of str, shape (n,)
        Codes of the households, the same at every origin of a panel.
    y : array of 0 and 1, shape (n,)
    predictions : dict of str to Prediction
        Predictions by model; every origin has the same models.
    """

    household: NDArray[np.str_]
    y: FloatArray
    predictions: dict[str, Prediction]


def measure_panel(origins: Sequence[OriginPredictions], resamples: int, seed: int) -> dict[str, FloatArray]:
    """Measure all models at every origin of a panel, on the test rows and on resamples of the panel's households.

    A resample draws from all households of the panel, so a household that is tested at several origins counts equally
    often at each of them.

    Parameters
    ----------
    origins : sequence of OriginPredictions, not empty
    resamples : int
    seed : int

    Returns
    -------
    dict of str to array, each of shape (1 + resamples, origins, measures)
        For each model, the measures on the test rows, followed by those on every resample. A value is NaN if only one
        class is left.
    """
    _, household = np.unique(np.concatenate([origin.household for origin in origins]), return_inverse=True)
    stops = np.cumsum([len(origin.household) for origin in origins])[:-1]
    sorted_once = [
        {
            name: (Ranking.from_scores(prediction.score, origin.y), (prediction.probability - origin.y) ** 2)
            for name, prediction in origin.predictions.items()
        }
        for origin in origins
    ]
    measured = {name: np.full((1 + resamples, len(origins), len(MEASURES)), np.nan) for name in origins[0].predictions}
    weights = [np.ones(len(household)), *draw_household_weights(household, resamples, seed)]
    for draw, all_weights in enumerate(weights):
        for position, weight in enumerate(np.split(all_weights, stops)):
            for name, (ranking, error) in sorted_once[position].items():
                auc, ap = ranking.measure(weight)
                if not np.isnan(auc):
                    measured[name][draw, position] = auc, ap, np.average(error, weights=weight)
    return measured


def summarize(measured: dict[str, FloatArray], baselines: Sequence[str], model: str = "riskml") -> dict[str, Any]:
    """Average the measures over origins, rank the models, and compare one of them with each of the others.

    Parameters
    ----------
    measured : dict of str to array, each of shape (1 + resamples, origins, measures)
        The result of :func:`measure_panel`, or of several panels, joined along the origins.
    baselines : sequence of str
        Models that the compared model must not fall behind.
    model : str, default "riskml"

    Returns
    -------
    dict
        - ``models``: for each model and measure, the ``mean`` over the origins, its ``rank`` (1 is best, ties share the
          better rank) and, for all but the compared model, the ``difference`` (compared model minus this model) as
          ``value``, ``se`` and ``ci``. The standard error and the 95 % interval are those of the mean difference over
          the resamples in which it is defined.
        - ``beaten_by``: each baseline that beats the compared model by more than two standard errors, with the measure
          in which it does.

    Examples
    --------
    >>> one, two = np.array([[[0.8, 0.3, 0.04]]]), np.array([[[0.8, 0.2, 0.05]]])
    >>> models = summarize({"riskml": one, "logistic": two}, ["logistic"])["models"]
    >>> models["logistic"]["auc"]["rank"], models["logistic"]["brier"]["rank"]
    (1, 2)
    """
    means = {name: values.mean(axis=1) for name, values in measured.items()}
    models: dict[str, Any] = {name: {} for name in measured}
    beaten_by = []
    for column, (measure, sign) in enumerate(MEASURES.items()):
        ranks = rankdata([-sign * mean[0, column] for mean in means.values()], method="min")
        for (name, mean), rank in zip(means.items(), ranks, strict=True):
            entry: dict[str, Any] = {"mean": null_if_nan(mean[0, column]), "rank": int(rank)}
            if name != model:
                value, *draws = means[model][:, column] - mean[:, column]
                known = np.array([draw for draw in draws if not np.isnan(draw)])
                error = float(known.std()) if len(known) > 1 else np.nan
                interval = estimate_interval(known)
                entry["difference"] = {"value": null_if_nan(value), "se": null_if_nan(error), "ci": interval}
                if name in baselines and sign * value < -2 * error:
                    beaten_by.append({"model": name, "measure": measure, **entry["difference"]})
            models[name][measure] = entry
    return {"models": models, "beaten_by": beaten_by}
