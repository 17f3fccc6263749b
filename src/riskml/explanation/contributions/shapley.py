"""Compute the Shapley values of a tree's leaves for all patterns of yes/no answers at its splits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from riskml.arrays import Floats, Ints
from riskml.explanation.contributions.groups import Group

BLOCK = 1 << 20
"""Maximum number of values held in memory at a time while tables are computed."""


def tabulate_groups(groups: list[Group], bits: int) -> Iterator[tuple[int, int, Floats]]:
    """Tabulate what each group adds to its features' contributions.

    Parameters
    ----------
    groups : list of Group
        Groups that all have the same number of splits.
    bits : int
        Number of splits in each group.

    Yields
    ------
    int, int, array of float64 of shape (2**bits,)
        The group's position in the list, the feature's position in the group, and the feature's table.

    Notes
    -----
    Take a leaf with value v whose path splits on the features j. Let z_j be the share of training rows that follow the
    path at j's splits. Let o_j be 1 if the row follows it too, else 0. Feature i gets the Shapley value of the game in
    which an unknown feature is averaged over the training rows (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9),

        v · (o_i − z_i) · ∫₀¹ Π_{j≠i} (z_j (1 − t) + o_j t) dt .

    The integrand is a polynomial of degree d − 1 for d features, so Gauss-Legendre quadrature with at least d / 2
    points is exact up to rounding.
    """
    widest = max(len(leaf.mask) for group in groups for leaf in group.leaves)
    per_leaf = max(widest << bits, 1)
    start = 0
    while start < len(groups):
        stop, leaves = start, 0
        while stop < len(groups) and (stop == start or (leaves + len(groups[stop].leaves)) * per_leaf <= BLOCK):
            leaves += len(groups[stop].leaves)
            stop += 1
        yield from _tabulate_block(groups[start:stop], start, bits, widest)
        start = stop


def _tabulate_block(groups: list[Group], first: int, bits: int, widest: int) -> Iterator[tuple[int, int, Floats]]:
    slots = [(g, f) for g, group in enumerate(groups) for f in group.features]
    index = {slot: i for i, slot in enumerate(slots)}
    leaves = [(g, leaf) for g, group in enumerate(groups) for leaf in group.leaves]
    mask, want = (np.zeros((len(leaves), widest), np.int64) for _ in range(2))
    share = np.ones((len(leaves), widest))  # for padding, the mask stays 0, so that the condition holds for every row
    slot = np.full((len(leaves), widest), -1)
    for row, (g, leaf) in enumerate(leaves):
        d = len(leaf.mask)
        mask[row, :d], want[row, :d] = list(leaf.mask.values()), list(leaf.want.values())
        share[row, :d] = list(leaf.share.values())
        slot[row, :d] = [index[g, f] for f in leaf.mask]
    values = np.array([leaf.value for _, leaf in leaves])
    parts = _compute_leaf_values(values, mask, want, share, bits)
    used = slot >= 0
    order = np.argsort(slot[used], kind="stable")
    starts = np.searchsorted(slot[used][order], np.arange(len(slots)))
    tables = np.add.reduceat(parts[used][order], starts, axis=0)
    position = 0
    for g, group in enumerate(groups):
        for k in range(len(group.features)):
            yield first + g, k, tables[position]
            position += 1


def _compute_leaf_values(values: Floats, mask: Ints, want: Ints, share: Floats, bits: int) -> Floats:
    """Compute the Shapley values of each leaf's features, shape (leaves, features, 2**bits)."""
    holds = ((np.arange(1 << bits) & mask[:, :, None]) == want[:, :, None]).astype(np.float64)
    points, weights = np.polynomial.legendre.leggauss((mask.shape[1] + 1) // 2)
    total: Floats = np.zeros(holds.shape)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        factor = (share * (1 - point))[:, :, None] + point * holds
        total += weight * np.multiply.reduce(factor, axis=1)[:, None, :] / factor
    return np.asarray(total * (holds - share[:, :, None]) * values[:, None, None])
