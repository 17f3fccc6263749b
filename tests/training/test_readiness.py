"""``riskml check`` names the day from which training is possible: training succeeds on that day, but not before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from riskml.errors import SplitError
from riskml.model import Bundle
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_date, to_day, to_month, to_month_end
from riskml.records.panel.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings
from riskml.training import train
from riskml.training.readiness import Readiness, assess_readiness, plan_training

pytestmark = pytest.mark.integration

FIRST_DAYS = {"monthly": "2022-12-31", "register": "2024-01-31", "mixed": "2022-06-30"}
"""For each way of recording incomes, the first day on which training is possible in the fixture's county.

Its monthly reports begin in January 2020, and its first statement covers the year from October 2017. A statement is
known 3 to 5 months after its year, so the fifth is still unknown 36 months after the first monthly report.
"""


@dataclass(frozen=True)
class County:
    kind: str
    tables: dict[str, pd.DataFrame]
    ready: Readiness

    def truncate(self, months: int) -> Records:
        """Return what was known some months after the day on which training is possible."""
        assert self.ready.day is not None
        day = pd.Timestamp(to_date(to_month_end(to_month(self.ready.day) + months)))
        known = {
            name: table[~(pd.to_datetime(table["recorded_on"]) > day)] if "recorded_on" in table else table
            for name, table in self.tables.items()
        }
        return Records.from_tables(known, load_policy().lines)


@pytest.fixture(scope="module", params=FIRST_DAYS)
def county(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> County:
    folder: Path = tmp_path_factory.mktemp(request.param)
    simulate(folder, 400, 60, 3, None, "none", None, request.param)
    tables = {file.stem: pd.read_parquet(file) for file in folder.glob("*.parquet") if file.stem != "truth"}
    ready = assess_readiness(Records.load(folder), load_policy())
    assert ready.day is not None
    assert str(to_date(ready.day)) == FIRST_DAYS[request.param]
    return County(request.param, tables, ready)


@pytest.fixture(scope="module")
def first_model(county: County) -> Bundle:
    """Train on what was known on the first day on which training is possible."""
    return train(county.truncate(0), county.ready.settings, load_policy())


def test_training_succeeds_on_the_named_day(first_model: Bundle) -> None:
    assert first_model.evaluation["split"]["n_test"] > 0


@pytest.mark.parametrize("months", [-1, -3, -12])
def test_training_is_refused_before_the_named_day_and_the_refusal_names_it(county: County, months: int) -> None:
    with pytest.raises(SplitError, match="If income keeps arriving as it has so far") as refused:
        train(county.truncate(months), county.ready.settings, load_policy())
    assert f"training is possible from {to_date(county.ready.day or 0)} on" in refused.value.hint


@pytest.mark.parametrize("months", [-3, -17])
def test_a_shorter_history_predicts_the_same_day(county: County, months: int) -> None:
    ready = assess_readiness(county.truncate(months), load_policy())
    assert (ready.day, ready.settings) == (county.ready.day, county.ready.settings)
    assert "Training is not possible yet: Training and testing forward in time need 36 months" in ready.describe()


def test_the_command_has_the_options_that_suit_the_records(county: County) -> None:
    option = "" if county.kind == "monthly" else " --income-age 18"
    assert county.ready.describe().endswith(f"BUNDLE{option}`.")


def test_only_a_mixed_county_shows_figures_by_how_income_becomes_known(county: County, first_model: Bundle) -> None:
    if county.kind != "mixed":
        assert "income" not in {row["group"] for row in first_model.evaluation["groups"]}
        return
    later = train(county.truncate(24), county.ready.settings, load_policy())
    rows = {row["value"]: row for row in later.evaluation["groups"] if row["group"] == "income"}
    assert set(rows) == {"stated", "monthly"}
    assert sum(row["n"] for row in rows.values()) == later.evaluation["split"]["n_test"]
    card = later.files["model_card.md"].decode()
    for value, zh, en in (("stated", "年度申报", "yearly statements"), ("monthly", "按月登记", "reports by month")):
        figures = f"{rows[value]['n']:,} | {rows[value]['positives']:,} | {rows[value]['auc']:.3f} |"
        assert f"| 收入登记方式 | {zh} | {figures}" in card
        assert f"| how income becomes known | {en} | {figures}" in card


def steady(every: int, months: int = 60, recorded_on: str | None = None) -> Records:
    """Make 20 households with the same income in every ``every``-th month, twice the line."""
    starts = pd.date_range("2020-01-01", periods=months, freq="MS")[::every]
    codes = [f"h{i:02d}" for i in range(20)]
    income = pd.DataFrame([(code, day, "total", 1000) for code in codes for day in starts])
    income.columns = pd.Index(["household_id", "period_start", "source", "amount"])
    income["recorded_on"] = pd.to_datetime(recorded_on)
    return Records.from_tables(
        {
            "households": {"household_id": codes, "region_code": ["13"] * 20, "size": [1] * 20},
            "income": income,
            "lines": {"region_code": [""], "effective_from": ["2019-01-01"], "amount": [6000.0]},
        }
    )


def test_records_without_a_fall_do_not_become_ready_by_waiting() -> None:
    ready = assess_readiness(steady(every=1), load_policy())
    assert ready.day is None
    assert "hold 0 fall(s): there is nothing to learn" in ready.describe()


def test_a_quarterly_survey_needs_a_window_of_one_month() -> None:
    ready = assess_readiness(steady(every=3, months=12), load_policy())
    assert ready.settings == Settings(window=1)
    assert ready.describe().endswith("from 2022-01-31 on: `riskml train RECORDS --out BUNDLE --window 1`.")


@pytest.mark.parametrize("county", ["register"], indirect=True)
def test_a_refusal_recommends_the_income_age_that_statements_need(county: County) -> None:
    for months in (-12, 0):
        with pytest.raises(SplitError, match="--income-age 18"):
            train(county.truncate(months), Settings(), load_policy())


def test_the_command_states_every_setting_that_is_not_the_default() -> None:
    ready = Readiness(0, Settings(horizon=6, outcome="end", hardship="ignore"))
    assert ready.describe().endswith("BUNDLE --horizon 6 --outcome end --hardship ignore`.")


@pytest.mark.parametrize("hidden", [["income"], ["households"], ["income", "households"], []])
def test_a_single_day_of_recording_that_hides_the_past_is_named(county: County, hidden: list[str]) -> None:
    tables = dict(county.tables)
    tables["households"] = tables["households"].drop_duplicates("household_id", keep="last")
    for name in hidden:
        tables[name] = (
            tables[name]
            .assign(recorded_on=pd.Timestamp("2025-03-01").date())
            .drop(columns="record_id", errors="ignore")
        )
    settings = Settings(test_from=None if hidden else to_day("2090-01-31"), income_age=18)
    with pytest.raises(SplitError) as refused:
        plan_training(Records.from_tables(tables, load_policy().lines), settings, load_policy())
    named = refused.value.message.startswith("Nothing is known before 2025-03-01, although income begins in 20")
    assert named == bool(hidden)
    assert ("recorded_on 留空" in refused.value.hint.read("zh")) == bool(hidden)
    if hidden:
        assert "amounts are in yuan" not in refused.value.text  # the history is complete, only nobody knew it
        ready = assess_readiness(Records.from_tables(tables, load_policy().lines), load_policy())
        assert "Nothing is known before 2025-03-01" in ready.describe()
        assert "need" not in ready.describe()


def test_a_short_history_recorded_on_one_day_is_refused_for_both_reasons() -> None:
    records = steady(every=1, months=20, recorded_on="2025-03-01")
    with pytest.raises(SplitError, match="need 36 months") as refused:
        plan_training(records, Settings(), load_policy())
    assert "Nothing is known before 2025-03-01" in refused.value.hint
    assert "Add more months" in refused.value.hint
