"""Cut trees into groups whose splits are so few that one table can hold every pattern of their yes/no answers.

The answer at a split says whether a row goes left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from riskml.errors import ModelError
from riskml.model.forest import Forest, Tree

MOST_BITS = 7
"""Maximum number of splits on the path to a group and in it, so that a table has at most 128 entries per feature."""


@dataclass
class Leaf:
    """A leaf of a group, and the conditions that each feature on its path must meet.

    Parameters
    ----------
    value : float
        What the leaf adds to the margin.
    mask, want : dict of int to int
        For each feature, the bits that decide: its conditions hold if ``answers & mask == want``.
    share : dict of int to float
        For each feature, the product, over its splits, of the share of training rows that follow the path.
    """

    value: float
    mask: dict[int, int] = field(default_factory=dict)
    want: dict[int, int] = field(default_factory=dict)
    share: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """A subtree and the path that leads to it.

    Parameters
    ----------
    tree : int
        Position of the tree in the forest.
    splits : list of int
        Splits on the path, followed by those of the subtree, as positions in the forest's splits; the answer at the
        j-th of them is bit j of a pattern.
    features : list of int
        Features used by these splits, without duplicates.
    leaves : list of Leaf
    """

    tree: int
    splits: list[int]
    features: list[int]
    leaves: list[Leaf]


@dataclass(frozen=True)
class _Step:
    """One edge of a path: the split, whether the path goes left, and the share of rows that go the same way."""

    split: int
    left: bool
    share: float


_Path = tuple[_Step, ...]


def cut(forest: Forest, most_bits: int = MOST_BITS) -> Iterator[Group]:
    """Cut every tree into the largest subtrees that fit into a table, and yield them in a fixed order.

    Parameters
    ----------
    forest : Forest
    most_bits : int, default 7

    Raises
    ------
    ModelError
        If a leaf lies under more than ``most_bits`` splits.
    """
    features = forest.splits.feature.tolist()
    for number, tree in enumerate(forest.trees):
        below = _count_splits(tree)
        todo: list[tuple[int, _Path]] = [(0, ())]
        while todo:
            node, path = todo.pop()
            inner = below[node] if node >= 0 else 0
            if len(path) + inner <= most_bits:
                yield _make_group(tree, number, node, path, features)
            elif inner:
                todo += _list_children(tree, node, path)
            else:
                raise ModelError(
                    "Tree {number} has a leaf under {splits} splits; the lookup tables hold at most {most_bits}.",
                    "Train trees of depth {most_bits} or less.",
                    number=number,
                    splits=len(path),
                    most_bits=most_bits,
                )


def _count_splits(tree: Tree) -> list[int]:
    """Count the splits in each subtree; children must come after their parents."""
    below = [1] * len(tree.left)
    for node in range(len(below) - 1, -1, -1):
        for child in (tree.left[node], tree.right[node]):
            if child >= 0:
                below[node] += below[child]
    return below


def _list_children(tree: Tree, node: int, path: _Path) -> list[tuple[int, _Path]]:
    """Return both children with their paths; the left one comes last, so that it is popped first."""
    reached = tree.count_rows(node)
    return [
        (child, (*path, _Step(node, left, tree.count_rows(child) / reached)))
        for child, left in ((int(tree.right[node]), False), (int(tree.left[node]), True))
    ]


def _make_group(tree: Tree, number: int, root: int, path: _Path, features: list[int]) -> Group:
    bit = {step.split: j for j, step in enumerate(path)}
    leaves: list[Leaf] = []
    todo = [(root, path)]
    while todo:
        node, path = todo.pop()
        if node >= 0:
            bit[node] = len(bit)
            todo += _list_children(tree, node, path)
            continue
        leaf = Leaf(float(tree.value[~node]))
        for step in path:
            f = features[tree.first + step.split]
            leaf.mask[f] = leaf.mask.get(f, 0) | 1 << bit[step.split]
            leaf.want[f] = leaf.want.get(f, 0) | step.left << bit[step.split]
            leaf.share[f] = leaf.share.get(f, 1.0) * step.share
        leaves.append(leaf)
    splits = [tree.first + split for split in bit]
    return Group(number, splits, list(dict.fromkeys(features[s] for s in splits)), leaves)
