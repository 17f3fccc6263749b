"""For a few rows, walking the trees gives exactly LightGBM's margins, for every kind of split."""

import lightgbm as lgb
import numpy as np
import pytest

from riskml.model.trees import FEW_ROWS, Trees
from riskml.model.walk import Walk


def read_bits(values):
    return np.asarray(values, np.float64).view(np.int64).tolist()


def test_a_walk_gives_the_same_bits_as_lightgbm(model):
    trees = model.booster.num_trees()
    walk = Walk.read(model.text, trees)
    if walk is None:
        assert "num_leaves=1\n" in model.text, "only models with a constant tree cannot be walked"
        return
    assert read_bits(walk.predict_margin(model.rows)) == read_bits(model.booster.predict(model.rows, raw_score=True))


@pytest.mark.parametrize("kind", ["as riskml trains", "zero is missing", "depth 3"])
def test_small_batches_are_walked_and_give_the_same_bits_as_large_ones(train, model, kind, monkeypatch):
    trees = Trees(train(kind).model_to_string())
    many = trees.predict_margin(model.rows)
    monkeypatch.setattr(type(trees.booster), "predict", None)
    for start in range(0, len(model.rows), FEW_ROWS):
        part = slice(start, start + FEW_ROWS)
        assert read_bits(trees.predict_margin(model.rows[part])) == read_bits(many[part])


def test_rows_with_the_wrong_width_are_rejected_by_lightgbm(train):
    with pytest.raises(lgb.basic.LightGBMError, match="number of features"):
        Trees(train("depth 3").model_to_string()).predict_margin(np.zeros((1, 5)))


def test_forests_that_cannot_be_walked_are_left_to_lightgbm(train):
    assert Walk.read("no model at all", 1) is None
    booster = train("constant")
    row = np.zeros((1, 6))
    assert read_bits(Trees(booster.model_to_string()).predict_margin(row)) == read_bits(
        booster.predict(row, raw_score=True)
    )
