"""Compute exact contributions of trees from tables: one comparison per split, one look-up per subtree and feature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.contributions.groups import MOST_BITS, cut
from riskml.explanation.contributions.shapley import tabulate_groups
from riskml.model.forest import Forest
from riskml.model.tree_splits import zero_tiny

__all__ = ["Tables"]

FEW = 64
"""Maximum number of rows for which a loop over rows is faster than a loop over splits."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
        TooDeepError
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
        return self.explain_each(values) if len(values) <= FEW else self.explain_batch(values)

    def explain_each(self, values: Floats) -> Floats:
        """Explain a few rows: for each row, compute all answers, look up their patterns and add up the values."""
        out = np.empty(values.shape)
        for row, target in zip(zero_tiny(values), out, strict=True):
            answers = np.append(self.forest.splits.answer_row(row), np.uint8(0))  # last entry, for the padding -1
            patterns = np.packbits(answers[self.splits], axis=1, bitorder="little")[:, 0]
            # Like explain_batch, bincount adds one entry after another.
            target[:] = np.bincount(self.feature, self.table[self.offset + patterns[self.group]], len(row))
        return out

    @cached_property
    def _plan(self) -> list[_TreePlan]:
        """For each tree, its splits, and the splits and look-ups of each of its groups, as lists for fast loops."""
        bits = np.count_nonzero(self.splits >= 0, axis=1)[self.group]
        ends = self.offset + (1 << bits)
        lookups: list[list[tuple[int, Floats]]] = [[] for _ in self.splits]
        for g, f, start, end in zip(*(a.tolist() for a in (self.group, self.feature, self.offset, ends)), strict=True):
            lookups[g].append((f, self.table[start:end]))
        plan: list[_TreePlan] = [(range(tree.first, tree.first + len(tree.left)), []) for tree in self.forest.trees]
        for t, row, entries in zip(self.tree.tolist(), self.splits.tolist(), lookups, strict=True):
            plan[t][1].append(([s - self.forest.trees[t].first for s in row if s >= 0], entries))
        return plan

    def explain_batch(self, values: Floats) -> Floats:
        """Explain many rows: compute the answers for all rows split by split, then the patterns group by group."""
        x = np.ascontiguousarray(zero_tiny(values).T)
        total, part = np.zeros(x.shape), np.empty(x.shape[1])
        pattern, index = np.empty(x.shape[1], np.uint8), np.empty(x.shape[1], np.intp)
        splits = self.forest.splits
        features = splits.feature.tolist()
        for own, groups in self._plan:
            answers = [splits.answer(s, x[features[s]]) for s in own]
            for bits, entries in groups:
                np.copyto(pattern, answers[bits[-1]])
                for s in bits[-2::-1]:
                    np.add(pattern, pattern, out=pattern)  # faster than a shift
                    np.bitwise_or(pattern, answers[s], out=pattern)
                np.copyto(index, pattern)
                for f, table in entries:
                    np.take(table, index, out=part, mode="clip")
                    total[f] += part
        return np.ascontiguousarray(total.T)


_TreePlan = tuple[range, list[tuple[list[int], list[tuple[int, Floats]]]]]
