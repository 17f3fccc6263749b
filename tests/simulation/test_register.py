"""The simulated county with register data, that is, yearly income statements and wage lists instead of monthly reports;
everything else stays the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskml.errors import SimulationError
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.checking.check import check
from riskml.records.contract.calendar import to_day
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.store import Records
from riskml.simulation import load_parameters, simulate
from riskml.splits import Settings, build_grid, cut_origins
from riskml.training.cohort_rows import collect_cohort
from riskml.training.oracle import read_truth

pytestmark = pytest.mark.integration

MONTHS, FIRST = 36, pd.Period("2020-01", "M")


@pytest.fixture(scope="module")
def counties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for income in ("monthly", "register", "mixed"):
        folders[income] = tmp_path_factory.mktemp(income)
        simulate(folders[income], 400, MONTHS, 6, None, "none", income=income)
    return folders


@pytest.fixture(scope="module")
def read(counties: dict[str, Path]) -> Callable[[str], pd.DataFrame]:
    return lambda income: duckdb.sql(f"SELECT * FROM '{counties[income]}/income.parquet'").df()


def test_a_register_has_no_faults_and_differs_only_in_income(counties: dict[str, Path]) -> None:
    for income in ("register", "mixed"):
        report = check(counties[income])
        assert report.ok, report.faults
        for file in counties["monthly"].iterdir():
            same = file.read_bytes() == (counties[income] / file.name).read_bytes()
            assert same == (file.name != "income.parquet"), file.name


def test_statements_equal_the_sums_of_the_monthly_county(read: Callable[[str], pd.DataFrame]) -> None:
    monthly, register = read("monthly"), read("register")
    monthly = monthly.sort_values("recorded_on", kind="stable")
    corrected = monthly["record_id"].notna()
    monthly = pd.concat([monthly[~corrected], monthly[corrected].drop_duplicates("record_id", keep="last")])
    monthly["year"] = (monthly["period_start"] + pd.DateOffset(months=3)).dt.year  # the year in which it ends
    months = monthly.groupby(["household_id", "year"])["period_start"].nunique()
    sums = monthly.groupby(["household_id", "year", "source"])["amount"].sum()
    stated = register[register["statement"]].copy()
    stated["year"] = stated["period_start"].dt.year + 1
    stated = stated.set_index(["household_id", "year", "source"])["amount"]
    whole = months[months == 12].index
    pairs = pd.concat([stated, sums], axis=1, keys=["stated", "sum"])
    pairs = pairs[pairs.index.droplevel("source").isin(whole)]
    assert len(pairs) > 500
    assert (pairs["stated"].fillna(0) == pairs["sum"].fillna(0)).all()


def test_statements_start_two_years_before_the_county_and_are_recorded_months_after_their_end(
    read: Callable[[str], pd.DataFrame],
) -> None:
    register = read("register")
    stated = register[register["statement"]]
    assert (stated["months"] == 12).all()
    assert sorted(stated["period_start"].astype(str).unique()) == [f"{year}-10-01" for year in range(2017, 2022)]
    assert stated.groupby("household_id")["period_start"].nunique().eq(5).all()
    assert not stated.duplicated(["household_id", "period_start", "source"]).any()
    end = stated["period_start"] + pd.DateOffset(months=12) - pd.Timedelta(days=1)
    assert (stated["recorded_on"] >= end + pd.DateOffset(months=3)).all()
    assert (stated["recorded_on"] <= end + pd.DateOffset(months=5) + pd.offsets.MonthEnd(0)).all()
    assert stated["recorded_on"].max() > FIRST.asfreq("D").to_timestamp() + pd.DateOffset(months=MONTHS)


def test_wage_lists_name_a_person_and_stay_below_the_households_income(read: Callable[[str], pd.DataFrame]) -> None:
    monthly, register = read("monthly"), read("register")
    lists = register[~register["statement"].astype(bool)]
    assert set(lists["source"]) == {"wage"}
    assert lists["member_id"].notna().all()
    assert (lists["member_id"].str[:-2] == lists["household_id"]).all()
    assert not lists.duplicated(["member_id", "period_start"]).any()
    assert 0.2 < lists["household_id"].nunique() / register["household_id"].nunique() < 0.7
    wages = monthly[(monthly["source"] == "wage") & monthly["record_id"].isna()]
    wages = wages.set_index(["household_id", "period_start"])["amount"]
    of_persons = lists.groupby(["household_id", "period_start"])["amount"].sum()
    both = pd.concat([of_persons, wages], axis=1, keys=["lists", "wages"]).dropna()
    assert (both["lists"] <= both["wages"] + 1).all()
    assert (both["lists"] >= both["wages"] - 1).mean() > 0.2  # in some households, every worker is on a wage list


def test_a_mixed_county_takes_half_of_its_households_from_each_kind(read: Callable[[str], pd.DataFrame]) -> None:
    mixed, register, monthly = read("mixed"), read("register"), read("monthly")
    stated = set(mixed.loc[mixed["statement"].astype(bool), "household_id"])
    assert 0.4 < len(stated) / mixed["household_id"].nunique() < 0.6
    for part, whole in ((True, register), (False, monthly)):
        rows, expected = (
            county[county["household_id"].isin(stated) == part][list(monthly.columns)].fillna({"record_id": ""})
            for county in (mixed, whole)
        )
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False)


def test_the_panel_knows_income_once_the_statement_is_recorded(counties: dict[str, Path]) -> None:
    records = Records.load(counties["register"])
    for day in ("2020-06-30", "2021-12-31", "2022-11-30"):
        assert np.isfinite(records.panel(to_day(day), basis=IncomeBasis(age=18)).income).all()
    for day in ("2020-06-30", "2022-11-30"):  # statements cover fewer than half of the 12 months up to the day
        assert np.isnan(records.panel(to_day(day)).income).all()


def test_the_same_seed_gives_the_same_register_and_truth(tmp_path: Path) -> None:
    truth = {}
    for name, income in (("a", "register"), ("b", "register"), ("c", "mixed")):
        simulate(tmp_path / name, 60, 24, 3, None, "all", income=income)
        truth[name] = pd.read_parquet(tmp_path / name / "truth.parquet").astype({"as_of": str})
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    # as_ofs are counted back from the last complete statement, or from the last month
    assert sorted(truth["a"]["as_of"].unique()) == ["2019-12-31", "2020-03-31", "2020-06-30", "2020-09-30"]
    assert sorted(truth["c"]["as_of"].unique()) == [*sorted(truth["a"]["as_of"].unique()), "2020-12-31"]
    pd.testing.assert_frame_equal(truth["a"], truth["c"][truth["c"]["as_of"] < "2020-12-31"].reset_index(drop=True))


def test_a_shorter_burn_in_works_and_an_unknown_choice_is_rejected(tmp_path: Path) -> None:
    simulate(tmp_path / "a", 20, 14, 1, {"burn_in": 6}, "none", income="register")
    starts = duckdb.sql(f"SELECT DISTINCT period_start FROM '{tmp_path}/a/income.parquet' WHERE statement").fetchall()
    assert [str(start) for (start,) in starts] == ["2019-10-01"]
    assert load_parameters().recording.statement_delay == (3.0, 5.0)
    with pytest.raises(SimulationError, match="weekly"):
        simulate(tmp_path / "b", 20, 14, 1, None, "none", income="weekly")


@pytest.fixture(scope="module")
def true_counties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for income in ("monthly", "register"):
        folders[income] = tmp_path_factory.mktemp(f"true-{income}")
        simulate(folders[income], 80, 60, 6, None, "last", income=income)
    return folders


def test_a_register_has_the_same_truth_as_the_monthly_county_on_the_same_dates(true_counties: dict[str, Path]) -> None:
    monthly, register = (
        pd.read_parquet(folder / "truth.parquet").set_index(["household_id", "as_of"])
        for folder in true_counties.values()
    )
    shared = monthly.index.intersection(register.index)
    assert len(shared) > 100
    pd.testing.assert_frame_equal(monthly.loc[shared], register.loc[shared])


def test_the_truth_covers_every_test_row_of_a_register(true_counties: dict[str, Path]) -> None:
    folder = true_counties["register"]
    records, settings, policy = Records.load(folder), Settings(income_age=18), load_policy()
    test_from = build_grid(records, settings).as_ofs[-4]
    [origin] = cut_origins(build_grid(records, settings), replace(settings, test_from=test_from))
    cohort = collect_cohort(records, origin.test, settings, policy, Silent())
    assert len(cohort) > 100
    truth = read_truth(folder, settings, "probability")
    assert truth is not None
    rows = zip(records.household_id[cohort.household].tolist(), cohort.as_of.tolist(), strict=True)
    assert set(rows) <= set(zip(truth["household_id"], truth["as_of"], strict=True))
