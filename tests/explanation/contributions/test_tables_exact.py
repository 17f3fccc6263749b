"""The fast code for tree contributions (the table kernel) agrees with LightGBM, and both agree with Shapley values
found by enumeration."""

from __future__ import annotations

from itertools import combinations
from math import comb, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.errors import BundleError, ModelError
from riskml.explanation.contributions import verification as checking
from riskml.explanation.contributions.groups import cut
from riskml.explanation.contributions.tables import BLOCK, Tables
from riskml.explanation.contributions.verification import check_tables, make_probe_rows
from riskml.model.forest import read_forest


def goes_left(node, row):
    """Apply the documented rule for splits to LightGBM's own JSON, without using riskml's parser."""
    x = row[node["split_feature"]]
    x = 0.0 if abs(x) <= 1.0000000180025095e-35 else x  # LightGBM treats anything smaller as zero
    if node["decision_type"] == "==":
        return not isnan(x) and abs(x) < 1e9 and int(x) >= 0 and str(int(x)) in node["threshold"].split("||")
    if isnan(x) and node["missing_type"] != "NaN":
        x = 0.0
    missing = isnan(x) if node["missing_type"] == "NaN" else node["missing_type"] == "Zero" and x == 0
    return node["default_left"] if missing else x <= node["threshold"]


def count_rows(node):
    return node["leaf_count"] if "leaf_value" in node else node["internal_count"]


def compute_expected(node, row, known):
    """Compute a tree's value for a row if only some features are known, averaging over training rows for the rest."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return compute_expected(left if goes_left(node, row) else right, row, known)
    total = count_rows(left) * compute_expected(left, row, known) + count_rows(right) * compute_expected(
        right, row, known
    )
    return total / count_rows(node)


def list_features(node):
    if "leaf_value" in node:
        return set()
    return {node["split_feature"]} | list_features(node["left_child"]) | list_features(node["right_child"])


def compute_shapley(booster, row):
    """Compute Shapley values by enumerating every coalition of every tree's features."""
    out = np.zeros(len(row) + 1)
    for tree in booster.dump_model()["tree_info"]:
        root = tree["tree_structure"]
        features = sorted(list_features(root))
        out[-1] += compute_expected(root, row, frozenset())
        worth = {
            frozenset(known): compute_expected(root, row, frozenset(known))
            for size in range(len(features) + 1)
            for known in combinations(features, size)
        }
        for f in features:
            for known, value in worth.items():
                if f not in known:
                    ways = len(features) * comb(len(features) - 1, len(known))
                    out[f] += (worth[known | {f}] - value) / ways
    return out


def test_tables_give_the_exact_shapley_values(model):
    kernel = Tables.build(read_forest(model.text))
    rows = model.rows[::12]
    contributions = kernel.explain(rows)
    brute = np.array([compute_shapley(model.booster, row) for row in rows])
    np.testing.assert_allclose(contributions, brute[:, :-1], rtol=0, atol=1e-11)
    assert kernel.base == pytest.approx(brute[0, -1], abs=1e-11)


