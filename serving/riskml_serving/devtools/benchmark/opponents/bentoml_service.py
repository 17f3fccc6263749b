"""A BentoML service that predicts from a row of features that is already computed, as in BentoML's introduction."""

from __future__ import annotations

import os

import bentoml  # type: ignore[import-not-found,unused-ignore]
import lightgbm as lgb
import numpy as np


@bentoml.service  # type: ignore[untyped-decorator,unused-ignore]
class Trees:
    """The trees of a bundle, behind ``POST /predict``."""

    def __init__(self) -> None:
        self.booster = lgb.Booster(model_file=os.environ["TREES"])

    @bentoml.api  # type: ignore[untyped-decorator,unused-ignore]
    def predict(self, data: list[list[float]]) -> list[float]:
        """Predict from rows of features."""
        predictions: list[float] = self.booster.predict(np.asarray(data)).tolist()
        return predictions
