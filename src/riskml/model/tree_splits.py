"""The splits of a forest, and LightGBM's rules for deciding which way a value goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from riskml.records.panel.kernels import Array, compiled

Bytes = NDArray[np.uint8]

CATEGORICAL, DEFAULT_LEFT = 1, 2
NONE, ZERO, NAN = 0, 1, 2
"""Codes for the value that a split treats as missing: none, zero or NaN."""

NEARLY_ZERO = float(np.float32(1e-35))
"""LightGBM's bound: values closer to zero are read as zero."""


def _zero_tiny(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read values as LightGBM does: those nearly zero become zero.

    >>> _zero_tiny(np.array([1e-35, -1e-300, 2e-35, np.nan])).tolist()
    [0.0, 0.0, 2e-35, nan]
    """
    return np.where(np.abs(values) <= NEARLY_ZERO, 0.0, values)


@dataclass(frozen=True)
class Splits:
    """S splits as arrays.

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

    def answer(self, x: NDArray[np.float64]) -> Bytes:
        """Return 1 for each split at which a row goes left, else 0, shape (S, n).

        Parameters
        ----------
        x : array of float64, shape (F, n)
            The rows, one column of features after another.
        """
        answers = np.empty((len(self), x.shape[1]), np.uint8)
        own = (self.feature, self.threshold, self.missing, self.default_left, self.start, self.size, self.member)
        _answer(_zero_tiny(x), *own, answers)
        return answers


@compiled
def _answer(
    x: Array, feature: Array, threshold: Array, missing: Array, default_left: Array, start: Array, size: Array,
    member: Array, answers: Array,
) -> None:  # fmt: skip
    for s in range(len(feature)):
        values, out, bound = x[feature[s]], answers[s], threshold[s]
        if missing[s] < 0:  # missing, negative and unknown categories go right; fractions are truncated, as in LightGBM
            for i in range(len(out)):
                inside = values[i] > -1 and values[i] < size[s]
                out[i] = member[start[s] + int(values[i])] if inside else 0
        elif missing[s] == ZERO:
            for i in range(len(out)):
                absent = np.isnan(values[i]) or values[i] == 0
                out[i] = default_left[s] if absent else values[i] <= bound
        elif default_left[s] if missing[s] == NAN else bound >= 0:  # NaN, or the zero as which it is read, goes left
            for i in range(len(out)):
                out[i] = not values[i] > bound
        else:  # a comparison with NaN is false
            for i in range(len(out)):
                out[i] = values[i] <= bound
