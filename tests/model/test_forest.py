"""LightGBM's text format is read into a forest that gives the same margins, or is rejected."""

import lightgbm as lgb
import numpy as np
import pytest

from riskml.errors import ModelError
from riskml.model.forest import read_forest


def walk_trees(forest, row):
    """Compute the margin by walking every tree from its root to a leaf."""
    answers = forest.splits.answer(row[:, None])[:, 0]
    margin = 0.0
    for tree in forest.trees:
        node = 0
        while node >= 0:
            node = int((tree.left if answers[tree.first + node] else tree.right)[node])
        margin += tree.value[~node]
    return margin


def test_following_the_splits_gives_the_same_margin_as_lightgbm(model):
    forest = read_forest(model.text)
    constants = model.booster.num_trees() - len(forest.trees)
    raw = model.booster.predict(model.rows, raw_score=True)
    margins = np.array([walk_trees(forest, row) for row in model.rows])
    if constants:
        assert np.ptp(raw - margins) < 1e-12
    else:
        np.testing.assert_allclose(margins, raw, rtol=0, atol=1e-12)


def test_each_split_gives_the_same_result_for_one_row_as_for_many(model):
    splits = read_forest(model.text).splits
    one = np.hstack([splits.answer(row[:, None]) for row in model.rows])
    np.testing.assert_array_equal(splits.answer(model.rows.T), one)
    assert one.shape == (len(splits), len(model.rows))


def test_the_base_is_the_mean_over_the_rows_used_to_grow_the_trees(model):
    forest = read_forest(model.text)
    assert forest.base == pytest.approx(model.predict_contributions()[0, -1], abs=1e-12)


def test_a_constant_model_has_no_trees(train):
    forest = read_forest(train("constant").model_to_string())
    assert forest.trees == ()
    assert len(forest.splits) == 0
    assert forest.base == pytest.approx(float(train("constant").predict(np.zeros((1, 6)), raw_score=True)[0]))


def test_windows_line_endings_change_nothing(model):
    forest, other = read_forest(model.text), read_forest(model.text.replace("\n", "\r\n"))
    np.testing.assert_array_equal(forest.splits.threshold, other.splits.threshold)
    assert forest.base == other.base


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "nothing of the kind", "does not begin like"),
        (lambda text: text.replace("num_tree_per_iteration=1", "num_tree_per_iteration=3"), "one output"),
        (lambda text: text.replace("num_class=1", "num_class=1\naverage_output"), "one output"),
        (lambda text: text.replace("is_linear=0", "is_linear=1", 1), "Tree 0 has linear leaves"),
        (lambda text: text.replace("\nleft_child=", "\nleft_child=x "), "Tree 0 cannot be read"),
        (lambda text: text.replace("\nthreshold=", "\nthreshold=0.5 "), "Tree 0 cannot be read"),
        (lambda text: text.replace("\nleaf_count=", "\nleaf_count=0 "), "Tree 0 is incomplete"),
    ],
)
def test_a_model_text_that_cannot_be_explained_is_rejected(deep, change, message):
    with pytest.raises(ModelError, match=message):
        read_forest(change(deep.text))


def test_nodes_without_rows_are_rejected():
    X = np.array([[0.0], [1.0]] * 30)
    booster = lgb.train(
        {"objective": "binary", "verbosity": -1, "num_leaves": 2, "min_data_in_leaf": 1},
        lgb.Dataset(X, X[:, 0], params={"verbosity": -1}),
        1,
    )
    text = booster.model_to_string().replace("leaf_count=30 30", "leaf_count=60 0")
    with pytest.raises(ModelError, match="no training row reached"):
        read_forest(text)
