"""The splits of a forest, and LightGBM's rules for deciding which way a value goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Splits", "zero_tiny"]

Bytes = NDArray[np.uint8]

CATEGORICAL, DEFAULT_LEFT = 1, 2
NONE, ZERO, NAN = 0, 1, 2
"""Codes for the value that a split treats as missing: none, zero or NaN."""

NEARLY_ZERO = float(np.float32(1e-35))
"""LightGBM's bound: values closer to zero are read as zero."""


def zero_tiny(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read values as LightGBM does: those nearly zero become zero.

    >>> zero_tiny(np.array([1e-35, -1e-300, 2e-35, np.nan])).tolist()
    [0.0, 0.0, 2e-35, nan]
    """
    return np.where(np.abs(values) <= NEARLY_ZERO, 0.0, values)


@dataclass(frozen=True)
class Splits:
    """S splits as arrays; values must be passed through :func:`zero_tiny` first.

    Parameters
    ----------
    feature : array of int, shape (S,)
    threshold : array of float64, shape (S,)
        A numeric value up to the threshold goes left; unused for a categorical split.
    missing : array of int8, shape (S,)
        ``NONE``, ``ZERO`` or ``NAN``; -1 for a categorical split.
    default_left : array of bool, shape (S,)
        Whether a missing numeric value goes left.
    start, size : arrays of int, shape (S,)
        Slice of ``member`` for a categorical split; the size is 0 for a numeric split.
    member : array of uint8
        One after another, the slices of all categorical splits. The k-th entry of a slice is 1 if category k goes left,
        else 0.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing: NDArray[np.int8]
    default_left: NDArray[np.bool_]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    member: Bytes

    def __len__(self) -> int:
        return len(self.feature)

    @classmethod
    def read(
        cls,
        feature: NDArray[np.int64],
        threshold: NDArray[np.float64],
        decision: NDArray[np.int64],
        bounds: NDArray[np.int64],
        words: NDArray[np.uint32],
    ) -> Splits:
        """Read the splits of one tree.

        Parameters
        ----------
        feature, threshold, decision : arrays, shape (S,)
            ``decision`` is LightGBM's bit field: 1 if the split is categorical, 2 if missing values go left, and 4 ×
            the code for the value treated as missing. The threshold of a categorical split is its position in
            ``bounds``.
        bounds : array of int
            Positions in ``words`` at which the bit set of each categorical split begins and ends.
        words : array of uint32
        """
        categorical = (decision & CATEGORICAL) == 1
        which = np.where(categorical, threshold, 0).astype(np.int64)
        start, size = np.zeros(len(feature), np.int64), np.zeros(len(feature), np.int64)
        if categorical.any():
            start[categorical] = 32 * bounds[which[categorical]]
            size[categorical] = 32 * bounds[which[categorical] + 1] - start[categorical]
        return cls(
            feature,
            np.where(categorical, 0.0, threshold),
            np.where(categorical, -1, (decision >> 2) & 3).astype(np.int8),
            (decision & DEFAULT_LEFT) != 0,
            start,
            size,
            np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little"),
        )

    @classmethod
    def join(cls, parts: Sequence[Splits]) -> Splits:
        """Concatenate the splits of one or more trees."""
        shift = np.cumsum([0, *(len(part.member) for part in parts[:-1])])
        arrays = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        arrays["start"] += np.repeat(shift, [len(part) for part in parts])
        return cls(**arrays)

    def answer(self, s: int, x: NDArray[np.float64]) -> Bytes:
        """Return 1 for each value that goes left at one split, else 0.

        Parameters
        ----------
        s : int
        x : array of float64, shape (n,)
            Values of the split's feature.
        """
        if self._plain[s]:
            # A comparison with NaN is false, so NaN goes right with `x <= t`, but left with `~(x > t)`.
            left = ~(x > self.threshold[s]) if self._nan_left[s] else x <= self.threshold[s]
            side: Bytes = left.view(np.uint8)
            return side
        one = np.full(len(x), s)
        return self._decide_categories(one, x) if self.missing[s] < 0 else self._decide_quantities(one, x)

    @cached_property
    def _plain(self) -> list[bool]:
        plain: list[bool] = ((self.missing == NAN) | (self.missing == NONE)).tolist()
        return plain

    @cached_property
    def _nan_left(self) -> list[bool]:
        """For each numeric split, whether NaN goes left.

        NaN takes the default side if the split treats it as missing; if the split treats nothing as missing, NaN is
        read as zero.
        """
        left: list[bool] = np.where(self.missing == NAN, self.default_left, self.threshold >= 0).tolist()
        return left

    def answer_row(self, row: NDArray[np.float64]) -> Bytes:
        """Return 1 for each split at which the row goes left, else 0, shape (S,).

        Parameters
        ----------
        row : array of float64, shape (F,)
        """
        x = row[self.feature]
        out = self._decide_quantities(slice(None), x)
        chosen = np.flatnonzero(self.missing < 0)
        if len(chosen):
            out[chosen] = self._decide_categories(chosen, x[chosen])
        return out

    def _decide_quantities(self, s: NDArray[np.int64] | slice, x: NDArray[np.float64]) -> Bytes:
        kind, is_nan = self.missing[s], np.isnan(x)
        filled = np.where(is_nan, 0.0, x)
        absent = np.where(kind == NAN, is_nan, (kind == ZERO) & (filled == 0))
        left: NDArray[np.bool_] = np.where(absent, self.default_left[s], filled <= self.threshold[s])
        return left.view(np.uint8)

    def _decide_categories(self, s: NDArray[np.int64], x: NDArray[np.float64]) -> Bytes:
        """Send missing, negative and unknown categories right; truncate fractions, as LightGBM does."""
        inside = (x > -1) & (x < self.size[s])
        code = np.where(inside, x, 0).astype(np.int64)
        left: Bytes = np.where(inside, self.member[self.start[s] + code], 0).astype(np.uint8)
        return left
