"""Monitors a model: a sliding window of the features that it scored, and counts of its scores."""

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

WINDOW = 2_000
"""Number of households in the sliding window."""

MIN_HOUSEHOLDS = 200
"""Minimum number of households in the window for drift to be reported."""

MAX_AT_ONCE = 64
"""Maximum number of households that one scoring adds, evenly spaced so that no part of a county fills the window."""

INTERVAL = 0.05
"""Minimum seconds between two additions to the window, so that monitoring costs a busy service next to nothing."""


class Monitor:
    """The sliding window of one model; it holds features, never household codes.

    Parameters
    ----------
    bundle : Bundle
    interval : float, default 0.05
        Minimum seconds between two additions to the window.
    """

    def __init__(self, bundle: Bundle, interval: float = INTERVAL) -> None:
        self._bundle, self._interval = bundle, interval
        self._rows: deque[NDArray[np.float64]] = deque()
        self._held, self._last = 0, float("-inf")
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Number of households in the window."""
        return self._held

    def observe(self, features: FeatureMatrix) -> None:
        """Add a sample of the features of scored households, unless the last one is less than ``interval`` old."""
        at = time.monotonic()
        if at - self._last < self._interval:
            return
        self._last = at
        n = len(features)
        rows = np.unique(np.linspace(0, n - 1, min(n, MAX_AT_ONCE)).astype(np.int64))
        taken = self._bundle.blend.schema.align(features.take(rows))
        with self._lock:
            self._rows.append(taken)
            self._held += len(taken)
            while self._held - len(self._rows[0]) >= WINDOW:
                self._held -= len(self._rows.popleft())

    def count(self, tiers: Iterable[int], agreements: Iterable[str | None]) -> None:
        """Count scores; a tier is a position in the list of tiers, or -1 for none."""
        for (tier, agreement), n in Counter(zip(tiers, agreements, strict=True)).items():
            SCORED.labels("none" if tier < 0 else TIERS.codes[tier], agreement or "none").inc(n)

    def measure_drift(self, *, silent: bool = False) -> dict[str, float]:
        """Measure the population stability index of features and ``probability``, if there are enough rows.

        If ``silent``, the index of ``probability`` is left out.
        """
        with self._lock:
            rows = list(self._rows) if self._held >= MIN_HOUSEHOLDS else []
        if not rows or self._bundle.reference is None:
            return {}
        values, schema = np.concatenate(rows), self._bundle.blend.schema
        nobody, never = np.full(len(values), ""), np.zeros(len(values), np.int32)
        matrix = FeatureMatrix(nobody, never, schema.columns, values, schema.levels)
        drift = measure_drift(self._bundle.reference, matrix, self._bundle.predict_probability(values))
        return {name: value for name, value in drift.items() if not (silent and name == "probability")}
