"""Compute exact contributions of trees from tables: one comparison per split, one look-up per subtree and feature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskml.arrays import Floats, Ints
from riskml.explanation.contributions.groups import MOST_BITS, cut
from riskml.explanation.contributions.shapley import tabulate_groups
from riskml.model.forest import Forest
from riskml.records.panel.kernels import Array, compiled

BLOCK = 512
"""Number of rows explained at a time: few enough for their answers to stay in the processor's cache.

Results do not depend on it.
"""


@dataclass(frozen=True)
class Tables:
    """Tables for the path-dependent TreeSHAP values of a forest.

    A subtree's part in the contributions depends only on the yes/no answers at its few splits and at those on the path
    to it, so it is computed once for every pattern of answers. To explain a row, it is then enough to find the row's
    answers and look up one number per subtree and feature.

    Parameters
    ----------
    forest : Forest
    tree : array of int, shape (G,)
        The tree that each of the G groups belongs to.
    splits : array of int, shape (G, bits)
        Splits of each group, padded with -1; bit j of a pattern is the answer at the j-th split.
    group, feature, offset : arrays of int, shape (K,)
        For each pair of a group and a feature: the group, the feature, and the position in ``table`` at which the
        pair's table begins.
    table : array of float64

    Notes
    -----
    Values are always added in the order of the K entries, so a household gets bit-identical results whether it is
    explained alone or in a batch of a hundred thousand.
    """

    forest: Forest
    tree: Ints
    splits: Ints
    group: Ints
    feature: Ints
    offset: Ints
    table: Floats

    @classmethod
    def build(cls, forest: Forest, most_bits: int = MOST_BITS) -> Tables:
        """Tabulate a forest.

        Parameters
        ----------
        forest : Forest
        most_bits : int, default 7
            At most 8.

        Raises
        ------
        ModelError
            If a leaf lies under more than ``most_bits`` splits.
        """
        groups = list(cut(forest, most_bits))
        splits = np.full((len(groups), most_bits), -1)
        for row, part in zip(splits, groups, strict=True):
            row[: len(part.splits)] = part.splits
        slots = [(g, f, len(part.splits)) for g, part in enumerate(groups) for f in part.features]
        group, feature, bits = np.array(slots, np.int64).reshape(-1, 3).T
        ends = np.cumsum(1 << bits)
        table = np.zeros(int(ends[-1]) if len(ends) else 0)
        offset = ends - (1 << bits)
        first = np.searchsorted(group, np.arange(len(groups)))
        for size in sorted({len(part.splits) for part in groups}):
            which = [g for g, part in enumerate(groups) if len(part.splits) == size]
            for position, k, values in tabulate_groups([groups[g] for g in which], size):
                start = offset[first[which[position]] + k]
                table[start : start + len(values)] = values
        return cls(forest, np.array([part.tree for part in groups], np.int64), splits, group, feature, offset, table)

    @property
    def base(self) -> float:
        """Mean margin of the trees."""
        return self.forest.base

    def explain(self, values: Floats) -> Floats:
        """Compute the contribution of each feature to the trees' margin.

        Parameters
        ----------
        values : array of float64, shape (n, F)

        Returns
        -------
        array of float64, shape (n, F)
            The contributions; those of a row and ``base`` add up to the row's margin.
        """
        out = np.empty(values.shape)
        for start in range(0, len(values), BLOCK):
            x = np.ascontiguousarray(values[start : start + BLOCK].T)
            total = np.zeros(x.shape)
            _add_groups(
                self.forest.splits.answer(x), self.splits, self._first, self.feature, self.offset, self.table, total
            )
            out[start : start + BLOCK] = total.T
        return out

    @cached_property
    def _first(self) -> Ints:
        """Position of each group's first pair, followed by K."""
        return np.searchsorted(self.group, np.arange(len(self.splits) + 1))


@compiled
def _add_groups(
    answers: Array, splits: Array, first: Array, feature: Array, offset: Array, table: Array, total: Array
) -> None:
    """Add every pair's value for each row, in the order of the pairs; ``total`` has shape (F, n)."""
    n = total.shape[1]
    pattern = np.empty(n, np.uint8)
    for g in range(len(splits)):
        pattern[:] = 0
        for j in range(splits.shape[1]):
            s = splits[g, j]
            if s >= 0:
                for i in range(n):
                    pattern[i] |= answers[s, i] << j
        for k in range(first[g], first[g + 1]):
            own, start = total[feature[k]], offset[k]
            for i in range(n):
                own[i] += table[start + pattern[i]]