def test_tables_agree_with_lightgbm_and_sum_to_the_margin(model):
    kernel = Tables.build(read_forest(model.text))
    theirs, raw = model.predict_contributions(), model.booster.predict(model.rows, raw_score=True)
    contributions = kernel.explain(model.rows)
    np.testing.assert_allclose(contributions, theirs[:, :-1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(contributions.sum(axis=1) + kernel.base, raw, rtol=0, atol=1e-9)


@pytest.mark.parametrize("most_bits", [5, 6, 8])
def test_how_trees_are_grouped_does_not_matter(most_bits, train, probing):
    forest = read_forest(train("depth 5").model_to_string())
    contributions = Tables.build(forest, most_bits).explain(probing)
    np.testing.assert_allclose(contributions, Tables.build(forest).explain(probing), rtol=0, atol=1e-12)


def test_building_in_small_blocks_changes_nothing(monkeypatch, train):
    forest = read_forest(train("depth 5").model_to_string())
    before = Tables.build(forest).table
    monkeypatch.setattr("riskml.explanation.contributions.shapley.BLOCK", 1)
    np.testing.assert_allclose(Tables.build(forest).table, before, rtol=1e-13, atol=1e-15)


def test_every_split_of_every_tree_is_in_a_group(model):
    forest = read_forest(model.text)
    groups = list(cut(forest))
    assert {s for group in groups for s in group.splits} == set(range(len(forest.splits)))
    assert sum(len(group.leaves) for group in groups) == sum(len(tree.value) for tree in forest.trees)


def test_a_row_gets_the_same_bits_alone_as_among_many(model):
    kernel = Tables.build(read_forest(model.text))
    many = kernel.explain(np.tile(model.rows, (-(-BLOCK // len(model.rows)) + 1, 1)))
    assert len(many) > BLOCK
    alone = np.concatenate([kernel.explain(row[None]) for row in model.rows])
    for start in range(0, len(many), len(model.rows)):
        np.testing.assert_array_equal(alone, many[start : start + len(model.rows)])


def test_empty_inputs_and_empty_forests_can_be_explained(model):
    kernel = Tables.build(read_forest(model.text))
    assert kernel.explain(model.rows[:0]).shape == (0, 6)
    if model.kind == "constant":
        assert not kernel.explain(model.rows).any()


def test_a_tree_too_deep_for_tables_is_rejected_with_what_to_do(deep):
    with pytest.raises(
        ModelError, match=r"a leaf under \d+ splits; the lookup tables hold at most 7.\n.*depth 7 or less"
    ):
        Tables.build(read_forest(deep.text))


values = st.one_of(
    st.floats(-4, 4),
    st.just(float("nan")),
    st.sampled_from([0.0, -0.0, 1e-36, 1.0000000180025095e-35, -1.0000000180025095e-35, -1.1e-35, 1e300]),
    st.sampled_from([float("inf"), float("-inf")]),
    st.integers(-2, 60).map(float),
)


@settings(max_examples=60, deadline=None)
@given(row=st.lists(values, min_size=6, max_size=6), kind=st.sampled_from(["as riskml trains", "zero is missing"]))
def test_any_row_sums_to_the_margin_and_agrees_with_lightgbm(row, kind, train):
    booster, x = train(kind), np.array([row])
    kernel = Tables.build(read_forest(booster.model_to_string()))
    contributions = kernel.explain(x)
    np.testing.assert_allclose(contributions, booster.predict(x, pred_contrib=True)[:, :-1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        contributions.sum() + kernel.base, booster.predict(x, raw_score=True)[0], rtol=0, atol=1e-9
    )


def test_the_check_on_loading_passes_and_detects_a_wrong_table(model):
    kernel = Tables.build(read_forest(model.text))
    assert check_tables(kernel, model.booster) < 1e-12
    if len(kernel.table):
        kernel.table[:] += 1e-6
        with pytest.raises(BundleError, match=r"differ by .* from LightGBM's on 50 test rows"):
            check_tables(kernel, model.booster)


def test_the_check_detects_a_batch_path_that_differs(model, monkeypatch):
    kernel = Tables.build(read_forest(model.text))
    explain = Tables.explain
    monkeypatch.setattr(Tables, "explain", lambda self, rows: explain(self, rows) + (len(rows) > 1))
    with pytest.raises(BundleError, match="A single row is explained differently"):
        check_tables(kernel, model.booster)


def test_probe_rows_cover_the_thresholds_and_unknown_categories(model):
    splits = read_forest(model.text).splits
    rows = make_probe_rows(splits, 6)
    assert rows.shape == (checking.ROWS, 6)
    assert np.isnan(rows[-1]).sum() == 6
    for f in np.unique(splits.feature):
        mine = splits.feature == f
        known = rows[~np.isnan(rows[:, f]), f]
        if (splits.missing[mine] < 0).any():
            assert known.min() == -1
            assert known.max() == splits.size[mine].max()
        else:
            assert np.isin(known, splits.threshold[mine]).any()
