"""Other learners, such as random forest and XGBoost, that get the same rows and features as riskml."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.evaluation import Prediction
from riskml.model.schema import FloatArray, Schema
from riskml.text import read_data
from riskml.training.holdout import LabelledRows

FOLDS = 3
"""Number of folds of the training households on which a peer's settings are compared."""

Settings = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """A classifier with the interface of scikit-learn.

    Parameters
    ----------
    learner : str
        Full name of the class; its package may be absent.
    fixed : dict
        Arguments such as the seed.
    choices : tuple of dict
        Further arguments, one of which is chosen by log loss on the training rows; the first are the defaults.
    categories : str, optional
        Argument of ``fit`` that takes the positions of the categorical features; without it, the number of a level is
        used as an ordinary number.
    """

    learner: str
    fixed: Settings
    choices: Sequence[Settings] = ({},)
    categories: str | None = None


PEERS = {name: Peer(**entry) for name, entry in read_data("riskml.benchmarks.panels", "peers.yaml").items()}
"""The peers by name. Settings are not chosen for ``lightgbm_default``, CatBoost and EBM, but for all others."""


def find_absent() -> list[str]:
    """List the peers whose package is not installed."""
    return [name for name, peer in PEERS.items() if find_spec(peer.learner.partition(".")[0]) is None]


def predict_peer(peer: Peer, training: LabelledRows, test: LabelledRows) -> Prediction:
    """Fit a peer on the training rows, choosing its settings on them alone, and predict the test rows.

    All rows of a household are in one fold. With fewer rows of a class than folds, the defaults are used.
    """
    features, y = training.cohort.features, training.y
    schema = Schema.from_matrix(features)
    module, _, name = peer.learner.rpartition(".")
    build = getattr(import_module(module), name)

    def fit_and_predict(choice: Settings, rows: NDArray[np.int64], X: FloatArray) -> FloatArray:
        known = np.flatnonzero(~np.isnan(features.values[rows]).all(axis=0))  # some learners refuse an empty column
        categories = np.flatnonzero(np.isin(known, schema.categorical)).tolist()
        model = build(**peer.fixed, **choice)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Missing values detected")  # concerns only EBM's plots
            named = {peer.categories: categories} if peer.categories else {}
            model.fit(features.values[np.ix_(rows, known)], y[rows], **named)
        return np.asarray(model.predict_proba(X[:, known])[:, 1], np.float64)

    choice = _choose(peer, training, fit_and_predict)
    probability = fit_and_predict(choice, np.arange(len(y)), schema.align(test.cohort.features))
    return Prediction(probability, probability)


def _choose(
    peer: Peer, training: LabelledRows, fit_and_predict: Callable[[Settings, NDArray[np.int64], FloatArray], FloatArray]
) -> Settings:
    """Choose the settings with the lowest mean log loss over the folds."""
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedGroupKFold

    X, y = training.cohort.features.values, training.y
    if len(peer.choices) == 1 or not FOLDS <= y.sum() <= len(y) - FOLDS:
        return peer.choices[0]
    folds = list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(X, y, training.cohort.household))

    def measure_loss(choice: Settings) -> float:
        losses = [log_loss(y[judge], fit_and_predict(choice, fit, X[judge]), labels=[0, 1]) for fit, judge in folds]
        return float(np.mean(losses))

    return min(peer.choices, key=measure_loss)
