"""Turn features into the terms of a linear model: imputed numbers, indicators of missing values, category levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskml.model.schema import FloatArray, Schema

QUANTITY, INDICATOR, LEVEL = 0, 1, 2
WIDEST = 1e100
"""Bound on every numeric value, winsorised or not; it keeps the margin finite if an input is infinite."""
FEWEST_ROWS, MOST_LEVELS = 50, 50
ROUNDING = 1e-6
"""A numeric feature that varies less than this counts as constant: standardising it would magnify rounding errors."""


@dataclass(frozen=True)
class Encoding:
    """How each feature is turned into terms, learned on training rows.

    Parameters
    ----------
    schema : Schema
    low, high : arrays, shape (F,)
        Bounds to which numeric values are winsorised.
    fill : array, shape (F,)
        Training median after winsorising, used if a numeric value is missing.
    feature, kind, level : arrays, shape (K,)
        Each term's feature, kind and level code. The kind is ``QUANTITY`` for a numeric value, ``INDICATOR`` for a
        missing one, or ``LEVEL`` for a category.
    centre, scale : arrays, shape (K,)
        Training mean and standard deviation of each term; the scale of a level is 1, so that rare levels are shrunk
        more.
    """

    schema: Schema
    low: FloatArray
    high: FloatArray
    fill: FloatArray
    feature: NDArray[np.int64]
    kind: NDArray[np.int64]
    level: NDArray[np.int64]
    centre: FloatArray
    scale: FloatArray

    @classmethod
    def learn(cls, schema: Schema, values: FloatArray, tail: float) -> Encoding:
        """Learn medians, bounds, levels and scales.

        Parameters
        ----------
        values : array, shape (n, F)
        tail : float
            Share of the rows to winsorise at each end; 0 leaves the values unchanged.

        Notes
        -----
        A feature that is constant or always missing gets no numeric term; one that is sometimes missing gets an
        indicator. A level gets a term if it has at least 50 training rows and is among the feature's 50 most frequent
        levels; all other levels are treated alike.
        """
        count = len(schema.columns)
        low, high, fill = np.full(count, -WIDEST), np.full(count, WIDEST), np.zeros(count)
        terms: list[tuple[int, int, int, float, float]] = []
        for j, column in enumerate(schema.columns):
            x = values[:, j]
            missing = np.isnan(x)
            known = x[~missing]
            if column.categorical:
                terms += [(j, LEVEL, k, float(np.mean(x == k)), 1.0) for k in _find_frequent(known)]
            elif len(known):
                if tail > 0:
                    low[j], high[j] = _find_bounds(known, tail)
                known = np.clip(known, low[j], high[j])
                fill[j] = np.median(known)
                filled = np.where(missing, fill[j], np.clip(x, low[j], high[j]))
                centre, scale = float(np.mean(filled)), float(np.std(filled))
                if scale > ROUNDING * max(1.0, abs(centre)):
                    terms.append((j, QUANTITY, -1, centre, scale))
            share = float(np.mean(missing))
            if 0 < share < 1:
                terms.append((j, INDICATOR, -1, share, float(np.sqrt(share * (1 - share)))))
        feature, kind, level = (np.array([t[i] for t in terms], np.int64) for i in range(3))
        centre_, scale_ = (np.array([t[i] for t in terms], np.float64) for i in (3, 4))
        return cls(schema, low, high, fill, feature, kind, level, centre_, scale_)

    def build_design(self, values: FloatArray) -> FloatArray:
        """Build the matrix to fit on: the standardised terms and a final column of ones, shape (n, K + 1)."""
        out = np.empty((len(values), len(self.kind) + 1), order="C")
        for k, (j, kind) in enumerate(zip(self.feature, self.kind, strict=True)):
            x = values[:, j]
            if kind == QUANTITY:
                raw = np.where(np.isnan(x), self.fill[j], np.clip(x, self.low[j], self.high[j]))
            else:
                raw = (np.isnan(x) if kind == INDICATOR else x == self.level[k]).astype(np.float64)
            out[:, k] = (raw - self.centre[k]) / self.scale[k]
        out[:, -1] = 1.0
        return out


def _find_bounds(known: FloatArray, tail: float) -> tuple[float, float]:
    """Find the winsorising bounds; if the quantiles coincide, use the full range, so that rare events are not cut."""
    finite = known[np.isfinite(known)]
    if not len(finite):
        return -WIDEST, WIDEST
    low, high = np.quantile(finite, [tail, 1 - tail])
    if low >= high:
        low, high = finite.min(), finite.max()
    return float(low), float(high)


def _find_frequent(codes: FloatArray) -> list[int]:
    """Find the most frequent levels among those with enough rows, and sort them by code."""
    levels, rows = np.unique(codes.astype(np.int64), return_counts=True)
    enough = rows >= FEWEST_ROWS
    levels, rows = levels[enough], rows[enough]
    return sorted(levels[np.lexsort((levels, -rows))][:MOST_LEVELS].tolist())
