"""The learnable ceiling: learners that are shown the true probabilities do better than the model, but not as well as
the oracle. A county without true probabilities is refused."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from riskml.benchmarks.ceiling import measure_ceiling
from riskml.cli.main import build_app
from riskml.errors import UsageError
from riskml.loading import load_records
from riskml.policy import load_policy


@pytest.fixture(scope="module")
def measured(trained, county, county_records):
    return measure_ceiling(trained, county_records, county, county_records, county, load_policy())


def test_learners_that_see_the_truth_of_the_same_county_come_closer_to_the_oracle_than_the_model(measured):
    figures = measured["models"]
    assert figures["riskml"]["ap"] < measured["ceiling"] < figures["oracle"]["ap"]
    assert figures["oracle"]["brier"] < min(figures[name]["brier"] for name in figures if name != "oracle")


def test_the_shares_follow_from_the_figures(measured):
    ap = {name: figures["ap"] for name, figures in measured["models"].items()}
    assert measured["ceiling"] == max(ap["learner"], ap["large_trees"])
    assert measured["model_of_oracle"] == pytest.approx(ap["riskml"] / ap["oracle"])
    assert measured["model_of_ceiling"] * measured["ceiling_of_oracle"] == pytest.approx(measured["model_of_oracle"])


def test_the_model_is_measured_as_in_its_evaluation(measured, trained):
    for name in ("riskml", "logistic", "oracle"):
        assert measured["models"][name]["ap"] == trained.evaluation["models"][name]["ap"]


def test_a_county_without_truth_is_refused(trained, county, county_records, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(county, bare)
    (bare / "truth.parquet").unlink()
    with pytest.raises(UsageError, match="bare has no truth for this outcome"):
        measure_ceiling(trained, county_records, county, load_records(bare, load_policy()), bare, load_policy())
    with pytest.raises(UsageError, match="bare has no truth"):
        measure_ceiling(trained, county_records, bare, county_records, county, load_policy())


def test_the_command_prints_the_same_figures(measured, bundle_path, county):
    result = CliRunner().invoke(
        build_app(), ["benchmark", "ceiling", str(bundle_path), str(county), str(county), "--json"]
    )
    assert json.loads(result.stdout) == json.loads(json.dumps(measured))
