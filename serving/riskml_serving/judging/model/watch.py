"""What a model has been asked lately: a sample of the features it was shown; its scores are counted."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from riskml.evaluation.drift import measure_drift
from riskml.features.matrix import FeatureMatrix
from riskml.model import Bundle
from riskml.vocabulary.verdicts import TIERS
from riskml_serving.judging.model.counters import SCORED

__all__ = ["FEWEST", "WINDOW", "Watch"]

WINDOW = 2_000
"""Households of the sliding window."""

FEWEST = 200
"""With fewer households in the window nothing is said of drift."""

MOST_AT_ONCE = 64
"""Households that one scoring adds, evenly spaced, so that a county's job does not fill the window at one place."""

APART = 0.05
"""Seconds between two scorings that add to the window: watching costs a busy service nothing to speak of."""


class Watch:
    """Keeps the sliding window of one model; it holds features, never a code of a household.

    Parameters
    ----------
    bundle : Bundle
    apart : float, default 0.05
        Seconds between two scorings that add to the window.
    """

    def __init__(self, bundle: Bundle, apart: float = APART) -> None:
        self._bundle, self._apart = bundle, apart
        self._rows: deque[NDArray[np.float64]] = deque()
        self._held, self._last = 0, float("-inf")
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Households in the window."""
        return self._held

    def show(self, features: FeatureMatrix) -> None:
        """Take a sample of the features of households at risk."""
        at = time.monotonic()
        if at - self._last < self._apart:
            return
        self._last = at
        n = len(features)
        rows = np.unique(np.linspace(0, n - 1, min(n, MOST_AT_ONCE)).astype(np.int64))
        taken = self._bundle.blend.schema.align(features.take(rows))
        with self._lock:
            self._rows.append(taken)
            self._held += len(taken)
            while self._held - len(self._rows[0]) >= WINDOW:
                self._held -= len(self._rows.popleft())

    def count(self, tiers: Iterable[int], agreements: Iterable[str]) -> None:
        """Count scores; tiers are positions in riskml's list, -1 where there is none."""
        for (tier, agreement), n in Counter(zip(tiers, agreements, strict=True)).items():
            SCORED.labels("none" if tier < 0 else TIERS.codes[tier], agreement).inc(n)

    def drift(self) -> dict[str, float]:
        """Population stability index by feature, and of the score as ``probability``; empty while too few are held."""
        with self._lock:
            rows = list(self._rows) if self._held >= FEWEST else []
        if not rows or self._bundle.reference is None:
            return {}
        values, schema = np.concatenate(rows), self._bundle.blend.schema
        nobody, never = np.full(len(values), ""), np.zeros(len(values), np.int32)
        matrix = FeatureMatrix(nobody, never, schema.columns, values, schema.levels)
        return measure_drift(self._bundle.reference, matrix, self._bundle.predict_probability(values))
