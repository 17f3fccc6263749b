"""The trees of the model: refitting gives the same bytes, a row's score does not depend on other rows, and features act
only in their declared directions."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
from scipy.special import expit

from riskml.errors import BundleError, ModelError
from riskml.features.matrix import FeatureColumn
from riskml.model import trees as trees_module
from riskml.model.schema import Schema
from riskml.model.trees import TreeProblem, Trees, TreeSettings

SMALL = TreeSettings(rounds=40, learning_rate=0.1, min_rows=20)


@pytest.fixture(scope="module")
def fitted(problem):
    return TreeProblem(Schema.from_matrix(problem.X), problem.X.values, problem.y).solve(SMALL, seed=3)


def test_the_text_is_the_same_for_any_number_of_threads(problem, fitted):
    for threads in (1, 2, 3):
        again = TreeProblem(Schema.from_matrix(problem.X), problem.X.values, problem.y, threads=threads).solve(
            SMALL, seed=3
        )
        assert again.text == fitted.text


def make_wide(problem):
    """Make a problem with enough features that each tree uses a random subset."""
    noise = np.random.default_rng(0).normal(size=(len(problem.y), 20))
    columns = tuple(FeatureColumn(f"noise_{j}") for j in range(20))
    return Schema(problem.X.columns + columns, problem.X.levels), np.hstack([problem.X.values, noise])


def test_the_text_is_the_same_when_fits_run_in_parallel(problem):
    schema, values = make_wide(problem)

    def one(seed):
        return TreeProblem(schema, values, problem.y, threads=1).solve(SMALL, seed=seed).text

    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(one, [3, 4, 3]))
    assert texts == [one(3), one(4), one(3)]
    assert texts[0] != texts[1]


def test_with_few_rows_the_trees_get_smaller_leaves(problem):
    few = TreeProblem(Schema.from_matrix(problem.X), problem.X.values[:400], problem.y[:400]).solve(
        TreeSettings(rounds=5), 0
    )
    assert len(np.unique(few.predict_margin(problem.X.values[:400]))) > 2


def test_the_text_contains_no_thread_count_and_no_path(fitted):
    assert "parameters" not in fitted.text
    assert "num_threads" not in fitted.text
    assert fitted.text.startswith("tree\n")


def test_the_text_round_trip_keeps_every_bit(fitted, problem):
    again = Trees(fitted.text)
    assert again.rounds == 40
    assert again.predict_margin(problem.X.values).tobytes() == fitted.predict_margin(problem.X.values).tobytes()
    first, last = "\nTree=0", "\nend of trees"
    ours, theirs = (
        text[text.index(first) : text.index(last)] for text in (fitted.text, again.booster.model_to_string())
    )
    assert ours == theirs


def test_one_row_gives_the_same_bits_as_in_a_batch(fitted, problem):
    values = problem.X.values
    batch = fitted.predict_margin(values)
    assert [fitted.predict_margin(values[i : i + 1])[0] for i in range(300)] == batch[:300].tolist()


def test_a_large_batch_on_two_threads_gives_the_same_bits(fitted, problem, monkeypatch):
    alone = fitted.predict_margin(problem.X.values)
    monkeypatch.setattr(trees_module, "MANY_ROWS", 100)
    assert fitted.predict_margin(problem.X.values).tobytes() == alone.tobytes()


def test_the_margin_is_lightgbms_raw_score(fitted, problem):
    booster = lgb.Booster(model_str=fitted.text)
    assert np.array_equal(fitted.predict_margin(problem.X.values), booster.predict(problem.X.values, raw_score=True))


def test_the_staged_margins_match_each_number_of_trees(fitted, problem):
    path = fitted.predict_path(problem.X.values, [10, 25, 40, 60])
    for k, stop in enumerate((10, 25, 40, 40)):
        assert np.allclose(path[:, k], fitted.predict_margin(problem.X.values, rounds=stop), atol=1e-12)


def test_the_depth_stays_within_the_limit_for_exact_contributions(fitted):
    def depth(node):
        return 0 if "leaf_value" in node else 1 + max(depth(node["left_child"]), depth(node["right_child"]))

    assert max(depth(tree["tree_structure"]) for tree in fitted.booster.dump_model()["tree_info"]) <= 5


def test_directed_features_never_move_the_margin_the_wrong_way(fitted, problem):
    rows = np.repeat(problem.X.values[:50], 30, axis=0)
    for j, way in ((0, -1), (1, 1)):
        swept = rows.copy()
        swept[:, j] = np.tile(np.linspace(-2, 4, 30), 50)
        steps = np.diff(fitted.predict_margin(swept).reshape(50, 30), axis=1)
        assert (way * steps).min() >= 0


def test_an_unknown_category_is_scored_like_a_missing_one(fitted, problem):
    rows = np.tile(problem.X.values[0], (2, 1))
    rows[:, 3] = [np.nan, 99]
    first, second = fitted.predict_margin(rows)
    assert first == second


def test_constant_and_empty_columns_do_no_harm(problem):
    values = problem.X.values.copy()
    values[:, 0] = 1.0
    values[:, 1] = np.nan
    margin = TreeProblem(Schema.from_matrix(problem.X), values, problem.y).solve(SMALL, seed=1).predict_margin(values)
    assert np.isfinite(margin).all()


def test_training_prints_nothing_to_the_terminal(problem, capfd):
    TreeProblem(Schema.from_matrix(problem.X), problem.X.values[:30], problem.y[:30] * 0 + (np.arange(30) < 3)).solve(
        SMALL, 1
    )
    assert capfd.readouterr() == ("", "")


def test_a_single_class_is_rejected(problem):
    with pytest.raises(ModelError, match="same outcome"):
        TreeProblem(Schema.from_matrix(problem.X), problem.X.values, np.zeros(len(problem.y)))


def test_broken_model_text_gives_a_clear_error():
    with pytest.raises(BundleError, match="trees cannot be read"):
        _ = Trees("tree\nnothing here\n").booster


def test_trees_of_several_seeds_are_averaged(problem):
    schema, values = make_wide(problem)
    trees = TreeProblem(schema, values, problem.y)
    together = trees.solve(replace(SMALL, seeds=3, rounds=30), seed=5)
    alone = [trees.solve(replace(SMALL, rounds=10), seed=5 + k) for k in range(3)]
    assert together.rounds == 30
    mean = np.mean([part.predict_margin(values) for part in alone], axis=0)
    np.testing.assert_allclose(together.predict_margin(values), mean, rtol=0, atol=1e-12)
    assert np.ptp([part.predict_margin(values)[0] for part in alone]) > 1e-3  # otherwise, the average proves nothing


def test_the_first_trees_of_an_average_are_the_first_trees_of_every_seed(problem):
    schema, values = make_wide(problem)
    trees = TreeProblem(schema, values, problem.y)
    path = trees.solve(replace(SMALL, seeds=3, rounds=30), seed=5).predict_path(values, [12, 30])
    short = trees.solve(replace(SMALL, seeds=3, rounds=12), seed=5)
    np.testing.assert_allclose(path[:, 0], short.predict_margin(values), rtol=0, atol=1e-12)


def test_trees_without_a_possible_split_predict_the_base_rate(problem):
    """If no split is possible, LightGBM stops after one constant tree for every seed."""
    schema = Schema((FeatureColumn("constant"),), {})
    values = np.ones((len(problem.y), 1))
    margin = TreeProblem(schema, values, problem.y).solve(replace(SMALL, seeds=2), seed=1).predict_margin(values)
    rate = problem.y.mean()
    np.testing.assert_allclose(margin, np.log(rate / (1 - rate)), atol=1e-9)


def test_trees_leave_out_the_offset_and_keep_the_level(problem):
    schema, values, y = Schema.from_matrix(problem.X), problem.X.values, problem.y
    offset = np.where(values[:, 0] > 0.5, 0.8, -0.4)
    trees = TreeProblem(schema, values, y, offset=offset).solve(replace(SMALL, rounds=200, seeds=2), seed=3)
    margin = trees.predict_margin(values)
    assert expit(margin + offset).mean() == pytest.approx(y.mean(), rel=0.02)
    assert abs(expit(margin).mean() - y.mean()) > 0.003
    one_by_one = [float(trees.predict_margin(values[i : i + 1])[0]) for i in range(5)]
    assert one_by_one == margin[:5].tolist()
