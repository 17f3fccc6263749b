"""Other learners that get the same rows and features as riskml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.evaluation import Prediction
from riskml.model.schema import FloatArray, Schema
from riskml.training.holdout import LabelledRows

__all__ = ["PEERS", "Peer", "find_absent", "predict_peer"]

FOLDS = 3
"""Number of folds of the training households on which a peer's settings are compared."""

Settings = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """A classifier with the interface of scikit-learn.

    Parameters
    ----------
    package : str
        Package that must be installed.
    build : callable
        Returns an unfitted classifier with the learner's default settings.
    settings : tuple of dict
        Settings to choose from by log loss on the training rows. The first are the defaults.
    name_categories : callable, optional
        Returns the arguments of ``fit`` that tell the learner which columns are categories. Without it, the learner
        reads a category as the number of its level.
    """

    package: str
    build: Callable[[], Any]
    settings: tuple[Settings, ...] = ({},)
    name_categories: Callable[[list[int]], Settings] = lambda _positions: {}


def _build_lightgbm() -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(deterministic=True, force_row_wise=True, n_jobs=2, random_state=0, verbose=-1)


def _build_hist_gradient_boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=0)


def _build_random_forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=200, n_jobs=2, random_state=0)


def _build_xgboost() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_jobs=2, random_state=0)


def _build_catboost() -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(thread_count=2, random_seed=0, verbose=False, allow_writing_files=False)


def _build_ebm() -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    return ExplainableBoostingClassifier(n_jobs=2, random_state=0)


def _name_lightgbm_categories(positions: list[int]) -> Settings:
    return {"categorical_feature": positions}


PEERS = {
    "lightgbm_default": Peer("lightgbm", _build_lightgbm, name_categories=_name_lightgbm_categories),
    "lightgbm": Peer(
        "lightgbm",
        _build_lightgbm,
        (
            {},
            {"learning_rate": 0.03, "num_leaves": 8, "min_child_samples": 40, "reg_lambda": 10.0},
            {"learning_rate": 0.05, "num_leaves": 4, "min_child_samples": 40, "reg_lambda": 10.0},
        ),
        _name_lightgbm_categories,
    ),
    "hist_gradient_boosting": Peer(
        "sklearn",
        _build_hist_gradient_boosting,
        (
            {},
            {"learning_rate": 0.03, "max_leaf_nodes": 8, "min_samples_leaf": 40, "l2_regularization": 10.0},
            {"learning_rate": 0.05, "max_leaf_nodes": 4, "min_samples_leaf": 40, "l2_regularization": 10.0},
        ),
    ),
    "random_forest": Peer(
        "sklearn", _build_random_forest, ({}, {"min_samples_leaf": 5}, {"min_samples_leaf": 20, "max_features": 0.3})
    ),
    "xgboost": Peer(
        "xgboost",
        _build_xgboost,
        (
            {},
            {"learning_rate": 0.03, "max_depth": 3, "reg_lambda": 10.0},
            {"learning_rate": 0.05, "max_depth": 2, "reg_lambda": 10.0},
        ),
    ),
    "catboost": Peer("catboost", _build_catboost),
    "ebm": Peer("interpret", _build_ebm),
}
"""The peers by name. LightGBM is also measured without any choice of settings; CatBoost and EBM only without."""


def find_absent() -> list[str]:
    """List the peers whose package is not installed."""
    return [name for name, peer in PEERS.items() if find_spec(peer.package) is None]


def predict_peer(peer: Peer, training: LabelledRows, test: LabelledRows) -> Prediction:
    """Fit a peer on the training rows, choosing its settings on them alone, and predict the test rows.

    The settings with the lowest mean log loss over the folds are chosen; all rows of a household are in one fold. With
    fewer rows of a class than folds, the defaults are used.
    """
    features, y = training.cohort.features, training.y
    schema = Schema.from_matrix(features)

    def fit_and_predict(settings: Settings, fit: NDArray[np.int64], X: FloatArray) -> FloatArray:
        known = ~np.isnan(features.values[fit]).all(axis=0)  # scikit-learn refuses a column without any value
        categories = np.flatnonzero(np.isin(np.flatnonzero(known), schema.categorical)).tolist()
        model = peer.build().set_params(**settings)
        model.fit(features.values[fit][:, known], y[fit], **peer.name_categories(categories))
        return np.asarray(model.predict_proba(X[:, known])[:, 1], np.float64)

    probability = fit_and_predict(
        _choose_settings(peer, training, fit_and_predict), np.arange(len(y)), schema.align(test.cohort.features)
    )
    return Prediction(probability, probability)


def _choose_settings(
    peer: Peer, training: LabelledRows, fit_and_predict: Callable[[Settings, NDArray[np.int64], FloatArray], FloatArray]
) -> Settings:
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedGroupKFold

    X, y = training.cohort.features.values, training.y
    if len(peer.settings) == 1 or not FOLDS <= y.sum() <= len(y) - FOLDS:
        return peer.settings[0]
    folds = list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(X, y, training.cohort.household))

    def measure_loss(settings: Settings) -> float:
        losses = [log_loss(y[judge], fit_and_predict(settings, fit, X[judge]), labels=[0, 1]) for fit, judge in folds]
        return float(np.mean(losses))

    return min(peer.settings, key=measure_loss)
