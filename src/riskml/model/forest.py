"""Parse the text of a LightGBM model into arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskml.errors import ModelError
from riskml.model.tree_splits import Splits

T = TypeVar("T", bound=np.generic)

RETRAIN_HINT = "Train the model again with `riskml train`."


@dataclass(frozen=True)
class Tree:
    """Structure of one tree with S >= 1 splits and S + 1 leaves.

    Parameters
    ----------
    first : int
        Position of the tree's first split in the forest's :class:`Splits`.
    left, right : arrays of int, shape (S,)
        Children of each split: a split of this tree, or ``~leaf``.
    rows, leaf_rows : arrays of float64, shapes (S,) and (S + 1,)
        Training rows that reached each split and each leaf.
    value : array of float64, shape (S + 1,)
        Contribution of each leaf to the margin.
    """

    first: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    rows: NDArray[np.float64]
    leaf_rows: NDArray[np.float64]
    value: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean value of the tree over its training rows."""
        return float(np.add.accumulate(self.leaf_rows / self.rows[0] * self.value)[-1])

    def count_rows(self, node: int) -> float:
        """Count the training rows that reached a node."""
        return float(self.rows[node] if node >= 0 else self.leaf_rows[~node])


@dataclass(frozen=True)
class Forest:
    """A sum of trees.

    Parameters
    ----------
    n_features : int
    splits : Splits
        The splits of all trees, one tree after another.
    trees : tuple of Tree
        The trees with at least one split.
    base : float
        Mean margin: the sum of the mean values of all trees, including constant ones.
    """

    n_features: int
    splits: Splits
    trees: tuple[Tree, ...]
    base: float


def read_forest(text: str) -> Forest:
    """Read the text of a LightGBM model with one output.

    Parameters
    ----------
    text : str
        The result of ``Booster.model_to_string``.

    Returns
    -------
    Forest

    Raises
    ------
    ModelError
        If the text is not a model, or if the model has several outputs, averages its trees, has linear leaves, or has
        nodes that no training row reached.

    Notes
    -----
    A constant tree has no split; its value is part of the base, as in LightGBM.
    """
    head, *parts = text.replace("\r\n", "\n").split("\nTree=")
    fields = _parse_fields(head)
    if "max_feature_idx" not in fields or not parts:
        raise ModelError("The text of the trees does not begin like a LightGBM model.", RETRAIN_HINT)
    if fields.get("num_tree_per_iteration") != "1" or "average_output" in fields:
        raise ModelError("Only boosted trees with one output can be explained exactly.", RETRAIN_HINT)
    trees: list[Tree] = []
    blocks: list[Splits] = []
    base, first = 0.0, 0
    for number, part in enumerate(parts):
        tree, splits, mean = _read_tree(_parse_fields(part.split("\nend of trees")[0]), number, first)
        base += mean
        blocks.append(splits)
        first += len(splits)
        if tree is not None:
            trees.append(tree)
    return Forest(int(fields["max_feature_idx"]) + 1, Splits.join(blocks), tuple(trees), base)


def _parse_fields(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (line.partition("=") for line in text.splitlines())}


def _read_tree(fields: dict[str, str], number: int, first: int) -> tuple[Tree | None, Splits, float]:
    """Return one tree (None if it is constant), its splits and its mean."""
    if fields.get("is_linear", "0") != "0":
        raise ModelError(
            "Tree {number} has linear leaves, for which exact contributions are not supported.",
            RETRAIN_HINT,
            number=number,
        )

    def parse_numbers(name: str, kind: type[T]) -> NDArray[T]:
        return np.array(fields.get(name, "").split(), kind)

    try:
        value = parse_numbers("leaf_value", np.float64)
        tree = Tree(
            first,
            parse_numbers("left_child", np.int64),
            parse_numbers("right_child", np.int64),
            parse_numbers("internal_count", np.float64),
            parse_numbers("leaf_count", np.float64),
            value,
        )
        splits = Splits.read(
            parse_numbers("split_feature", np.int64),
            parse_numbers("threshold", np.float64),
            parse_numbers("decision_type", np.int64),
            parse_numbers("cat_boundaries", np.int64),
            parse_numbers("cat_threshold", np.uint32),
        )
        if len(value) == 1:
            return None, splits, float(value[0])
    except (ValueError, OverflowError, IndexError) as error:
        raise ModelError(
            "Tree {number} cannot be read: {reason}.", RETRAIN_HINT, number=number, reason=error
        ) from error
    lengths = {len(splits), len(tree.left), len(tree.right), len(tree.rows), len(tree.leaf_rows) - 1, len(value) - 1}
    if len(lengths) != 1:
        raise ModelError("Tree {number} is incomplete: its lists have different lengths.", RETRAIN_HINT, number=number)
    if min(tree.rows.min(), tree.leaf_rows.min()) <= 0:
        raise ModelError("Tree {number} has nodes that no training row reached.", RETRAIN_HINT, number=number)
    return tree, splits, tree.mean
